"""What applying a plan for groups does beside the groups: contacts leave them, saved views find less."""

from collections.abc import Collection
from dataclasses import dataclass

from django.http import QueryDict

from integrations.bulk.groups.edits import GroupEdit, GroupVerb
from integrations.bulk.models import Plan, RowAction, RowState
from integrations.directory.browse import keyset
from integrations.directory.browse.selection import Selection
from integrations.directory.models import Contact, ContactGroup, Membership, SavedView
from portal.accounts.models import User

#: More contacts aren't counted.
COUNTED = 10_000


@dataclass(frozen=True)
class Consequences:
    """``contacts`` are in the groups, or more if it ``is_capped``. ``views`` are saved views that filter by them.

    ``others`` is the number of such views that other people keep to themselves.
    """

    deletes: bool
    contacts: int
    is_capped: bool
    views: list[SavedView]
    others: int


def of(plan: Plan, user: User) -> Consequences | None:
    """Return what a plan that is ready does beside its groups, or None if it only creates some."""
    rows = plan.rows.filter(state=RowState.PLANNED).exclude(action=RowAction.CREATE)
    ids = [row.remote_id for row in rows if row.remote_id is not None]
    if not ids:
        return None
    groups = ContactGroup.objects.filter(installation=plan.installation, remote_id__in=ids)
    keys, names = set(groups.values_list("pk", flat=True)), set(groups.values_list("name", flat=True))
    members = Membership.objects.filter(group__in=groups.values("pk")).values("contact")
    count = keyset.count(Contact.objects.present().filter(pk__in=members), COUNTED + 1)
    deletes = plan.undo_of_id is not None or GroupEdit.from_json(plan.operations).verb is GroupVerb.DELETE
    saved = SavedView.objects.filter(installation=plan.installation)
    using = [view for view in saved if _filters_by(view, names, keys if deletes else ())]
    shown = set(SavedView.objects.visible_to(user, plan.installation).values_list("pk", flat=True))
    views = [view for view in using if view.pk in shown]
    return Consequences(deletes, min(count, COUNTED), count > COUNTED, views, len(using) - len(views))


def _filters_by(view: SavedView, names: Collection[str], keys: Collection[int]) -> bool:
    selection = Selection.read(QueryDict(view.query))
    return bool(set(selection.group) & set(names)) or selection.group_id in map(str, keys)

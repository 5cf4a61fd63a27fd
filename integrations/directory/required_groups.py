"""Record which groups an organization requires for every new contact.

No endpoint of Total Expert lists them. People record them, and a refused create suggests them.
"""

from typing import Any

from django.db import transaction
from django.db.models import Count, Min

from integrations.connections.models import Installation
from integrations.directory.browse.required import (
    contacts_lacking,
    groups_named,
    missing_for_owners,
    of,
)
from integrations.directory.models import ContactGroup, RequiredGroup
from integrations.directory.models.groups import LONGEST_FOLDED
from portal.accounts.models import User
from portal.audit import log
from portal.core import clock, search_text, text
from portal.core.errors import Refused

__all__ = ["contacts_lacking", "dismiss", "missing_for_owners", "of", "release", "require", "suggest"]

#: The most required groups of an installation, and the most suggestions.
MOST = 12
LONGEST = 255
State, Source = RequiredGroup.State, RequiredGroup.Source


def require(installation: Installation, name: str, actor: User) -> RequiredGroup:
    """Record that every new contact must be in a group called ``name``, and return the record.

    Confirms a suggestion of that name. Changes nothing if the group is required already. Names that differ in case,
    accents or spaces are the same, and an existing group's spelling is used. Raise Refused if the name can't be a group's
    or too many groups are required.
    """
    shown = _clean(name, installation)
    folded = search_text.fold(shown)
    known = RequiredGroup.objects.filter(installation=installation, folded_name=folded, state=State.REQUIRED)
    if not known.exists() and of(installation).count() >= MOST:
        raise Refused(f"At most {MOST} groups can be required. Remove one first.")
    with transaction.atomic():
        row, is_new = RequiredGroup.objects.select_for_update().get_or_create(
            installation=installation,
            folded_name=folded,
            defaults={"name": shown, "recorded_by": actor, "recorded_at": clock.now()},
        )
        if not is_new and row.is_required:
            return row
        if row.state != State.SUGGESTED:
            row.source = Source.PERSON
        row.name = shown
        _change(row, State.REQUIRED, actor, "required")
    return row


def release(row: RequiredGroup, actor: User) -> bool:
    """Record that a group is no longer required. Return whether it was."""
    return _move(row, State.REQUIRED, State.RELEASED, actor, "released")


def suggest(installation: Installation, name: str) -> RequiredGroup | None:
    """Suggest that a group is required, because Total Expert refused a contact without it.

    A person confirms the suggestion with `require` or dismisses it. Return its record, which may be required, suggested or
    dismissed already. Return None if the name can't be a group's, or if there are too many suggestions.
    """
    try:
        shown = _clean(name, installation)
    except Refused:
        return None
    folded = search_text.fold(shown)
    rows = RequiredGroup.objects.filter(installation=installation)
    known = rows.filter(folded_name=folded).first()
    if known is not None and known.state != State.RELEASED:
        return known
    if rows.filter(state=State.SUGGESTED).count() >= MOST:
        return None
    with transaction.atomic():
        row, is_new = rows.select_for_update().get_or_create(
            installation=installation,
            folded_name=folded,
            defaults={"name": shown, "state": State.RELEASED, "recorded_at": clock.now()},
        )
        if is_new or row.state == State.RELEASED:
            row.source = Source.REFUSED_CREATE
            _change(row, State.SUGGESTED, None, "suggested")
    return row


def dismiss(row: RequiredGroup, actor: User) -> bool:
    """Dismiss a suggestion. It isn't suggested again. Return whether it was one."""
    return _move(row, State.SUGGESTED, State.DISMISSED, actor, "suggestion_dismissed")


def _move(row: RequiredGroup, before: str, after: str, actor: User, done: str) -> bool:
    with transaction.atomic():
        stored = RequiredGroup.objects.select_for_update().get(pk=row.pk)
        if stored.state != before:
            return False
        _change(stored, after, actor, done)
    row.refresh_from_db()
    return True


def _change(row: RequiredGroup, state: str, actor: User | None, done: str) -> None:
    row.state, row.recorded_by, row.recorded_at = state, actor, clock.now()
    row.save()
    detail: dict[str, Any] = {"installation": str(row.installation_id), "source": row.source}
    log.record(
        f"directory.group_{done}",
        actor=actor,
        organization=row.installation.organization,
        target=row,
        **detail,
    )


def _clean(name: str, installation: Installation) -> str:
    """Return a group's name as it is stored: as most owners write it, or as it was typed. Raise Refused."""
    typed = text.clean(name)
    folded = search_text.fold(typed)
    if not folded:
        raise Refused("Enter the name of a group.")
    if len(typed) > LONGEST or len(folded) > LONGEST_FOLDED:
        raise Refused(f"The name is longer than {LONGEST} characters.")
    spellings = groups_named(folded, installation).order_by().values_list("name")
    most = spellings.annotate(owners=Count("pk")).order_by("-owners", "name").first()
    return str(most[0]) if most else typed


def suggested_names(installation: Installation, *, limit: int) -> list[str]:
    """Return names of existing groups to choose from, those of the most owners first, without the required ones."""
    groups = ContactGroup.objects.filter(installation=installation, gone_at=None).exclude(
        search__in=of(installation).values("folded_name")
    )
    names = groups.exclude(search="").order_by().values("search")
    named = names.annotate(owners=Count("owner", distinct=True), shown=Min("name"))
    return [row["shown"] for row in named.order_by("-owners", "search")[:limit]]

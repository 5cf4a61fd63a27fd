"""What the filters of the Contacts screen offer, and the chips of those that are in use."""

from dataclasses import dataclass
from typing import Any

from integrations.connections.models import Installation
from integrations.directory.browse.selection import FLAG_FILTERS, MATCHES, ORDERS, Selection
from integrations.directory.models import ContactGroup, ContactQuerySet, Owner

FLAG_LABELS = {
    "ok_to_call": "OK to call",
    "ok_to_email": "OK to e-mail",
    "ok_to_mail": "OK to mail",
    "is_silenced": "Silenced by the owner",
    "archived": "Archived",
}
#: Longer lists than this are cut: a select of thousands helps nobody.
MOST = 500


@dataclass(frozen=True)
class Choice:
    """An option of a select."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Chip:
    """A filter in use, and the query without it."""

    label: str
    query: str


def of(
    selection: Selection, visible: ContactQuerySet, installation: Installation, *, is_whole: bool
) -> dict[str, Any]:
    """The options of every filter. ``visible`` are the contacts this person may see; ``is_whole``: all of them."""
    owners = Owner.objects.filter(installation=installation)
    groups = ContactGroup.objects.filter(installation=installation, gone_at=None)
    if not is_whole:
        ids = list(visible.order_by().values_list("owner", flat=True).distinct())
        owners, groups = owners.filter(pk__in=ids), groups.filter(owner__in=ids)
    return {
        "owners": [
            Choice(str(owner.pk), owner.display_name, str(owner.pk) == selection.owner)
            for owner in owners[:MOST]
        ],
        "groups": [
            Choice(name, name, name in selection.group)
            for name in groups.order_by("name").values_list("name", flat=True).distinct()[:MOST]
        ],
        "matches": [Choice(value, label, value == selection.groups) for value, label in MATCHES.items()],
        "states": _values(visible, "state", selection.state),
        "sources": _values(visible, "source", selection.source),
        "flags": [
            {"name": name, "label": FLAG_LABELS[name], "choices": _flag_choices(getattr(selection, name))}
            for name in FLAG_FILTERS
        ],
        "orders": [Choice(value, order.label, value == selection.sort) for value, order in ORDERS.items()],
    }


def _values(visible: ContactQuerySet, column: str, chosen: str) -> list[Choice]:
    values = (
        visible.present()
        .exclude(**{column: ""})
        .order_by(column)
        .values_list(column, flat=True)
        .distinct()[:MOST]
    )
    return [Choice(value, value, value == chosen) for value in values]


def _flag_choices(chosen: str) -> list[Choice]:
    return [Choice(value, value.capitalize(), value == chosen) for value in ("yes", "no", "unknown")]


def chips(selection: Selection, visible: ContactQuerySet) -> list[Chip]:
    """The filters in use, each with the query that takes it away."""
    found = []
    if selection.q and not selection.is_too_short:
        found.append(Chip(f"“{selection.q}”", selection.without("q")))
    if selection.owner:
        # named only to whoever sees a contact of theirs
        theirs = visible.filter(owner_id=selection.owner).select_related("owner").first()
        owner = theirs.owner if theirs is not None else None
        found.append(Chip(f"Owner: {owner.display_name if owner else 'unknown'}", selection.without("owner")))
    for name in selection.group:
        found.append(Chip(f"Group{_match(selection)}: {name}", selection.without("group", name)))
    for name, label in (("state", "State"), ("source", "Source")):
        if getattr(selection, name):
            found.append(Chip(f"{label}: {getattr(selection, name)}", selection.without(name)))
    for name in FLAG_FILTERS:
        if getattr(selection, name):
            found.append(Chip(f"{FLAG_LABELS[name]}: {getattr(selection, name)}", selection.without(name)))
    if selection.updated:
        found.append(Chip(f"Changed since {selection.updated}", selection.without("updated")))
    if selection.gone:
        found.append(Chip("No longer seen", selection.without("gone")))
    return found


def _match(selection: Selection) -> str:
    return {"all": " (all)", "none": " (none of)"}.get(selection.groups, "")

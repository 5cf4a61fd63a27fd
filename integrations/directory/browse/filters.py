"""The options of the Contacts page's filters, and the chips of the filters in use."""

from dataclasses import dataclass
from typing import Any

from integrations.connections.models import Connection, Installation
from integrations.directory.browse import distinct_values, groups, owners, required
from integrations.directory.browse.selection import FLAG_FILTERS, MATCHES, ORDERS, Selection
from integrations.directory.models import ContactGroup, ContactQuerySet, Owner
from portal.core import search_text, times

FLAG_LABELS = {
    "ok_to_call": "OK to call",
    "ok_to_email": "OK to email",
    "ok_to_mail": "OK to mail",
    "is_silenced": "Silenced by their owner",
    "archived": "Archived",
}
#: A filter with more options than this offers a search field and only the first of them.
OFFERED = 20
#: The most options of a plain select.
MOST = 500


@dataclass(frozen=True)
class Choice:
    """An option of a filter."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Options:
    """The options that a filter offers: those chosen first, at most `OFFERED` others."""

    choices: list[Choice]
    has_more: bool


@dataclass(frozen=True)
class Chip:
    """A filter in use, and the query string that removes it."""

    label: str
    query: str


def of(
    selection: Selection,
    visible: ContactQuerySet,
    installation: Installation,
    *,
    through: list[Connection] | None,
) -> dict[str, Any]:
    """Return the options of every filter.

    ``visible`` are the contacts that the person may see, all of the installation's if ``through`` is None and otherwise
    those of these connections.
    """
    return {
        "owners": owner_options(selection, installation, through=through),
        "groups": group_options(selection, installation, through=through),
        "matches": [Choice(value, label, value == selection.groups) for value, label in MATCHES.items()],
        **{
            f"{column}s": [
                Choice(value, value, value == getattr(selection, column))
                for value in _values(column, visible, installation, through)
            ]
            for column in ("state", "source")
        },
        "flags": [
            {"name": name, "label": FLAG_LABELS[name], "choices": _flag_choices(getattr(selection, name))}
            for name in FLAG_FILTERS
        ],
        "missing": missing_choices(selection, installation),
        "orders": [Choice(value, order.label, value == selection.sort) for value, order in ORDERS.items()],
    }


def owner_options(
    selection: Selection,
    installation: Installation,
    *,
    through: list[Connection] | None,
    search: str = "",
    limit: int = OFFERED,
) -> Options:
    """Return the owners to filter by. Every word of ``search`` must be in a name, email or username."""
    known = owners.of(installation, through=through)
    chosen = list(known.filter(pk=int(selection.owner))) if selection.owner else []
    found = known.filter(search_text.matching("search", search))
    listed = list(found.exclude(pk__in=[owner.pk for owner in chosen])[: limit + 1])
    return Options(
        [_owner_choice(owner, True) for owner in chosen]
        + [_owner_choice(owner, False) for owner in listed[:limit]],
        len(listed) > limit,
    )


def _owner_choice(owner: Owner, chosen: bool) -> Choice:
    return Choice(str(owner.pk), owner.display_name, chosen)


def group_options(
    selection: Selection,
    installation: Installation,
    *,
    through: list[Connection] | None,
    search: str = "",
    limit: int = OFFERED,
) -> Options:
    """Return the names of groups to filter by, those with all words of ``search``."""
    seen = groups.visible(installation, through=through)
    found = seen.filter(search_text.matching("search", search))
    names = found.exclude(name__in=selection.group).order_by("name").values_list("name", flat=True)
    listed = list(names.distinct()[: limit + 1])
    return Options(
        [Choice(name, name, True) for name in selection.group]
        + [Choice(name, name, False) for name in listed[:limit]],
        len(listed) > limit,
    )


def _values(
    column: str, visible: ContactQuerySet, installation: Installation, through: list[Connection] | None
) -> list[str]:
    if through is None:
        return distinct_values.read(installation, column, limit=MOST)
    values = visible.present().exclude(**{column: ""}).order_by(column).values_list(column, flat=True)
    return list(values.distinct()[:MOST])


def missing_choices(selection: Selection, installation: Installation) -> list[Choice]:
    """Return the required groups that a contact can lack, after "any of them". None if no group is required."""
    names = list(required.of(installation).values_list("name", flat=True))
    choices = [("At least one", required.ANY), *((name, name) for name in names)] if names else []
    return [Choice(value, label, value == selection.missing) for label, value in choices]


def _flag_choices(chosen: str) -> list[Choice]:
    return [Choice(value, value.capitalize(), value == chosen) for value in ("yes", "no", "unknown")]


def chips(selection: Selection, visible: ContactQuerySet) -> list[Chip]:
    """Return the filters in use, each with the query string that removes it."""
    found = []
    if selection.q and not selection.is_too_short:
        found.append(Chip(f"“{selection.q}”", selection.without("q")))
    if selection.owner:
        # Only people who see a contact of this owner get to know the name.
        contact = visible.filter(owner_id=selection.owner).select_related("owner").first()
        owner = contact.owner if contact is not None else None
        found.append(Chip(f"Owner: {owner.display_name if owner else 'unknown'}", selection.without("owner")))
    for name in selection.group:
        found.append(Chip(f"Group{_match(selection)}: {name}", selection.without("group", name)))
    if selection.group_id:
        found.append(Chip(_group_label(int(selection.group_id), visible), selection.without("group_id")))
    if selection.missing:
        which = (
            "a required group" if selection.missing == required.ANY else f"required group {selection.missing}"
        )
        found.append(Chip(f"Missing {which}", selection.without("missing")))
    for name, label in (("state", "State"), ("source", "Source")):
        if getattr(selection, name):
            found.append(Chip(f"{label}: {getattr(selection, name)}", selection.without(name)))
    for name in FLAG_FILTERS:
        if getattr(selection, name):
            found.append(Chip(f"{FLAG_LABELS[name]}: {getattr(selection, name)}", selection.without(name)))
    if selection.since is not None:
        found.append(Chip(f"Updated since {times.date(selection.since)}", selection.without("updated")))
    if selection.gone:
        found.append(Chip("No longer in Total Expert", selection.without("gone")))
    return found


def _group_label(pk: int, visible: ContactQuerySet) -> str:
    """Return the chip of one group. Only people who see a contact in it get to know its name."""
    group = ContactGroup.objects.filter(pk=pk).first()
    if group is None or not visible.filter(memberships__group=group).exists():
        return "One group"
    return f"Group: {group.name}"


def _match(selection: Selection) -> str:
    return {"all": " (all)", "none": " (none of)"}.get(selection.groups, "")

"""Required groups: recording, suggesting and releasing them, and which owners and contacts lack them."""

import pytest

from integrations.connections.models import Installation
from integrations.directory import required_groups
from integrations.directory.models import RequiredGroup
from portal.accounts.models import User
from portal.audit.models import Entry
from portal.core.errors import Refused
from tests.integrations.directory.group_rows import (
    make_connection,
    make_contact,
    make_group,
    make_installation,
    make_owner,
)
from tests.portal.people import person

pytestmark = pytest.mark.django_db

State, Source = RequiredGroup.State, RequiredGroup.Source


@pytest.fixture
def installation() -> Installation:
    return make_installation()


@pytest.fixture
def ben() -> User:
    return person("ben@cedar.example")


def names(installation: Installation) -> list[str]:
    return [row.name for row in required_groups.of(installation)]


def actions() -> list[str]:
    return list(Entry.objects.order_by("pk").values_list("action", flat=True))


def lacking(installation: Installation, *name: str) -> set[int]:
    return set(required_groups.contacts_lacking(installation, *name).values_list("pk", flat=True))


def test_a_required_group_says_who_recorded_it_and_when(installation: Installation, ben: User) -> None:
    row = required_groups.require(installation, "All Clients", ben)
    row.refresh_from_db()
    assert (row.name, row.state, row.source, row.recorded_by) == (
        "All Clients",
        State.REQUIRED,
        Source.PERSON,
        ben,
    )
    entry = Entry.objects.get()
    assert (entry.action, entry.actor, entry.object_id) == ("directory.group_required", ben, str(row.pk))
    assert entry.organization_id == installation.organization_id
    assert "All Clients" not in str(entry.detail), "the audit log holds ids only"
    assert entry.label == "Group marked as required"


@pytest.mark.parametrize(
    "again",
    ["All Clients", "all clients", "ALL  CLIENTS", " All\tClients ", "Áll Clients", "All\u200b Clients", "ＡＬＬ Clients"],
)  # fmt: skip
def test_the_same_name_is_recorded_once(installation: Installation, ben: User, again: str) -> None:
    first = required_groups.require(installation, "All Clients", ben)
    assert required_groups.require(installation, again, person("ada@cedar.example")) == first
    assert names(installation) == ["All Clients"]
    assert actions() == ["directory.group_required"]


def test_a_required_group_is_spelled_as_most_owners_spell_it(installation: Installation, ben: User) -> None:
    for spelling in ("all clients", "All Clients", "All Clients"):
        make_group(installation, spelling)
    make_group(make_installation("harbor"), "ALL CLIENTS")
    assert required_groups.require(installation, "ALL clients", ben).name == "All Clients"


@pytest.mark.parametrize("name", ["", "  ", "\0", "\u200b\u2060", "x" * 256, "ﷺ" * 255, "\n\t"])
def test_a_name_that_no_group_can_have_is_refused(installation: Installation, ben: User, name: str) -> None:
    with pytest.raises(Refused):
        required_groups.require(installation, name, ben)
    assert required_groups.suggest(installation, name) is None
    assert not RequiredGroup.objects.exists() and not Entry.objects.exists()


def test_too_many_required_groups_are_refused(installation: Installation, ben: User) -> None:
    for number in range(required_groups.MOST):
        required_groups.require(installation, f"Group {number}", ben)
        required_groups.suggest(installation, f"Suggestion {number}")
    with pytest.raises(Refused, match="Remove one first"):
        required_groups.require(installation, "One more", ben)
    assert required_groups.suggest(installation, "One more suggestion") is None
    assert required_groups.require(installation, "group 0", ben).name == "Group 0", "it is one of them"


def test_a_released_group_is_no_longer_required_and_can_be_again(
    installation: Installation, ben: User
) -> None:
    row = required_groups.require(installation, "All Clients", ben)
    assert required_groups.release(row, ben)
    assert not required_groups.release(row, ben), "twice changes nothing"
    assert names(installation) == []
    assert required_groups.require(installation, "All Clients", ben).pk == row.pk
    assert actions() == [
        "directory.group_required",
        "directory.group_released",
        "directory.group_required",
    ]


def test_a_suggestion_is_required_only_when_a_person_confirms_it(
    installation: Installation, ben: User
) -> None:
    row = required_groups.suggest(installation, "Website Leads")
    assert row is not None and (row.state, row.recorded_by) == (State.SUGGESTED, None)
    assert required_groups.suggest(installation, "website leads") == row
    assert names(installation) == [] and actions() == ["directory.group_suggested"]
    confirmed = required_groups.require(installation, row.name, ben)
    assert (confirmed.pk, confirmed.recorded_by, confirmed.source) == (row.pk, ben, Source.REFUSED_CREATE)
    assert names(installation) == ["Website Leads"]


def test_a_dismissed_suggestion_does_not_come_back_but_a_released_group_does(
    installation: Installation, ben: User
) -> None:
    row = required_groups.suggest(installation, "Website Leads")
    assert row is not None and required_groups.dismiss(row, ben)
    assert not required_groups.dismiss(row, ben)
    again = required_groups.suggest(installation, "Website Leads")
    assert again is not None and again.state == State.DISMISSED
    required = required_groups.require(installation, "Website Leads", ben)
    assert required.source == Source.PERSON, "nobody confirmed a suggestion"
    assert not required_groups.dismiss(required, ben)
    required_groups.release(required, ben)
    again = required_groups.suggest(installation, "Website Leads")
    assert again is not None and again.state == State.SUGGESTED


def test_contacts_lack_a_group_unless_they_are_in_one_of_that_name(
    installation: Installation, ben: User
) -> None:
    all_clients, leads = make_group(installation, "All Clients"), make_group(installation, "Leads")
    others, gone = make_group(installation, "ALL CLIENTS"), make_group(installation, "All clients")
    gone.gone_at = gone.synced_at
    gone.save()
    elsewhere = make_installation("harbor")
    foreign = make_group(elsewhere, "All Clients")
    both = make_contact(installation, all_clients, leads)
    second_owner = make_contact(installation, others)
    neither, in_gone = make_contact(installation), make_contact(installation, gone)
    in_foreign = make_contact(installation, foreign)
    absent = make_contact(installation, gone_at=gone.synced_at)
    other = make_contact(elsewhere)
    assert lacking(installation) == set(), "nothing is required yet"
    required_groups.require(installation, "all clients", ben)
    assert lacking(installation) == {neither.pk, in_gone.pk, in_foreign.pk}
    required_groups.require(installation, "Leads", ben)
    assert lacking(installation) == {second_owner.pk, neither.pk, in_gone.pk, in_foreign.pk}
    assert lacking(installation, "all CLIENTS") == {neither.pk, in_gone.pk, in_foreign.pk}
    assert lacking(installation, "Leads") == {second_owner.pk, neither.pk, in_gone.pk, in_foreign.pk}
    assert lacking(installation, "Unknown") == set()
    assert lacking(elsewhere) == set()
    assert both.pk not in lacking(installation) and absent.pk not in lacking(installation)
    assert other.pk not in lacking(installation)


def test_finding_contacts_that_lack_a_group_is_one_query(
    installation: Installation, ben: User, django_assert_num_queries: object
) -> None:
    for number in range(3):
        required_groups.require(installation, f"Group {number}", ben)
    make_contact(installation)
    found = required_groups.contacts_lacking(installation)
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert found.count() == 1


def test_only_owners_whose_groups_were_read_can_lack_one(installation: Installation, ben: User) -> None:
    maria, tom, ida = (make_owner(installation, name) for name in ("Maria Lopez", "Tom Hale", "Ida Kern"))
    ida.is_active = False
    ida.save()
    make_group(installation, "all clients", maria)
    row = required_groups.require(installation, "All Clients", ben)

    def missing() -> list[str]:
        return [owner.first_name for owner in required_groups.missing_for_owners(installation)[row]]

    assert missing() == [], "nobody has connected, so nothing is known"
    make_connection(installation, owner=maria)
    assert missing() == [], "Tom's groups are unknown"
    make_connection(installation)
    assert missing() == ["Tom"], "the admin connection shows all groups"
    make_group(installation, "All Clients", tom, gone_at=tom.synced_at)
    assert missing() == ["Tom"], "a group that is gone is none"
    make_group(installation, "All Clients", tom)
    assert missing() == []


def test_names_to_choose_from_are_those_of_the_most_owners(installation: Installation, ben: User) -> None:
    maria, tom = make_owner(installation, "Maria Lopez"), make_owner(installation, "Tom Hale")
    for name, owner in (("Leads", maria), ("VIP", maria), ("vip", tom), ("All Clients", maria), ("All", tom)):
        make_group(installation, name, owner)
    make_group(make_installation("harbor"), "Foreign")
    required_groups.require(installation, "all clients", ben)
    assert required_groups.suggested_names(installation, limit=2) == ["VIP", "All"]
    assert required_groups.suggested_names(installation, limit=9) == ["VIP", "All", "Leads"]

"""Create and rename organizations, and assign their account owner."""

import pytest

from portal.accounts.models import User
from portal.audit.models import Entry
from portal.core.errors import Refused
from portal.organizations import organizations
from portal.organizations.models import Organization

pytestmark = pytest.mark.django_db


def test_an_organization_gets_a_slug_made_from_its_name(operator: User) -> None:
    made = organizations.create(name="  Harbor  & Pine ", actor=operator)
    assert (made.name, made.slug) == ("Harbor & Pine", "harbor-pine")


def test_names_that_give_the_same_slug_get_different_ones(operator: User) -> None:
    slugs = [organizations.create(name=name, actor=operator).slug for name in ("Cedar", "Cedar!", "Cedar?")]
    assert slugs == ["cedar", "cedar-2", "cedar-3"]


def test_a_slug_never_shadows_an_address_of_the_portal(operator: User) -> None:
    assert organizations.create(name="New", actor=operator).slug == "new-2"


def test_a_name_without_latin_letters_gets_a_slug_too(operator: User) -> None:
    assert organizations.create(name="日本", actor=operator).slug == "organization"


@pytest.mark.parametrize("name", ["cedar home lending", "Cedar  Home Lending", " "])
def test_a_name_that_is_taken_or_empty_is_refused(cedar: Organization, operator: User, name: str) -> None:
    with pytest.raises(Refused):
        organizations.create(name=name, actor=operator)
    assert Organization.objects.count() == 1


def test_creating_an_organization_is_recorded_by_ids(operator: User) -> None:
    made = organizations.create(name="Cedar", actor=operator)
    entry = Entry.objects.get(action="organization.created")
    assert (entry.actor_id, entry.organization_id, entry.detail) == (operator.pk, made.pk, {})


@pytest.mark.parametrize("rival", ["CEDAR", "Cedar!"])
def test_two_people_create_one_name_or_one_slug_at_the_same_moment(
    operator: User, monkeypatch, rival: str
) -> None:
    look = organizations._free_slug

    def lose_the_race(name: str) -> str:
        slug = look(name)
        monkeypatch.setattr(organizations, "_free_slug", look)
        organizations.create(name=rival, actor=operator)
        return slug

    monkeypatch.setattr(organizations, "_free_slug", lose_the_race)
    if rival == "CEDAR":
        with pytest.raises(Refused, match="already exists"):
            organizations.create(name="Cedar", actor=operator)
    else:
        assert organizations.create(name="Cedar", actor=operator).slug == "cedar-2"


def test_renaming_keeps_the_slug_and_is_recorded_by_ids(cedar: Organization, operator: User) -> None:
    organizations.rename(organization=cedar, name=" Juniper  Home Loans ", actor=operator)
    cedar.refresh_from_db()
    assert (cedar.name, cedar.folded_name, cedar.slug) == (
        "Juniper Home Loans",
        "juniper home loans",
        "cedar-home-lending",
    )
    entry = Entry.objects.get(action="organization.renamed")
    assert (entry.actor_id, entry.organization_id, entry.detail) == (operator.pk, cedar.pk, {})


def test_a_renamed_organization_frees_its_old_name(cedar: Organization, operator: User) -> None:
    organizations.rename(organization=cedar, name="Juniper", actor=operator)
    assert organizations.create(name="Cedar Home Lending", actor=operator).slug == "cedar-home-lending-2"


def test_renaming_may_change_the_case_but_not_take_anothers_name(
    cedar: Organization, harbor: Organization, operator: User
) -> None:
    organizations.rename(organization=cedar, name="CEDAR Home Lending", actor=operator)
    with pytest.raises(Refused, match="already exists"):
        organizations.rename(organization=cedar, name="harbor & PINE", actor=operator)
    cedar.refresh_from_db()
    assert cedar.name == "CEDAR Home Lending"


def test_a_name_taken_while_renaming_is_refused(cedar: Organization, operator: User, monkeypatch) -> None:
    organizations.create(name="Juniper", actor=operator)
    monkeypatch.setattr(organizations, "_refuse_taken", lambda name, by_other_than=None: None)
    with pytest.raises(Refused, match="already exists"):
        organizations.rename(organization=cedar, name="JUNIPER", actor=operator)


@pytest.mark.parametrize("name", ["cedar-home-lending", "CEDAR home  lending"])
def test_an_organization_is_found_by_its_slug_or_its_name(cedar: Organization, name: str) -> None:
    assert organizations.find(name) == cedar


def test_a_name_that_does_not_exist_suggests_similar_ones(cedar: Organization) -> None:
    with pytest.raises(Refused, match="Did you mean cedar-home-lending"):
        organizations.find("Cedar Lending")


def test_only_an_operator_can_be_the_account_owner(cedar: Organization, operator: User, join) -> None:
    organizations.assign_account_owner(organization=cedar, operator=operator, actor=operator)
    with pytest.raises(Refused):
        organizations.assign_account_owner(organization=cedar, operator=join(cedar, "admin"), actor=operator)
    cedar.refresh_from_db()
    assert cedar.account_owner == operator

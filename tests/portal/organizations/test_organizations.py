"""Making organizations."""

import pytest

from portal.accounts.models import User
from portal.audit.models import Entry
from portal.core.errors import Refused
from portal.organizations import organizations
from portal.organizations.models import Organization

pytestmark = pytest.mark.django_db


def test_an_organization_gets_a_slug_of_its_name(operator: User) -> None:
    made = organizations.create(name="  Harbor  & Pine ", actor=operator)
    assert (made.name, made.slug) == ("Harbor & Pine", "harbor-pine")


def test_names_that_give_the_same_slug_get_different_ones(operator: User) -> None:
    slugs = [organizations.create(name=name, actor=operator).slug for name in ("Cedar", "Cedar!", "Cedar?")]
    assert slugs == ["cedar", "cedar-2", "cedar-3"]


def test_a_slug_never_shadows_an_address_of_the_portal(operator: User) -> None:
    assert organizations.create(name="New", actor=operator).slug == "new-2"


def test_a_name_without_latin_letters_has_a_slug_all_the_same(operator: User) -> None:
    assert organizations.create(name="日本", actor=operator).slug == "organization"


@pytest.mark.parametrize("name", ["cedar home lending", "Cedar  Home Lending", " "])
def test_a_name_that_is_taken_or_empty_is_refused(cedar: Organization, operator: User, name: str) -> None:
    with pytest.raises(Refused):
        organizations.create(name=name, actor=operator)
    assert Organization.objects.count() == 1


def test_making_one_is_recorded_by_ids(operator: User) -> None:
    made = organizations.create(name="Cedar", actor=operator)
    entry = Entry.objects.get(action="organization.created")
    assert (entry.actor_id, entry.organization_id, entry.detail) == (operator.pk, made.pk, {})


def test_only_an_operator_looks_after_an_organization(cedar: Organization, operator: User, join) -> None:
    organizations.look_after(organization=cedar, operator=operator, actor=operator)
    with pytest.raises(Refused):
        organizations.look_after(organization=cedar, operator=join(cedar, "admin"), actor=operator)
    cedar.refresh_from_db()
    assert cedar.looked_after_by == operator

"""Facts about people, and what they may do where."""

import pytest
from django.db import IntegrityError, transaction

from portal.accounts.models import User
from portal.core import clock
from portal.organizations import organizations
from portal.organizations.models import Membership, Organization
from portal.organizations.roles import Capability, Role, allows

MATRIX = {
    Role.OPERATOR: "browse overview edit edit_many manage operate",
    Role.ADMIN: "browse overview edit edit_many manage consent",
    Role.EDITOR: "browse overview edit",
    Role.VIEWER: "browse overview",
    Role.OFFICER: "browse edit consent",
}


@pytest.mark.parametrize(
    ("name", "email", "shown"),
    [
        ("Ada Byron", "ada@cedar.example", "Ada Byron"),
        ("", "felix.bosch@cedar.example", "Felix Bosch"),
        ("", "maria_de-la.cruz@cedar.example", "Maria De La Cruz"),
    ],
)
def test_people_without_a_name_are_called_after_their_address(name: str, email: str, shown: str) -> None:
    assert User(name=name, email=email).display_name == shown


@pytest.mark.parametrize("role", list(Role))
def test_each_role_may_do_what_the_table_says_and_no_more(role: Role) -> None:
    may = {capability.name.lower() for capability in Capability if allows(role, capability)}
    assert may == set(MATRIX[role].split())


@pytest.mark.django_db
def test_people_see_their_organizations_and_operators_all(
    cedar: Organization, harbor: Organization, operator: User, join
) -> None:
    viewer = join(cedar, "viewer")
    assert list(Organization.objects.visible_to(viewer)) == [cedar]
    assert list(Organization.objects.visible_to(operator)) == [cedar, harbor]
    viewer.is_active = False
    assert not Organization.objects.visible_to(viewer).exists()


@pytest.mark.django_db
def test_one_address_has_one_account_whatever_its_case(operator: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(email=operator.email.upper())


def test_what_a_person_is_called_does_not_show_in_reprs() -> None:
    assert "ada" not in repr(User(pk=5, name="ada", email="ada@cedar.example"))


@pytest.mark.django_db
@pytest.mark.parametrize("capability", list(Capability))
def test_the_organizations_where_somebody_may_do_something_are_those_that_say_so_one_by_one(
    cedar: Organization, harbor: Organization, operator: User, join, capability: Capability
) -> None:
    both = join(cedar, "viewer")
    Membership.objects.create(user=both, organization=harbor, role="admin", created_at=clock.now())
    for person in (both, operator, join(harbor, "officer")):
        one_by_one = [row for row in Organization.objects.all() if row.allows(person, capability)]
        assert list(Organization.objects.allowing(person, capability)) == one_by_one


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["ökobank", "ÖKO", "bank  lending", "Ｂａｎｋ", "okobank-lending", ""])
def test_an_organization_is_found_by_a_part_of_its_name_in_any_spelling_or_by_its_slug(
    operator: User, text: str
) -> None:
    made = organizations.create(name="Ökobank Lending", actor=operator)
    assert made in Organization.objects.matching(text)


@pytest.mark.django_db
def test_an_organization_is_not_found_by_a_part_of_its_slug_or_another_name(operator: User) -> None:
    made = organizations.create(name="Ökobank Lending", actor=operator)
    made.name = "Harbor Lending"
    made.save()
    assert made in Organization.objects.matching(made.slug)
    for text in ("okobank", "Cedar"):
        assert made not in Organization.objects.matching(text)

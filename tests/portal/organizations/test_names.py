"""Names of organizations are compared as people read them."""

import pytest

from portal.core.errors import Refused
from portal.organizations import names, organizations

SAME = [
    ("Cedar Home Lending", "CEDAR  home lending"),
    ("Straße Loans", "STRASSE LOANS"),
    ("Crédit Nord", "Cre\u0301dit Nord"),
    ("Ｃｅｄａｒ", "Cedar"),
    ("Cedar\u00a0Home", "Cedar Home"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_names_that_read_the_same_are_the_same(one: str, other: str) -> None:
    assert names.folded(one) == names.folded(other)


def test_an_accent_makes_another_name() -> None:
    assert names.folded("Credit Nord") != names.folded("Crédit Nord")


@pytest.mark.django_db
@pytest.mark.parametrize(("one", "other"), SAME)
def test_no_two_organizations_get_names_that_read_the_same(one: str, other: str) -> None:
    organizations.create(name=one, actor=None)
    with pytest.raises(Refused, match="of this name already"):
        organizations.create(name=other, actor=None)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["New", "Add many", "Imports"])
def test_no_organization_takes_the_address_of_a_page(name: str) -> None:
    assert organizations.create(name=name, actor=None).slug not in organizations.RESERVED_SLUGS


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (" \n ", "is empty"),
        ("x" * 121, "longer than 120"),
        ("Cedar\u202eemoH", "can't be shown"),
        ("Cedar\u200b Home", "can't be shown"),
        ("Ce\x07dar", "can't be shown"),
        ("Ced" + "\u0301" * 6 + "ar", "can't be shown"),
        ("\u0301Cedar", "can't be shown"),
    ],
)
def test_what_cannot_be_read_is_no_name(name: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        names.clean(name)


@pytest.mark.parametrize(
    "name", ["Šárka & Söhne", "Cre\u0301dit Nord", "ธนาคารกรุงเทพที่", "Ngân hàng Việt", "🏠 Loans"]
)
def test_names_of_every_script_are_kept(name: str) -> None:
    assert names.folded(names.clean(name)) == names.folded(name)

"""Names of organizations are compared as people read them."""

import pytest
from django.db import IntegrityError

from portal.core import clock
from portal.core.errors import Refused
from portal.organizations import names, organizations
from portal.organizations.models import Organization

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


def test_names_that_differ_by_an_accent_are_different() -> None:
    assert names.folded("Credit Nord") != names.folded("Crédit Nord")


@pytest.mark.django_db
@pytest.mark.parametrize(("one", "other"), SAME)
def test_no_two_organizations_get_names_that_read_the_same(one: str, other: str) -> None:
    organizations.create(name=one, actor=None)
    with pytest.raises(Refused, match="already exists"):
        organizations.create(name=other, actor=None)


@pytest.mark.django_db
@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_database_refuses_a_second_row_with_a_name_that_reads_the_same(one: str, other: str) -> None:
    at = clock.now()
    rows = [
        Organization(name=name, slug=slug, created_at=at) for name, slug in ((one, "one"), (other, "two"))
    ]
    with pytest.raises(IntegrityError):
        Organization.objects.bulk_create(rows)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "invisible", ["\u034f", "\ufe0f", "\u3164", "\U000e0100", "\u200b", "\u200c", "\u202e", "\x07"]
)
def test_an_invisible_character_does_not_make_another_name(invisible: str) -> None:
    organizations.create(name="Cedar", actor=None)
    with pytest.raises(Refused, match="already exists"):
        organizations.create(name=f"Ce{invisible}dar", actor=None)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["New", "Add many", "Imports"])
def test_no_organization_takes_the_url_of_a_page(name: str) -> None:
    assert organizations.create(name=name, actor=None).slug not in organizations.RESERVED_SLUGS


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (" \n ", "name is empty"),
        ("\u3164\u2800", "name is empty"),
        ("x" * 121, "longer than 120"),
        ("\ufdfa" * 100, "longer than 120"),  # each folds to 18 characters
        ("Ce\ue000dar", "can't be displayed"),
        ("acme.example/reset", "web or email address"),
        ("EVIL.COM/reset", "web or email address"),
        ("www.evil.com", "web or email address"),
        ("https://evil", "web or email address"),
        ("evil.com:8080", "web or email address"),
        ("Ced" + "\u0301" * 6 + "ar", "can't be displayed"),
        ("\u0301Cedar", "can't be displayed"),
    ],
)
def test_a_name_that_cannot_be_read_is_refused(name: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        names.clean(name)


@pytest.mark.parametrize(
    "name",
    [
        "Šárka & Söhne",
        "Cre\u0301dit Nord",
        "ธนาคารกรุงเทพที่",
        "Ngân hàng Việt",
        "🏠 Loans",
        "J.van Dijk Mortgage",
        "Better.com Mortgage",
    ],
)
def test_names_in_every_script_are_accepted(name: str) -> None:
    assert names.folded(names.clean(name)) == names.folded(name)


@pytest.mark.django_db
def test_a_joiner_stays_in_a_persian_name_and_does_not_make_another_one() -> None:
    assert organizations.create(name="نیک\u200cسرشت لندینگ", actor=None).name == "نیک\u200cسرشت لندینگ"
    with pytest.raises(Refused, match="already exists"):
        organizations.create(name="نیکسرشت لندینگ", actor=None)

"""Names of organizations and people are found however they are typed, on both databases."""

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.core.search_text import words
from portal.organizations import organizations
from portal.organizations.models import Organization
from tests.portal.people import person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Ökobank", "ökobank"),
        ("Ökobank", "OKOBANK"),
        ("Šárka & Söhne", "sárka söhne"),
        ("O\u2019Brien Mortgage", "o'brien"),
        ("O'Brien Mortgage", "O\u2019BRIEN"),
        ("Lee\u2011Young Lending", "lee-young"),
        ("Lee-Young Lending", "lee young"),
        ("Cedar Home Lending", "lending cedar"),
        ("Cedar Home Lending", "\u202acedar\u200b, home"),
        ("Cedar Home Lending", "cedar-home-lending"),
        ("نیک\u200cسرشت لندینگ", "نیکسرشت"),
        ("Страна Кредит", "СТРАНА"),
    ],
)
def test_an_organization_is_found_however_its_name_is_typed(name: str, typed: str) -> None:
    organizations.create(name="Maple", actor=None)
    made = organizations.create(name=name, actor=None)
    assert list(Organization.objects.matching(typed)) == [made]


def test_a_renamed_organization_is_found_by_its_new_name(operator: User, cedar: Organization) -> None:
    organizations.rename(organization=cedar, name="Ökobank", actor=operator)
    assert cedar.search == "okobank"
    assert list(Organization.objects.matching("ökobank")) == [cedar]


@pytest.mark.parametrize("typed", ["...", "\u2014", "\u200b.", "no such name"])
def test_what_has_no_words_finds_nothing(cedar: Organization, typed: str) -> None:
    assert not Organization.objects.matching(typed).exists()


def test_an_empty_search_finds_all(cedar: Organization) -> None:
    assert list(Organization.objects.matching(" ")) == [cedar]


@pytest.mark.parametrize("typed", ["zoë", "ZOË o'neill", "oneill, zoe", "zoe@cedar.example"])
def test_an_operator_finds_a_person_however_the_name_is_typed(operator: User, signed_in, typed: str) -> None:
    zoe = person("zoe@cedar.example")
    zoe.name = "Zoë O\u2019Neill"
    zoe.save()
    client: Client = signed_in(operator)
    page = client.get("/admin/accounts/user/", {"q": typed})
    assert list(page.context["cl"].result_list) == [zoe]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("Smith & Sons", ["smith", "sons"]),
        ("24/7", ["24", "7"]),
        ("a-b", ["a", "b"]),
        ("St. John", ["st", "john"]),
    ],
)
def test_a_query_is_its_words(query: str, found: list[str]) -> None:
    assert words(query) == found

"""Rows of a file are checked offline, each for itself and against what is there."""

import re

import pytest

from integrations.connections.models import Environment
from integrations.onboarding.bulk import check as bulk_check
from integrations.onboarding.bulk import files
from integrations.onboarding.bulk.check import Checked
from tests.world import CEDAR, World

pytestmark = pytest.mark.django_db
HEADER = "name,environment,client_id,client_secret,admin_email\n"


def check(world: World, text: str, *, default: bool = True) -> list[Checked]:
    records = files.read((HEADER + text).encode())
    return bulk_check.check(records, default=world.environment if default else None)


def problem(world: World, line: str) -> str:
    (row,) = check(world, line)
    return " ".join(row.problems)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (",,id,secret,", "name is empty"),
        (f"{'x' * 121},,id,secret,", "longer than 120"),
        ("Cedar\ue000,,id,secret,", "can't be displayed"),
        ("cedar.example/reset,,id,secret,", "web or email address"),
        ('=HYPERLINK("http://evil"),,id,secret,', "like a spreadsheet formula"),
        ("+1 Lending,,id,secret,", "like a spreadsheet formula"),
        ("@SUM(1),,id,secret,", "like a spreadsheet formula"),
        ("Cedar,mars,id,secret,", "no environment with this name. Enter sandbox"),
        ("Cedar,,,secret,", "client ID is empty"),
        ("Cedar,,id,,", "client secret is empty"),
        ("Cedar,,i:d,secret,", "colon"),
        ("Cedar,,same,same,", "are the same"),
        ("Cedar,,id,two words,", "contains white space"),
        ("Cedar,,1.23457E+15,secret,", "spreadsheet shortened the client ID"),
        ("Cedar,,id,secret,ada at cedar", "not a valid address"),
        ('Cedar,,id,secret,"""a\x0bb""@cedar.example"', "not a valid address"),
        (f"Cedar,,id,secret,{'a' * 60}@{'b.' * 110}example", "address|too long"),
        ("Cedar,,id,secret,operator@partner.example", "belongs to an operator"),
        ("Cedar, Inc,,id,secret,a@b.example", "more cells than the header"),
    ],
)
def test_a_row_that_cannot_be_right_says_why(world: World, line: str, says: str) -> None:
    found = problem(world, line)
    assert re.search(says, found), found
    assert "two words" not in found and "mars" not in found


@pytest.mark.parametrize("name", ["@properties", "Smith & Sons = Loans", "Ährenfeld Bank", "5 + 5 Lending"])
def test_names_that_companies_have_pass(world: World, name: str) -> None:
    (row,) = check(world, f"  {name} ,SANDBOX, id ,secret,Ada@Cedar.Example")
    assert (row.problems, row.name, row.client_id, row.admin_email) == ([], name, "id", "ada@cedar.example")


def test_an_environment_is_named_or_chosen_or_missing(world: World) -> None:
    other = Environment.objects.create(
        name="ct", label="CT 2", base_url="https://api.example/v1", authorize_url="https://api.example/a"
    )
    rows = check(world, "A,ct 2,id,s,\nB,,id,s,\nC,ct,id2,s,\n")
    assert [row.environment for row in rows] == [other, world.environment, other]
    assert [row.problems for row in rows] == [[], [], []], "the same client id in two environments is two"
    assert (
        "environment is empty. Enter ct or sandbox" in check(world, "B,,id,s,", default=False)[0].problems[0]
    )


def test_of_rows_that_say_the_same_none_is_taken(world: World) -> None:
    rows = check(world, "Cedar,,one,s,\nBirch,,two,s,\ncedar ,,three,s,\nOak,,two,s,\nElm,,four,s,\n")
    assert [row.problems for row in rows] == [
        ["Row 4 has the same name. Keep only one."],
        ["Row 5 has the same client ID. Keep only one."],
        ["Row 2 has the same name. Keep only one."],
        ["Row 3 has the same client ID. Keep only one."],
        [],
    ]


def test_what_the_portal_has_already_is_refused(world: World) -> None:
    world.connected()
    used = world.sandbox.organization(CEDAR)["client_id"]
    rows = check(world, f"{CEDAR.upper()},,new,s,\nOther,,{used},s,\nFree,,free,s,\n")
    assert "organization with this name already" in rows[0].problems[0]
    assert "Another organization uses this client ID" in rows[1].problems[0]
    assert rows[2].problems == []


def test_a_client_id_that_nobody_has_proven_blocks_nobody(world: World) -> None:
    world.propose()
    assert problem(world, f"Other,,{world.sandbox.organization(CEDAR)['client_id']},s,") == ""


def test_two_thousand_rows_are_checked_in_few_queries(world: World, django_assert_max_num_queries) -> None:
    text = "".join(f"Organization {number},,id-{number},s,\n" for number in range(2000))
    with django_assert_max_num_queries(6):
        assert not any(row.problems for row in check(world, text))


@pytest.mark.parametrize("mark", ["\u200b", "\u200e", "\u202a", "\ufeff", "\u00a0", "\u00ad"])
def test_what_a_paste_adds_to_a_cell_is_removed(world: World, mark: str) -> None:
    (row,) = check(
        world,
        f"{mark}Maple{mark},{mark}SANDBOX{mark},{mark}id{mark},secret{mark},{mark}ada@maple.example{mark}",
    )
    assert row.problems == []
    assert (row.name, row.client_id, row.client_secret, row.admin_email) == (
        "Maple",
        "id",
        "secret",
        "ada@maple.example",
    )

"""Distinct values: what a filter offers is what SELECT DISTINCT would return, read by jumps in an index."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations.connections import installations
from integrations.connections.models import Installation
from integrations.directory.browse import distinct_values
from integrations.directory.models import Contact
from portal.core import clock
from tests.world import BLUEWATER, World

pytestmark = pytest.mark.django_db
STATES = ["", "MN", "mn", "MN ", "WI", "Ōita", "ß", "'; --", "%", "東京", "\U0001f3e0"]


def fill(installation: Installation, values: list[str], *, gone: bool = False) -> None:
    start = Contact.objects.count()
    Contact.objects.bulk_create(
        Contact(
            installation=installation,
            remote_id=start + number,
            state=value,
            gone_at=clock.now() if gone else None,
            first_seen_at=clock.now(),
            synced_at=clock.now(),
        )
        for number, value in enumerate(values)
    )


@pytest.fixture
def cedar(world: World) -> Installation:
    return installations.get_or_create(world.organization(), world.environment)


def test_each_value_comes_once_in_the_databases_order(world: World, cedar: Installation) -> None:
    elsewhere = installations.get_or_create(world.organization(BLUEWATER), world.environment)
    fill(cedar, STATES * 3)
    fill(cedar, ["gone"], gone=True)
    fill(elsewhere, ["elsewhere"])
    rows = Contact.objects.filter(installation=cedar, gone_at=None).exclude(state="").order_by("state")
    expected = list(rows.values_list("state", flat=True).distinct())
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert distinct_values.read(cedar, "state", limit=100) == expected
        assert distinct_values.read(cedar, "state", limit=4) == expected[:4]
    assert len(queries) == 2 and len(expected) == len(STATES) - 1


@pytest.mark.parametrize("values", [[], [""], ["MN"]])
def test_few_values_are_no_special_case(cedar: Installation, values: list[str]) -> None:
    fill(cedar, values)
    assert distinct_values.read(cedar, "state", limit=100) == [value for value in values if value]

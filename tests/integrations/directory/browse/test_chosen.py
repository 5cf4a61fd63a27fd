"""The contacts chosen in the list, as a form sends them."""

from typing import Any

import pytest
from django.conf import settings
from django.http import QueryDict

from integrations.connections import installations
from integrations.connections.models import Installation
from integrations.directory.browse.chosen import MOST_IDS, Chosen
from integrations.directory.browse.selection import Selection
from integrations.directory.models import Contact
from portal.core import clock
from tests.world import BLUEWATER, World


@pytest.fixture
def installation(world: World) -> Installation:
    return installations.get_or_create(world.organization(), world.environment)


def make(installation: Installation, remote_id: int, **fields: Any) -> Contact:
    now = clock.now()
    return Contact.objects.create(
        installation=installation, remote_id=remote_id, first_seen_at=now, synced_at=now, **fields
    )


@pytest.mark.parametrize(
    ("form", "ids"),
    [
        ("contact=3&contact=1", (3, 1)),
        ("contact=1&contact=1", (1,)),
        ("contact=1&contact=abc&contact=-2&contact=&contact=1.5&contact=%00&contact=%D9%A3", (1,)),
        (f"contact={'9' * 19}&contact=2", (2,)),
        ("", ()),
        ("all=1&query=state%3DMN", None),
        ("all=1&query=", None),
        ("all=1&query=&contact=1", None),
        ("all=0&query=&contact=1", (1,)),
        ("all=yes&contact=1", (1,)),
        ("all=1", ()),
        ("all=1&contact=7", (7,)),
    ],
)
def test_a_form_chooses_ids_or_everything_that_matches(form: str, ids: tuple[int, ...] | None) -> None:
    assert Chosen.read(QueryDict(form)).ids == ids


def test_a_form_says_the_search_filters_and_order_of_the_list() -> None:
    form = QueryDict(mutable=True)
    form["query"] = "q=smith&state=MN&group=Past+clients&group=Realtors&sort=-updated&archived=perhaps"
    assert Chosen.read(form).selection == Selection(
        q="smith", state="MN", group=("Past clients", "Realtors"), sort="-updated"
    )


def test_at_most_ten_thousand_contacts_are_picked_one_by_one_and_a_form_can_carry_them() -> None:
    form = QueryDict(mutable=True)
    form.setlist("contact", [str(pk) for pk in range(1, MOST_IDS + 6)])
    ids = Chosen.read(form).ids
    assert ids == tuple(range(1, MOST_IDS + 1))
    assert MOST_IDS < settings.DATA_UPLOAD_MAX_NUMBER_FIELDS


def test_everything_that_matches_is_what_the_list_shows(installation: Installation) -> None:
    here, gone = make(installation, 1, state="MN"), make(installation, 2, state="MN", gone_at=clock.now())
    make(installation, 3, state="WI")
    chosen = Chosen.read(QueryDict("all=1&query=state%3DMN"))
    assert list(chosen.apply(Contact.objects.all(), installation)) == [here]
    chosen = Chosen.read(QueryDict("all=1&query=gone%3Dyes"))
    assert list(chosen.apply(Contact.objects.all(), installation)) == [gone]


@pytest.mark.parametrize("everything", [True, False])
def test_choosing_never_widens_what_a_person_may_see(
    world: World, installation: Installation, everything: bool
) -> None:
    elsewhere = installations.get_or_create(world.organization(BLUEWATER), world.environment)
    mine, hidden, foreign = make(installation, 1), make(installation, 2), make(elsewhere, 1)
    form = QueryDict(mutable=True)
    form.setlist("contact", [str(row.pk) for row in (mine, hidden, foreign)])
    if everything:
        form["all"], form["query"] = "1", ""
    seen = Contact.objects.exclude(pk=hidden.pk)
    assert list(Chosen.read(form).apply(seen, installation)) == [mine]


def test_as_many_contacts_as_can_be_picked_are_found(installation: Installation) -> None:
    row = make(installation, 1)
    chosen = Chosen(Selection(), tuple(range(row.pk, row.pk + MOST_IDS)))
    assert list(chosen.apply(Contact.objects.all(), installation)) == [row]

"""The panel of encryption keys on Settings."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from portal.core import clock
from portal.encryption import known_keys, rotation, status
from portal.encryption.known_keys import KnownKeys
from portal.encryption.status import Stand
from tests.portal.encryption.keys import entry, put_in_front, take_out
from tests.portal.people import person, with_app
from tests.portal.scene import OWN, build

pytestmark = pytest.mark.django_db


def stands() -> dict[str, Stand]:
    return {state.id: state.stand for state in status.survey()}


def steps() -> dict[str, str]:
    states = status.survey()
    others = sum(state.values for state in states[1:])
    return {state.id: status.next_step(state, others) for state in states}


def settings_page(operator: Any) -> str:
    client = Client()
    client.force_login(operator)
    return client.get(reverse("settings")).content.decode()


@pytest.mark.parametrize("visitor", [*OWN, "admin elsewhere", "nobody"])
def test_only_operators_see_the_keys(visitor: str) -> None:
    scene = build()
    client = Client()
    client.force_login(scene.people[visitor])
    page = client.get(reverse("settings"))
    assert (page.status_code == 200) is (visitor == "operator")
    assert ("Encryption keys" in page.content.decode()) is (visitor == "operator")


def test_the_way_of_a_key_from_new_to_gone(settings: Any) -> None:
    with_app(person("ada@cedar.example"))
    known_keys.report("web")
    assert stands() == {"test": Stand.SEALS} and steps() == {"test": "Nothing to do."}

    clock.advance(60)
    settings.ENCRYPTION_KEYS = f"{settings.ENCRYPTION_KEYS},{entry('new')}"
    assert stands() == {"test": Stand.SEALS, "new": Stand.NEXT}
    assert "1 of the running processes" in steps()["new"]
    known_keys.report("web")
    assert stands()["new"] == Stand.NEXT
    assert "Move it to the front" in steps()["new"]

    settings.ENCRYPTION_KEYS = ",".join(reversed(settings.ENCRYPTION_KEYS.split(",")))
    known_keys.report("web")
    assert stands() == {"new": Stand.SEALS, "test": Stand.OPENS}
    assert "rotate_keys" in steps()["new"]

    rotation.rotate()
    KnownKeys.objects.update(keys=["test", "new"])
    assert stands() == {"new": Stand.SEALS, "test": Stand.OPENS}
    assert "a running process still seals with it" in steps()["test"]
    known_keys.report("web")
    assert stands() == {"new": Stand.SEALS, "test": Stand.UNUSED}
    assert "take it out" in steps()["test"]

    take_out(settings)
    assert stands() == {"new": Stand.SEALS}


def test_a_missing_key_is_shown_with_how_many_values_it_holds(settings: Any) -> None:
    operator = person("olivia@partner.example", operator=True)
    put_in_front(settings)
    take_out(settings)
    page = settings_page(operator)
    assert "Missing" in page and "Add it to ENCRYPTION_KEYS again" in page
    (state,) = status.missing(status.survey())
    assert (state.id, state.values) == ("test", 1)


def test_a_process_that_does_not_know_the_sealing_key_is_named(settings: Any) -> None:
    operator = person("olivia@partner.example", operator=True)
    known_keys.report("worker")
    assert "Restart worker" not in settings_page(operator)
    put_in_front(settings)
    assert f"Restart {known_keys.name_of('worker')}" in settings_page(operator)


def test_no_key_itself_is_on_the_page(settings: Any) -> None:
    put_in_front(settings)
    page = settings_page(person("olivia@partner.example", operator=True))
    assert not any(pair.partition(":")[2] in page for pair in settings.ENCRYPTION_KEYS.split(","))

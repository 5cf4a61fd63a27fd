"""The status of encryption keys, and what operators see of it in Settings."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from portal.core import clock
from portal.encryption import key_status, known_keys, rotation
from portal.encryption.key_status import KeyState
from portal.encryption.known_keys import KnownKeys
from tests.portal.encryption.keys import entry, put_in_front, take_out
from tests.portal.people import person, with_app
from tests.portal.scene import OWN, build

pytestmark = pytest.mark.django_db


def states() -> dict[str, KeyState]:
    return {status.id: status.state for status in key_status.survey()}


def steps() -> dict[str, str]:
    statuses = key_status.survey()
    others = sum(status.values for status in statuses[1:])
    return {status.id: key_status.next_step(status, others) for status in statuses}


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


def test_every_step_of_replacing_a_key_has_its_state_and_its_next_step(settings: Any) -> None:
    with_app(person("ada@cedar.example"))
    known_keys.report("web")
    assert states() == {"test": KeyState.ACTIVE} and steps() == {"test": "Nothing to do."}

    clock.advance(60)
    settings.ENCRYPTION_KEYS = f"{settings.ENCRYPTION_KEYS},{entry('new')}"
    assert states() == {"test": KeyState.ACTIVE, "new": KeyState.NEXT}
    assert "1 running process can't use this key yet" in steps()["new"]
    known_keys.report("web")
    assert states()["new"] == KeyState.NEXT
    assert "Move it to the front" in steps()["new"]

    settings.ENCRYPTION_KEYS = ",".join(reversed(settings.ENCRYPTION_KEYS.split(",")))
    known_keys.report("web")
    assert states() == {"new": KeyState.ACTIVE, "test": KeyState.DECRYPT_ONLY}
    assert "rotate_keys" in steps()["new"]

    rotation.rotate()
    KnownKeys.objects.update(keys=["test", "new"])
    assert states() == {"new": KeyState.ACTIVE, "test": KeyState.DECRYPT_ONLY}
    assert "a running process still encrypts with it" in steps()["test"]
    known_keys.report("web")
    assert states() == {"new": KeyState.ACTIVE, "test": KeyState.UNUSED}
    assert "Remove this key" in steps()["test"]

    take_out(settings)
    assert states() == {"new": KeyState.ACTIVE}


def test_a_missing_key_is_shown_with_the_number_of_its_values(settings: Any) -> None:
    operator = person("olivia@partner.example", operator=True)
    put_in_front(settings)
    take_out(settings)
    page = settings_page(operator)
    assert "Missing" in page and "Add this key to the end of ENCRYPTION_KEYS" in page
    (status,) = key_status.missing(key_status.survey())
    assert (status.id, status.values) == ("test", 1)


def test_a_process_without_the_active_key_is_named(settings: Any) -> None:
    operator = person("olivia@partner.example", operator=True)
    known_keys.report("worker")
    assert "Restart worker" not in settings_page(operator)
    put_in_front(settings)
    assert f"Restart {known_keys.name_of('worker')}." in settings_page(operator)


def test_the_page_does_not_contain_the_keys_themselves(settings: Any) -> None:
    put_in_front(settings)
    page = settings_page(person("olivia@partner.example", operator=True))
    assert not any(pair.partition(":")[2] in page for pair in settings.ENCRYPTION_KEYS.split(","))

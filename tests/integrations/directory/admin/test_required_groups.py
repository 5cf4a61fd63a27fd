"""Required groups in Django's admin: the actions are those of the portal's own page."""

import pytest
from django.test import Client
from django.urls import reverse

from integrations.directory import required_groups
from integrations.directory.models import RequiredGroup
from portal.audit.models import Entry
from tests.portal.scene import Scene, build

pytestmark = pytest.mark.django_db

State = RequiredGroup.State


@pytest.fixture
def scene() -> Scene:
    return build()


@pytest.fixture
def browser(scene: Scene) -> Client:
    client = Client()
    client.force_login(scene.people["operator"])
    return client


def act(browser: Client, row: RequiredGroup, action: str) -> str:
    address = reverse("admin:directory_requiredgroup_action", args=[row.pk, action])
    assert row.name in browser.get(address).content.decode(), "it asks first"
    page = browser.post(address, {"confirmed": "yes"}, follow=True).content.decode()
    row.refresh_from_db()
    return page


def test_an_operator_requires_dismisses_and_releases(scene: Scene, browser: Client) -> None:
    row, other = (required_groups.suggest(scene.installation, name) for name in ("Leads", "VIP"))
    assert row is not None and other is not None
    act(browser, row, "require")
    assert (row.state, row.recorded_by) == (State.REQUIRED, scene.people["operator"])
    act(browser, other, "dismiss")
    assert other.state == State.DISMISSED
    act(browser, row, "release")
    assert row.state == State.RELEASED
    assert Entry.objects.filter(object_id=str(row.pk), object_type="directory.requiredgroup").count() == 3


@pytest.mark.parametrize(
    ("state", "action"),
    [
        (State.REQUIRED, "require"),
        (State.REQUIRED, "dismiss"),
        (State.RELEASED, "release"),
        (State.RELEASED, "dismiss"),
        (State.SUGGESTED, "release"),
        (State.DISMISSED, "dismiss"),
    ],
)
def test_an_action_that_does_not_fit_the_state_is_refused(
    scene: Scene, browser: Client, state: str, action: str
) -> None:
    row = scene.required_group()
    RequiredGroup.objects.filter(pk=row.pk).update(state=state)
    assert "This group is" in act(browser, row, action)
    assert row.state == state
    address = reverse("admin:directory_requiredgroup_change", args=[row.pk])
    assert f"/action/{action}/" not in browser.get(address).content.decode()

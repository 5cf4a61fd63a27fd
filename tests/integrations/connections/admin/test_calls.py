"""The call log in Django's admin."""

import pytest
from django.test import Client

from integrations.connections.models import Call
from tests.portal.admin_objects import call, more
from tests.portal.scene import Scene, build

pytestmark = pytest.mark.django_db
LIST = "/admin/connections/call/"


@pytest.fixture
def scene() -> Scene:
    return build()


@pytest.fixture
def browser(scene: Scene) -> Client:
    client = Client()
    client.force_login(scene.people["operator"])
    return client


def test_the_calls_of_one_connection_or_job_are_listed_and_filtered(scene: Scene, browser: Client) -> None:
    failed, fine = call(scene), call(scene)
    Call.objects.filter(pk=fine.pk).update(status=200, job=scene.job.pk)
    more(scene)

    def found(**query: object) -> list[Call]:
        return list(browser.get(LIST, query).context["cl"].result_list)

    assert len(found()) == 3
    assert found(connection=scene.connection.pk) == [fine, failed]
    assert found(connection=scene.connection.pk, show="failed") == [failed]
    assert found(job=scene.job.pk) == [fine]
    assert found(connection="00000000-0000-0000-0000-000000000000") == found(connection="x") == []


def test_all_calls_are_not_searched_for_the_failed_ones(scene: Scene, browser: Client) -> None:
    call(scene)
    assert browser.get(LIST, {"show": "failed"}).status_code == 400
    assert not browser.get(LIST).context["cl"].has_filters

"""Token requests made ready from rows: nothing is sent where it may not go, nor by an application that was refused."""

from typing import Any

import pytest

from integrations.connections.models import ApplicationCredential
from integrations.connections.tokens import requests
from integrations.total_expert import ReconnectRequired, Rejected
from tests.world import CEDAR, World

pytestmark = pytest.mark.django_db


def test_a_request_is_made_ready_without_being_sent(world: World) -> None:
    theirs = world.sandbox.organization(CEDAR)
    send = requests.client_credentials(
        world.environment, theirs["client_id"], theirs["client_secret"], egress=None
    )
    assert world.sandbox.requests("/v1/token") == []
    assert send().access_token
    assert len(world.sandbox.requests("/v1/token")) == 1


def test_a_host_that_is_not_allowed_any_more_is_not_called(world: World, settings: Any) -> None:
    settings.ENVIRONMENT_HOSTS = ["api.example"]
    with pytest.raises(Rejected, match="may not call this host") as refused:
        requests.client_credentials(world.environment, "id", "secret", egress=None)
    assert refused.value.code == "host_not_allowed"


def test_an_application_that_was_refused_is_not_tried_again_until_it_is_entered_anew(world: World) -> None:
    connection = world.consented(world.member("officer"))
    assert requests.reject_application(world.environment).code == "application_refused"
    with pytest.raises(Rejected, match="No access is lost"):
        requests.refresh(connection, "a-refresh-token")
    with pytest.raises(Rejected, match="Sandbox"):
        requests.exchange_code(
            connection, code="a-code", redirect_uri="http://localhost:8000/oauth/callback/sandbox/"
        )


def test_without_an_application_an_operator_is_asked_for_one(world: World) -> None:
    connection = world.consented(world.member("officer"))
    ApplicationCredential.objects.all().delete()
    with pytest.raises(ReconnectRequired, match="An operator can enter them"):
        requests.refresh(connection, "a-refresh-token")


def test_what_is_made_ready_shows_no_secret(world: World) -> None:
    connection = world.consented(world.member("officer"))
    shown = repr(requests.refresh(connection, "canary-refresh"))
    assert "canary" not in shown

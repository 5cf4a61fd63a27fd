"""Addresses of proxies: only where it is allowed, read by everybody in the same way, each one once."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from integrations.connections.client import client_for
from integrations.connections.limits import egress
from integrations.connections.models import Egress
from integrations.total_expert import Rejected
from tests.world import World

pytestmark = pytest.mark.django_db
ALLOWED = "https://proxy.example:3128"


def add(url: str, name: str = "second") -> Egress:
    return egress.add_proxy(name=name, label=name.title(), proxy_url=url, actor=None)


@pytest.fixture(autouse=True)
def hosts(settings: Any) -> None:
    settings.PROXY_HOSTS = ["proxy.example:3128", "other.example", "::1"]


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1:3128",
        "https://proxy.example:3129",
        "https://proxy.example",
        "https://proxy.example:0",
        "https://proxy.example:3128/path",
        "https://proxy.example:3128?query",
        "ftp://proxy.example:3128",
        r"https://127.0.0.1:3128\@proxy.example:3128",
        r"https://127.0.0.1:3128\.proxy.example:3128",
        "https://127.0.0.1:9#@proxy.example:3128",
        "https://127.0.0.1:9/@proxy.example:3128",
        "https://bob:a\r\nb@proxy.example:3128",
        "https://bob:a b@proxy.example:3128",
        "https://[::1]@proxy.example:3128:1",
        "https://proxy.example:3128\t",
        "https://prоxy.example:3128",
        "http://bob:word@proxy.example:3128",
        "https://",
        "",
    ],
)
def test_an_address_that_is_not_allowed_or_not_plain_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        add(url)
    assert not Egress.objects.filter(name="second").exists()


@pytest.mark.parametrize(
    "url",
    [ALLOWED, "https://bob:word@proxy.example:3128/", "https://other.example:8080", "http://[::1]:3128"],
)
def test_an_allowed_one_is_taken(url: str) -> None:
    assert egress.proxies_for(add(url)) == {"http": url, "https": url}


def test_one_proxy_is_one_source_address_whatever_its_user(world: World) -> None:
    add(ALLOWED)
    with pytest.raises(ValidationError, match="already added as “Second”"):
        add("https://bob:word@PROXY.example:3128", "third")
    assert add("https://other.example:3128", "third")


def test_another_password_is_taken_and_another_address_is_another_source(world: World) -> None:
    way = add("https://bob:old@proxy.example:3128")
    egress.change_proxy(way, label="Renamed", proxy_url="https://bob:new@proxy.example:3128", actor=None)
    assert "new" in str(Egress.objects.get(pk=way.pk).proxy_url)
    with pytest.raises(ValidationError, match="Add it"):
        egress.change_proxy(way, label="Renamed", proxy_url="https://other.example:3128", actor=None)


def test_one_that_is_not_allowed_any_more_is_not_used(world: World, settings: Any) -> None:
    connection = world.connected()
    egress.assign_egress(connection, add(ALLOWED), actor=None)
    settings.PROXY_HOSTS = []
    with pytest.raises(Rejected, match="“Second” can't be used"), client_for(connection):
        pass

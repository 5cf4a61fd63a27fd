"""Which URLs an environment accepts."""

import pytest

from integrations.total_expert import PRODUCTION, Environment


def environment(base_url: str, authorize_url: str = "https://host.example/v1/authorize") -> Environment:
    return Environment("test", base_url, authorize_url)


def test_production_is_the_public_host_of_the_vendor() -> None:
    assert PRODUCTION.base_url == "https://public.totalexpert.net/v1"
    assert PRODUCTION.token_url == "https://public.totalexpert.net/v1/token"
    assert PRODUCTION.origin == "https://public.totalexpert.net"


def test_a_trailing_slash_is_removed() -> None:
    assert environment("https://host.example/v1/").base_url == "https://host.example/v1"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8001/v1", "http://127.8.9.1/v1", "http://[::1]:80/v1", "http://localhost/v1"]
)
def test_plain_http_is_accepted_for_this_machine(url: str) -> None:
    assert environment(url, url).base_url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://host.example/v1",
        "http://127.0.0.1.host.example/v1",
        "http://localhost.example/v1",
        "http://0x7f000001/v1",
        "ftp://host.example/v1",
        "https:///v1",
        "host.example/v1",
        "https://user:secret@host.example/v1",
        "https://@host.example/v1",
        "https://host.example/v1?a=b",
        "https://host.example/v1#a",
        "https://host.example:port/v1",
        "https://host.example\\@evil.example/v1",
        "https://host.example/v1\n",
        "https://höst.example/v1",
        "https://[::1/v1",
        "",
    ],
)
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="URL"):
        environment(url)
    with pytest.raises(ValueError, match="URL"):
        environment("https://host.example/v1", url)

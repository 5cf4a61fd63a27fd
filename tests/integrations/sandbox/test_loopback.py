"""Which hosts and URLs are this machine."""

import pytest

from integrations.sandbox.loopback import is_loopback, is_loopback_url


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1"])
def test_loopback_hosts_are_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/", "https://receiver.example/", "http://localhost.example/", "http://127.0.0.1.example/",
        "http://0.0.0.0/", "http://[::2]/", "http://2130706433/", "http:///",
    ],
)  # fmt: skip
def test_other_urls_are_not(url: str) -> None:
    assert not is_loopback_url(url)

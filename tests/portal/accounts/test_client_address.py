"""The client's IP address, whatever shape its header has."""

import ipaddress

import pytest
from django.http import HttpRequest
from hypothesis import given
from hypothesis import strategies as st

from portal.accounts.client_address import client_address, parse


@pytest.mark.parametrize(
    ("header", "proxies", "address"),
    [
        ("203.0.113.7", 1, "203.0.113.7"),
        ("10.0.0.1, 203.0.113.7", 1, "203.0.113.7"),
        ("203.0.113.7, 10.0.0.1", 2, "203.0.113.7"),
        ("203.0.113.7:4711", 1, "203.0.113.7"),
        ("2001:DB8::1", 1, "2001:db8::1"),
        ("[2001:db8::1]", 1, "2001:db8::1"),
        ("[2001:db8::1]:4711", 1, "2001:db8::1"),
        ("fe80::1%eth0", 1, "fe80::1"),
        ("unknown, 203.0.113.7", 1, "203.0.113.7"),
        ("unknown", 1, None),
        ("203.0.113.7", 2, None),
        ("", 1, None),
        (",", 1, None),
        ("203.0.113.7,", 1, None),
        ("203.0.113.7, unknown", 1, None),
        ("_hidden", 1, None),
        ("999.0.0.1", 1, None),
        ("203.0.113.7 10.0.0.1", 1, None),
        ("for=203.0.113.7", 1, None),
        ("[", 1, None),
        ("\x00", 1, None),
        ("unknown", 0, "127.0.0.1"),
    ],
)
def test_the_address_is_what_the_trusted_proxy_saw(
    settings, header: str, proxies: int, address: str | None
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    request = HttpRequest()
    request.META = {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": header}
    assert client_address(request) == address


@given(st.text(alphabet="0123456789abcdef.:[]%, \x00ü"))
def test_any_header_is_an_address_or_none(written: str) -> None:
    found = parse(written)
    assert found is None or "%" not in str(ipaddress.ip_address(found))

"""Control endpoints and start page: open to this machine, closed to pages of other sites."""

from collections.abc import Iterable
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from integrations.sandbox.control.local_only import LocalOnlyMiddleware


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [b"taken"]


def call(path: str, host: str = "127.0.0.1:8001", **headers: str) -> TestResponse:
    return Client(LocalOnlyMiddleware(application)).post(path, headers={"Host": host, **headers})


@pytest.mark.parametrize("host", ["127.0.0.1:8001", "localhost", "[::1]:8001", "127.0.0.2"])
def test_programs_on_this_machine_are_allowed(host: str) -> None:
    assert call("/_sandbox/clock", host).status_code == 200


def test_the_sandboxs_own_pages_are_allowed() -> None:
    assert call("/_sandbox/clock", Origin="http://127.0.0.1:8001").status_code == 200


@pytest.mark.parametrize(
    ("host", "headers"),
    [
        ("evil.example", {}),
        ("127.0.0.1.evil.example:8001", {}),
        ("", {}),
        ("[::1", {}),
        ("127.0.0.1:8001", {"Origin": "https://evil.example"}),
        ("127.0.0.1:8001", {"Origin": "null"}),
        ("127.0.0.1:8001", {"Sec-Fetch-Site": "cross-site"}),
    ],
)
@pytest.mark.parametrize("path", ["/", "/_sandbox/clock", "//_sandbox/credentials"])
def test_a_page_of_another_site_is_rejected(path: str, host: str, headers: dict[str, str]) -> None:
    response = call(path, host, **headers)
    assert response.status_code == 403
    assert b"taken" not in response.data


def test_the_api_responds_to_any_host_name() -> None:
    assert call("/v1/token", "api.example").status_code == 200


def test_a_link_on_another_site_may_lead_to_the_start_page_only() -> None:
    link = {"Host": "127.0.0.1:8001", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    client = Client(LocalOnlyMiddleware(application))
    assert client.get("/", headers=link).status_code == 200
    assert client.post("/", headers=link).status_code == 403
    assert client.get("/_sandbox/credentials", headers=link).status_code == 403
    assert client.get("/", headers={**link, "Host": "evil.example"}).status_code == 403
    assert client.get("/", headers={**link, "Sec-Fetch-Mode": "no-cors"}).status_code == 403


def test_another_site_reaches_the_consent_page_only_at_a_loopback_address() -> None:
    client = Client(LocalOnlyMiddleware(application))
    link = {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost:8000"}
    assert client.get("/v1/authorize", headers={"Host": "127.0.0.1:8001", **link}).status_code == 200
    assert client.get("/v1/authorize", headers={"Host": "evil.example", **link}).status_code == 403
    assert client.get("/v1/contacts", headers={"Host": "evil.example"}).status_code == 200

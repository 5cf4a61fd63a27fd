"""Content types that name a charset, and queries with too much in them."""

import io

import pytest
from django.conf import settings
from django.test import Client, RequestFactory

from portal.utf8_request import UTF8Request

CHARSETS = [
    "base64",
    "idna",
    "undefined",
    "hex",
    "rot13",
    "unicode_escape",
    "punycode",
    "utf-16",
    "utf-7",
    "latin-1",
    "nonsense",
    "zip",
]
FORM = "application/x-www-form-urlencoded"
KINDS = (FORM, "multipart/form-data; boundary=odd", "text/plain", "application/json")
CODE = "/accounts/login/code/confirm/"


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch, db: None) -> Client:
    """A browser for requests of the class that gunicorn's application makes."""
    monkeypatch.setattr("django.test.client.WSGIRequest", UTF8Request)
    return Client()


def test_the_application_makes_such_requests() -> None:
    # it is not imported here: it would start a thread
    assert "\napplication.request_class = UTF8Request\n" in (settings.BASE_DIR / "portal/wsgi.py").read_text()


@pytest.mark.parametrize("charset", [*CHARSETS, '"base64"', "utf-8''base64"])
def test_any_charset_gets_a_page(browser: Client, charset: str) -> None:
    kinds = [f"{kind}; charset={charset}" for kind in KINDS] + [f"{FORM}; charset*=utf-8''base64"]
    for kind in kinds:
        assert browser.generic("GET", f"{CODE}?q=%C3%BC", content_type=kind).status_code == 302
        assert browser.generic("POST", f"{CODE}?q=%C3%BC", b"code=x", content_type=kind).status_code == 302


def test_a_query_with_too_many_parameters_is_a_bad_request(browser: Client) -> None:
    query = "&".join(["q=1"] * (settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1))
    page = browser.generic("GET", f"/accounts/login/?{query}", content_type="text/plain; charset=idna")
    assert page.status_code == 400 and "Bad request" in page.content.decode()


def test_fields_are_read_as_utf_8(rf: RequestFactory) -> None:
    made = rf.post("/?q=%C3%BC", b"name=%C3%BC", content_type=f"{FORM}; charset=utf-16")
    request = UTF8Request({**made.environ, "wsgi.input": io.BytesIO(b"name=%C3%BC")})
    request.encoding = "utf-16"
    assert (request.GET["q"], request.POST["name"]) == ("ü", "ü")

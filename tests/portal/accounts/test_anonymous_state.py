"""What a visitor brings back in a signed cookie signs in once."""

import pytest
from django.contrib.auth import login
from django.contrib.auth.models import AnonymousUser
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from portal.accounts.anonymous_state import kept_in_cookie
from portal.accounts.models import User
from portal.accounts.session_store import SessionStore
from tests.portal.people import person

pytestmark = pytest.mark.django_db
COOKIE = "a_challenge"


@kept_in_cookie("challenge", cookie=COOKIE)
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in a person who knows the challenge, as the passkey page does."""
    if request.method == "GET":
        request.session["challenge"] = "four"
    elif request.POST["answer"] == request.session.get("challenge"):
        login(request, User.objects.get(), backend="django.contrib.auth.backends.ModelBackend")
        request.session.pop("challenge")
    return HttpResponse()


def send(request: HttpRequest, cookie: str = "") -> tuple[bool, str]:
    """Return whether a request signs in, and the cookie that it leaves."""
    request.session, request.user = SessionStore(), AnonymousUser()
    request.COOKIES[COOKIE] = cookie
    left = sign_in(request).cookies.get(COOKIE)
    return request.user.is_authenticated, left.value if left is not None else ""


def test_a_challenge_signs_in_once_even_if_a_failed_try_signed_it_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    person("ada@cedar.example")
    requests = RequestFactory()
    _, first = send(requests.get("/"))
    real = signing.time.time
    monkeypatch.setattr(signing.time, "time", lambda: real() + 5)
    is_in, second = send(requests.post("/", {"answer": "five"}), first)
    assert not is_in and second and second != first
    assert send(requests.post("/", {"answer": "four"}), first) == (True, "")
    for used in (first, second):
        assert send(requests.post("/", {"answer": "four"}), used)[0] is False

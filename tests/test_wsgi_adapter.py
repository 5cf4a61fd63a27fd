"""The adapter through which requests reaches an application in this process."""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
import requests
from werkzeug.wrappers import Request, Response

from tests.wsgi_adapter import WSGIAdapter

BASE = "https://api.example"


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    request = Request(environ)
    if request.path == "/drop":
        raise ConnectionAbortedError("cut")
    if request.path == "/slow":
        environ["sandbox.sleep"](float(request.args["seconds"]))
    if request.path == "/away":
        return Response("", status=302, headers={"Location": f"{BASE}/echo?from=away"})(
            environ, start_response
        )
    response = Response(
        "|".join(
            [request.method, request.full_path, request.get_data(as_text=True), request.headers.get("X-Test", ""),
             request.remote_addr or "", request.host, request.scheme, request.cookies.get("seen", "no")]
        )
    )  # fmt: skip
    response.set_cookie("seen", "yes")
    return response(environ, start_response)


@pytest.fixture
def session() -> requests.Session:
    made = requests.Session()
    made.mount(BASE, WSGIAdapter(application, remote_addr="10.1.2.3"))
    return made


def test_a_request_arrives_as_it_was_sent(session: requests.Session) -> None:
    answer = session.post(
        f"{BASE}/echo", params={"a": "b c"}, data="body", headers={"X-Test": "x"}, timeout=5
    )
    assert answer.text == "POST|/echo?a=b+c|body|x|10.1.2.3|api.example|https|no"
    assert answer.url == f"{BASE}/echo?a=b+c"
    assert answer.ok


def test_cookies_come_back(session: requests.Session) -> None:
    session.get(f"{BASE}/echo", timeout=5)
    assert session.get(f"{BASE}/echo", timeout=5).text.endswith("|yes")


def test_redirects_are_followed(session: requests.Session) -> None:
    answer = session.get(f"{BASE}/away", timeout=5)
    assert "from=away" in answer.text
    assert len(answer.history) == 1


def test_a_cut_connection_is_a_connection_error(session: requests.Session) -> None:
    with pytest.raises(requests.ConnectionError):
        session.get(f"{BASE}/drop", timeout=5)


@pytest.mark.parametrize("timeout", [2, (5, 2)])
def test_waiting_beyond_the_timeout_is_a_read_timeout(session: requests.Session, timeout: object) -> None:
    with pytest.raises(requests.ReadTimeout):
        session.get(f"{BASE}/slow?seconds=1000", timeout=timeout)  # type: ignore[arg-type]


def test_without_a_timeout_one_waits(session: requests.Session) -> None:
    assert session.get(f"{BASE}/slow?seconds=0.01", timeout=None).ok

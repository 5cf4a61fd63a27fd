"""Posting a webhook: limited in time, without redirects or proxies."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from integrations.sandbox.webhooks import http_post
from integrations.sandbox.webhooks.http_post import post
from tests.integrations.sandbox.receivers import ReceivingServer


def test_a_body_arrives_as_json_without_a_signature() -> None:
    with ReceivingServer() as receiver:
        assert post(receiver.url, b'{"id": 1}') == 200
    assert receiver.messages == [{"id": 1}]
    assert receiver.paths == ["/hooks/total-expert?from=sandbox"]
    headers = {name.lower() for name in receiver.headers[0]}
    assert headers == {"host", "accept-encoding", "content-type", "user-agent", "content-length"}


def test_a_redirect_is_not_followed() -> None:
    with ReceivingServer() as other, ReceivingServer(302, location=other.url) as receiver:
        assert post(receiver.url, b"{}") == 302
        assert other.messages == []


def test_proxies_from_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with ReceivingServer() as receiver:
        assert post(receiver.url, b"{}") == 200


def test_no_receiver_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(OSError):
        post(f"http://127.0.0.1:{port}/", b"{}")


@pytest.fixture
def trickling() -> Iterator[str]:
    """The URL of a receiver that sends one byte at a time."""
    over = threading.Event()

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            try:
                while not over.wait(0.05):
                    connection.sendall(b"H")
            except OSError:
                pass

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        over.set()
        thread.join(60)


def test_a_response_that_trickles_is_given_up(monkeypatch: pytest.MonkeyPatch, trickling: str) -> None:
    monkeypatch.setattr(http_post, "SECONDS", 0.3)
    began = time.monotonic()
    with pytest.raises((OSError, http_post.http.client.HTTPException)):
        post(trickling, b"{}")
    assert time.monotonic() - began < 30

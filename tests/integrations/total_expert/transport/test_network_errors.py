"""The errors of failed connections, over real sockets."""

import socket
import struct
import time

import pytest
import requests
import responses

from integrations.total_expert import (
    AnswerLost,
    Client,
    Environment,
    NotSent,
    Rejected,
    TotalExpertError,
)
from integrations.total_expert.transport import network_errors
from tests.integrations.total_expert.scripted_server import ScriptedServer, http_response
from tests.integrations.total_expert.transport.failing_call import failure


@pytest.mark.parametrize(
    "answer",
    [
        None,
        http_response(b'{"items": []', length=500),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        b"nonsense\r\n\r\n",
        http_response(b"not gzip", "200 OK", "Content-Encoding: gzip"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_a_broken_connection_raises_answer_lost(
    scripted: ScriptedServer, answer: bytes | None, method: str
) -> None:
    scripted.answer(answer)
    assert type(failure(scripted, method)) is AnswerLost


def test_a_reset_connection_raises_answer_lost(scripted: ScriptedServer) -> None:
    def reset(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    scripted.answer(reset)
    assert type(failure(scripted, "POST")) is AnswerLost


def test_a_read_timeout_raises_answer_lost(scripted: ScriptedServer) -> None:
    scripted.answer(lambda connection: time.sleep(0.3))
    assert type(failure(scripted, "POST", timeout=(1, 0.05))) is AnswerLost


def test_a_refused_connection_raises_not_sent(scripted: ScriptedServer) -> None:
    scripted.close()
    error = failure(scripted, "POST")
    assert type(error) is NotSent
    assert error.status is None
    assert "Nothing was sent" in str(error)


@pytest.mark.parametrize(
    "failed",
    [
        requests.exceptions.ConnectTimeout("connect timed out"),
        requests.ConnectionError(ConnectionRefusedError(111, "refused")),
    ],
)
def test_a_failed_connect_raises_not_sent(failed: Exception) -> None:
    assert type(network_errors.error_for_exception(failed, method="POST", path="/contacts")) is NotSent


def test_an_error_that_the_caller_was_handling_is_ignored(scripted: ScriptedServer) -> None:
    scripted.answer(None, None, None)
    with scripted.client() as client:
        try:
            raise ConnectionRefusedError(111, "the caller's own database")
        except ConnectionRefusedError:
            with pytest.raises(AnswerLost):
                client.contacts.create({"first_name": "Ada"})
    assert len(scripted.received) == 1


@pytest.mark.parametrize("proxy", ["ftp://127.0.0.1:1", "socks9://127.0.0.1:1", "http://"])
def test_an_unusable_proxy_url_is_rejected(scripted: ScriptedServer, proxy: str) -> None:
    error = failure(scripted, "POST", proxies={"http": proxy})
    assert isinstance(error, Rejected)
    assert error.code == "invalid_request"
    assert "Nothing was sent" in str(error)
    assert scripted.received == []


def test_an_unknown_host_raises_not_sent() -> None:
    with requests.Session() as session, pytest.raises(requests.ConnectionError) as failed:
        session.trust_env = False
        session.get("https://total-expert.invalid/v1")
    assert type(network_errors.error_for_exception(failed.value, method="POST", path="/contacts")) is NotSent


def test_an_unreachable_proxy_raises_not_sent(scripted: ScriptedServer) -> None:
    assert type(failure(scripted, "POST", proxies={"http": "http://127.0.0.1:1"})) is NotSent


@responses.activate
@pytest.mark.parametrize(
    "raised",
    [
        OSError("x"),
        requests.RequestException("x"),
        ValueError("x"),
        requests.exceptions.ChunkedEncodingError("x"),
    ],
)
def test_any_exception_of_the_http_library_becomes_one_of_the_three_errors(raised: Exception) -> None:
    responses.get("https://te.example/v1/contacts", body=raised)

    environment = Environment("x", "https://te.example/v1", "https://te.example/v1/authorize")
    with (
        Client(environment, token=lambda: "a-token", max_attempts=1) as client,
        pytest.raises(TotalExpertError),
    ):
        client.contacts.list()

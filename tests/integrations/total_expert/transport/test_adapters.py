"""Failed TLS handshakes: nothing was sent. After the handshake, a response can be lost."""

import contextlib
import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from integrations.total_expert import AnswerLost, Environment, NotSent, TotalExpertError, oauth
from integrations.total_expert.transport import sessions
from integrations.total_expert.transport.network_errors import NETWORK_ERRORS, error_for_exception
from tests.integrations.total_expert.scripted_server import ScriptedServer, http_response, read_request


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return file


def over_tls(certificate: Path, answer: bytes) -> Callable[[socket.socket], None]:
    """Return a script for a connection: a TLS handshake, the request, and the answer."""

    def script(connection: socket.socket) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as secure:
            read_request(secure)
            secure.sendall(answer)

    return script


class TLSServer(ScriptedServer):
    """A scripted server that leaves the first bytes of a connection to the script."""

    def __init__(self) -> None:
        super().__init__()
        base = self.environment.base_url.replace("http:", "https:")
        self.environment = Environment("tls", base, f"{base}/authorize")

    def _read(self, connection: socket.socket) -> bytes:
        return b""


@pytest.fixture
def server() -> Iterator[TLSServer]:
    """A server that the client calls over https."""
    running = TLSServer()
    yield running
    running.close()


def refresh_error(server: TLSServer, timeout: float = 20) -> TotalExpertError:
    """Return the error of a token request."""
    with pytest.raises(TotalExpertError) as failed:
        oauth.refresh(
            server.environment,
            client_id="an-id",
            client_secret="a-secret",
            refresh_token="a-token",
            timeout=(timeout, timeout),
        )
    return failed.value


@pytest.mark.parametrize("answer", [None, b"", http_response(b"{}"), b"\x15\x03\x01\x00\x02\x02\x28"])
def test_a_failed_handshake_raises_not_sent(server: TLSServer, answer: bytes | None) -> None:
    server.answer(answer)
    error = refresh_error(server)
    assert type(error) is NotSent
    assert error.code == "not_sent"


def test_a_handshake_that_times_out_raises_not_sent(server: TLSServer) -> None:
    released = threading.Event()
    server.answer(lambda connection: released.wait(60) and None)
    error = refresh_error(server, timeout=0.2)
    released.set()
    assert type(error) is NotSent


def test_a_certificate_that_is_not_trusted_raises_not_sent(server: TLSServer, certificate: Path) -> None:
    server.answer(over_tls(certificate, b""))
    error = refresh_error(server)
    assert (type(error), error.code) == (NotSent, "not_secure")


@pytest.mark.parametrize("answer", [b"", http_response(b'{"a": 1}', length=500)])
def test_a_connection_that_breaks_after_the_handshake_raises_answer_lost(
    server: TLSServer, certificate: Path, answer: bytes
) -> None:
    server.answer(over_tls(certificate, answer))
    session = sessions.configure_session(requests.Session(), server.environment)
    session.verify = str(certificate)
    with pytest.raises(NETWORK_ERRORS) as failed:
        session.post(server.environment.token_url, data="x", timeout=20)
    session.close()
    assert type(error_for_exception(failed.value, method="POST", path="/token")) is AnswerLost


def test_a_trusted_certificate_is_accepted(server: TLSServer, certificate: Path) -> None:
    server.answer(over_tls(certificate, http_response(b"[]")))
    session = sessions.configure_session(requests.Session(), server.environment)
    session.verify = str(certificate)
    assert session.post(server.environment.token_url, data="x", timeout=20).json() == []
    session.close()

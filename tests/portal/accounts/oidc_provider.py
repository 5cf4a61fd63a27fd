"""A small OpenID Connect provider on loopback that signs real ID tokens, and a sign-in through it."""

import base64
import hashlib
import json
import re
import threading
import time
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client
from django.urls import reverse

CLIENT_ID, CLIENT_SECRET = "portal", "client-secret-canary-51c0-as-long-as-HS256-needs"
ACCESS_TOKEN, REFRESH_TOKEN = "provider-access-canary-93aa", "provider-refresh-canary-0be2"
ADA = "ada@cedar.example"
#: A JWT: two parts of base64 JSON. The first three letters alone would match random text by chance.
SIGNED_JSON = re.compile(r"eyJ[\w-]+\.[\w-]+\.")


@lru_cache
def key_of(name: str) -> rsa.RSAPrivateKey:
    """Return the RSA key of this name, generated once."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Provider:
    """Sign in the person that ``claims`` describe. Replace ``signer`` and ``algorithm`` to forge ID tokens.

    ``configuration``, ``keys`` and ``token_answer`` (None: a valid one) are its answers. Replace them with invalid ones.
    """

    def __init__(self) -> None:
        self.key = self.signer = key_of("provider")
        self.algorithm = "RS256"
        self.claims: dict[str, Any] = {}
        self.user_info: dict[str, Any] = {}
        self.challenges: dict[str, str] = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.answer_get(self)

            def do_POST(self) -> None:
                provider.answer_token(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        self.configuration: Any = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }
        self.keys: Any = {"keys": [self._public_key()]}
        self.token_answer: Any = None
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def authorize(self, address: str, code: str = "a-code") -> dict[str, str]:
        """Return the parameters with which the provider redirects back from ``address``. The person is signed in there."""
        query = dict(parse_qsl(urlsplit(address).query))
        assert address.startswith(f"{self.issuer}/authorize?")
        assert query["client_id"] == CLIENT_ID and query["code_challenge_method"] == "S256"
        self.challenges[code] = query["code_challenge"]
        return {"code": code, "state": query["state"]}

    def answer_get(self, handler: BaseHTTPRequestHandler) -> None:
        if handler.path.startswith("/authorize?"):
            back = dict(parse_qsl(urlsplit(handler.path).query))["redirect_uri"]
            handler.send_response(302)
            handler.send_header("Location", f"{back}?{urlencode(self.authorize(self.issuer + handler.path))}")
            handler.end_headers()
            return
        pages = {
            "/.well-known/openid-configuration": self.configuration,
            "/keys": self.keys,
            "/userinfo": self.user_info,
        }
        self._send(handler, 200 if handler.path in pages else 404, pages.get(handler.path, {}))

    def answer_token(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        is_verified = challenge == self.challenges.pop(form["code"], None)
        if form.get("client_secret") != CLIENT_SECRET or not is_verified:
            self._send(handler, 400, {"error": "invalid_grant"})
            return
        if self.token_answer is not None:
            self._send(handler, 200, self.token_answer)
            return
        answer = {"access_token": ACCESS_TOKEN, "refresh_token": REFRESH_TOKEN, "token_type": "Bearer"}
        self._send(handler, 200, {**answer, "expires_in": 3600, "id_token": self._id_token()})

    def _id_token(self) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, **self.claims}
        signer: Any = CLIENT_SECRET if self.algorithm == "HS256" else self.signer
        return jwt.encode(claims, signer, algorithm=self.algorithm, headers={"kid": "k1"})

    def _public_key(self) -> dict[str, Any]:
        found = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {**found, "kid": "k1", "use": "sig", "alg": "RS256"}

    def _send(self, handler: BaseHTTPRequestHandler, status: int, answer: Any) -> None:
        body = json.dumps(answer).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


def sign_in(client: Client, provider: Provider, query: str = "") -> Any:
    """Start a sign-in, let the provider redirect back, and return the portal's response."""
    begun = client.get(reverse("single_sign_on") + query)
    return client.get(reverse("openid_connect_callback"), provider.authorize(begun.url))


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session

"""A sandbox in a process of its own."""

import subprocess
import sys
import time
from types import TracebackType
from typing import Any

import requests

from tests.integrations.sandbox.clients import Caller


class Process:
    """`python -m integrations.sandbox` on a free port."""

    def __init__(self, *options: str) -> None:
        command = [sys.executable, "-m", "integrations.sandbox", "--port", "0", *options]
        self.popen = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.popen.stdout is not None
        first = self.popen.stdout.readline()
        assert first.startswith("Sandbox at "), first
        self.base = first.split()[2].rstrip("/")

    def __enter__(self) -> "Process":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.communicate(timeout=60)

    def get_control(self, name: str) -> Any:
        return requests.get(f"{self.base}/_sandbox/{name}", timeout=60).json()

    def post_control(self, name: str, body: Any) -> Any:
        return requests.post(f"{self.base}/_sandbox/{name}", json=body, timeout=60).json()

    def token(self) -> str:
        own = self.get_control("credentials")["organizations"][0]
        auth = (own["client_id"], own["client_secret"])
        body = {"grant_type": "client_credentials"}
        response = requests.post(f"{self.base}/v1/token", json=body, auth=auth, timeout=60)
        return str(response.json()["access_token"])

    def caller(self, token: str | None = None) -> "RemoteCaller":
        return RemoteCaller(requests.Session(), token or self.token(), self.base)

    def stop(self) -> float:
        """Stop the process. Return the number of seconds that took."""
        began = time.monotonic()
        self.popen.terminate()
        self.popen.wait(timeout=60)
        return time.monotonic() - began


class RemoteCaller(Caller):
    """A client with a token that calls a process."""

    def __init__(self, session: requests.Session, token: str, base: str) -> None:
        super().__init__(session, token)
        self.base = base

    def call(self, method: str, path: str, **arguments: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.session.request(
            method, f"{self.base}/v1/{path}", headers=headers, timeout=60, **arguments
        )

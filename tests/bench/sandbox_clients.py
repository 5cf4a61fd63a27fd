"""How many requests a second the sandbox answers to 32 clients at once, reading and writing, each over a connection of
its own; and how many of them go wrong.
"""

import http.client
import json
import random
import tempfile
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.bench.__main__ import Figure
from tests.integrations.sandbox.processes import Process

CLIENTS, SECONDS, CONTACTS = 32, 10.0, 20_000
TARGET = 100.0


def measure() -> dict[str, Figure]:
    """Requests a second; met only where none of them failed."""
    with tempfile.TemporaryDirectory() as folder:
        options = (
            "--organizations",
            "1",
            "--contacts",
            str(CONTACTS),
            "--data",
            str(Path(folder) / "sandbox.db"),
        )
        with Process(*options, "--calls-per-minute", "0", "--tokens-per-hour", "0") as server:
            token = server.token()
            owner = server.get_control("credentials")["organizations"][0]["users"][1]["id"]
            clients = [Client(server.base, token, owner, number) for number in range(CLIENTS)]
            threads = [threading.Thread(target=client.work) for client in clients]
            began = time.monotonic()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            took = time.monotonic() - began
    done = sum(client.done for client in clients)
    errors = [error for client in clients for error in client.errors]
    rate = done / took
    return {
        "sandbox-clients": {
            "measured": round(rate, 1),
            "target": TARGET,
            "unit": "requests/s",
            "met": rate >= TARGET and not errors,
            "detail": f"{CLIENTS} clients for {SECONDS:.0f} s, one write in four, {CONTACTS:,} contacts:"
            f" {done:,} answers, {len(errors)} errors{': ' + errors[0] if errors else ''}",
        }
    }


class Client:
    """One client: asks one thing after the other until the time is over."""

    def __init__(self, base: str, token: str, owner: int, number: int) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=60)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._owner = owner
        self._random = random.Random(number)
        self._number = number
        self.done = 0
        self.errors: list[str] = []

    def work(self) -> None:
        """Ask until the time is over."""
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            page = self._random.randrange(1, CONTACTS // 100)
            sort = self._random.choice(("", "&sort=-internal_updated_at"))
            self._ask("GET", f"/v1/contacts?page[size]=100&page[number]={page}{sort}", 200)
            self._ask("GET", f"/v1/contacts/{100_001 + self._random.randrange(CONTACTS)}", 200)
            self._ask("GET", "/v1/contacts?filter=last_name_contains=son", 200)
            body = {
                "first_name": f"Client {self._number}",
                "last_name": f"Turn {self.done}",
                "email": "client@mail.example",
                "source": "Bench",
                "owner": {"id": self._owner},
            }
            self._ask("POST", "/v1/contacts", 201, body)

    def _ask(self, method: str, path: str, expected: int, body: dict[str, Any] | None = None) -> None:
        try:
            self._connection.request(method, path, json.dumps(body) if body else None, self._headers)
            answer = self._connection.getresponse()
            answer.read()
            if answer.status != expected:
                self.errors.append(f"{method} {path}: {answer.status}")
        except (OSError, http.client.HTTPException) as error:
            self.errors.append(f"{method} {path}: {error!r}")
            self._connection.close()
        self.done += 1

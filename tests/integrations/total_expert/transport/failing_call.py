"""A call that fails."""

from typing import Any

import pytest

from integrations.total_expert import TotalExpertError
from tests.integrations.total_expert.scripted_server import ScriptedServer


def failure(scripted: ScriptedServer, method: str = "GET", **options: Any) -> TotalExpertError:
    """Return the error of a call that is sent once."""
    body = None if method == "GET" else {"first_name": "Clark"}
    with scripted.client(max_attempts=1, **options) as client, pytest.raises(TotalExpertError) as failed:
        client.request(method, "contacts", json=body)
    return failed.value

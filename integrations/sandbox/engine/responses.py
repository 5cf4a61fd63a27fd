"""What the emulator answers: JSON bodies with a status, and the refusals the vendor documents."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from werkzeug.wrappers import Response

INSUFFICIENT_SCOPE = {
    "error": "insufficient_scope",
    "error_description": "The request requires higher privileges than provided by the access token",
}


@dataclass
class Answer:
    """A status, a body (text already encoded as JSON, or a value to encode) and extra headers."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """This answer as a WSGI response."""
        text = self.body if isinstance(self.body, str) else json.dumps(self.body)
        kind = self.headers.get("Content-Type", "application/json")
        return Response(text, status=self.status, headers=self.headers, content_type=kind)


class Refusal(Exception):
    """A request that is answered with an error. `error`, under `name`, and `description` become the body."""

    def __init__(
        self,
        status: int,
        error: str,
        description: str = "",
        *,
        headers: dict[str, str] | None = None,
        name: str = "error",
    ) -> None:
        super().__init__(error)
        self.status = status
        self.body = {name: error} | ({"error_description": description} if description else {})
        self.headers = headers or {}

    def answer(self) -> Answer:
        """The answer that tells the client."""
        return Answer(self.status, self.body, self.headers)


def not_found() -> Refusal:
    """The refusal of an unknown address or id."""
    return Refusal(404, "Not Found")


def insufficient_scope() -> Refusal:
    """The refusal of a call whose token does not reach far enough."""
    return Refusal(401, INSUFFICIENT_SCOPE["error"], INSUFFICIENT_SCOPE["error_description"])


def in_use(reason: str) -> Refusal:
    """The refusal of a deletion: what the record is needed for. The vendor documents neither status nor wording."""
    return Refusal(409, f"Unable to delete: {reason}")


def target_not_found(relationship: str) -> Refusal:
    """The refusal of a write that names a related record nobody can find."""
    return Refusal(422, f"Unable to find target for relationship: '{relationship}'")

"""What a view is given: the sandbox and one request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from werkzeug.wrappers import Request

from ..engine import request_body
from ..engine.errors import ApiError
from .sandbox import Sandbox


@dataclass
class Context:
    """One request to the sandbox. A view sets `client_id`, for the request log, once it knows the caller."""

    sandbox: Sandbox
    request: Request
    client_id: str | None = None

    def json(self, *, empty: bytes = b"") -> Any:
        """Return the JSON value of the body; `empty` stands in for an empty one.

        Raise `ApiError` (400) if the body is not JSON.
        """
        try:
            return request_body.decode(self.request.get_data() or empty)
        except ValueError:
            raise ApiError(400, "Unable to parse JSON") from None

"""Responses of the API and of the control endpoints: a status, a JSON body and headers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from werkzeug.wrappers import Response


@dataclass
class ApiResponse:
    """A response to build.

    `body` is JSON text, or a value to encode as JSON. `headers` are sent in addition to the content type.
    """

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)

    def to_wsgi(self) -> Response:
        """Return the response as a WSGI application."""
        text = self.body if isinstance(self.body, str) else json.dumps(self.body)
        content_type = self.headers.get("Content-Type", "application/json")
        return Response(text, status=self.status, headers=self.headers, content_type=content_type)

"""A requests adapter that gives every request the same response."""

import io
from typing import Any

import requests


class FixedResponseAdapter(requests.adapters.BaseAdapter):
    """Gives every request the same response."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        super().__init__()
        self._status, self._headers, self._body = status, headers, body

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Return the response."""
        response = requests.Response()
        response.status_code, response.url, response.request = self._status, str(request.url), request
        response.headers.update(self._headers)
        response.raw = io.BytesIO(self._body)
        return response

    def close(self) -> None:
        """Do nothing."""

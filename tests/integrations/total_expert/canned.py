"""An adapter that answers everything alike."""

import io
from typing import Any

import requests


class Canned(requests.adapters.BaseAdapter):
    """Answers everything alike."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        super().__init__()
        self._status, self._headers, self._body = status, headers, body

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """The one answer."""
        response = requests.Response()
        response.status_code, response.url, response.request = self._status, str(request.url), request
        response.headers.update(self._headers)
        response.raw = io.BytesIO(self._body)
        return response

    def close(self) -> None:
        """Nothing is held open."""

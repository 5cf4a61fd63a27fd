"""Requests are UTF-8, as the portal's pages are, whatever charset their content type names.

Django decodes with any codec that Python knows. Some are for no text, such as base64, and raise an exception while Django
makes the request, where nothing answers with a page.
"""

from django.core.handlers.wsgi import WSGIRequest


class UTF8Request(WSGIRequest):
    """A request that ignores the charset of its content type."""

    @property
    def encoding(self) -> str | None:
        return None

    @encoding.setter
    def encoding(self, value: str) -> None:
        pass

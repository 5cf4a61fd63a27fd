"""Drawing a page in the portal's frame, and reading text that people sent."""

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse


def text_param(values: QueryDict, name: str) -> str:
    """What stands in a query or form under ``name``, without the NUL that no text in a database may hold."""
    return (values.get(name) or "").replace("\0", "")


def render(
    request: HttpRequest, template: str, context: dict[str, Any], *, title: str, status: int = 200
) -> HttpResponse:
    """Draw a screen in the portal's frame."""
    return TemplateResponse(request, template, {"title": title, **context}, status=status)

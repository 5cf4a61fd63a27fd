"""Drawing a page in the portal's frame, and reading text that people sent."""

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails


class HtmxRequest(HttpRequest):
    """A request as django-htmx's middleware leaves it."""

    htmx: "HtmxDetails"


def wants_fragment(request: HttpRequest) -> bool:
    """Return whether htmx asks for a part of the page.

    When it restores the page that Back leads to, it asks for the whole.
    """
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.history_restore_request


def text_param(values: QueryDict, name: str) -> str:
    """Return the value of ``name`` in a query or form, without the NUL that no text in a database may hold."""
    return (values.get(name) or "").replace("\0", "")


def keep_answer(response: HttpResponse) -> HttpResponse:
    """Mark the page that answers a form, so that sending the same form again gets the same page. Return it.

    For pages that say what the form did and can't say it again. Redirects need no mark. See `portal.site.repeated_posts`.
    """
    response.portal_is_kept = True  # type: ignore[attr-defined]
    return response


def is_kept(response: HttpResponse) -> bool:
    """Return whether sending the same form again gets this answer again: a redirect, or a page that is marked."""
    return 300 <= response.status_code < 400 or bool(getattr(response, "portal_is_kept", False))


def render(
    request: HttpRequest, template: str, context: dict[str, Any], *, title: str, status: int = 200
) -> HttpResponse:
    """Draw a page in the portal's frame."""
    return TemplateResponse(request, template, {"title": title, **context}, status=status)

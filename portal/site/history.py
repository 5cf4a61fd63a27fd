"""Keep the browser's history free of repeated addresses, so that Back always leads to another page."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


class HistoryMiddleware:
    """Middleware: htmx doesn't push an address that the browser already shows, as when a search field loses the focus."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        htmx = request.htmx  # type: ignore[attr-defined]
        if htmx and request.method == "GET":
            pushed = response.headers.get("HX-Push-Url", request.get_full_path())
            if pushed == htmx.current_url_abs_path:
                response["HX-Push-Url"] = "false"
        return response

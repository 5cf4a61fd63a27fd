"""The branding's panel in Settings."""

from typing import Any

from django.http import HttpRequest

from portal.branding import brand
from portal.core import panels
from portal.site.branding import facts


@panels.register("settings", name="branding", template="site/branding_panel.html", order=10)
def branding(request: HttpRequest, subject: object) -> dict[str, Any] | None:
    """Show operators what the portal's pages and mails are called and where that comes from."""
    if not getattr(request.user, "is_operator", False):
        return None
    now = brand.current()
    return {"facts": facts.of(now), "now": now}

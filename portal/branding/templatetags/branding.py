"""The branding in templates of pages."""

from typing import Any

from django import template
from django.template import Context

from portal.branding import brand as brands
from portal.branding.brand import Brand

register = template.Library()


@register.simple_tag(takes_context=True)
def branding(context: Context) -> Brand:
    """Return the branding: ``{% branding as brand %}``.

    Pages that are drawn without a request, such as that of an internal error, must not need the database.
    """
    request: Any = getattr(context, "request", None)
    if request is None:
        return brands.last_read()
    if not hasattr(request, "portal_brand"):
        request.portal_brand = brands.current()
    found: Brand = request.portal_brand
    return found

"""The logo and the style sheet of the accent color. Their URLs contain a hash, so browsers may keep them forever."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from portal.branding import stylesheet
from portal.branding.models import Branding

forever = cache_control(public=True, max_age=365 * 24 * 3600, immutable=True)


@require_safe
@forever
def logo(request: HttpRequest, digest: str) -> HttpResponse:
    """Serve the logo to anyone: it is on the sign-in page."""
    file = Branding.objects.filter(logo_digest=digest).values_list("logo", flat=True).first()
    if file is None:
        raise Http404
    return HttpResponse(
        bytes(file), content_type="image/png", headers={"Content-Disposition": 'inline; filename="logo.png"'}
    )


@require_safe
@forever
def accent(request: HttpRequest, color: str, digest: str) -> HttpResponse:
    """Serve the style sheet of a color. It asks no database, so error pages have it too."""
    if digest != stylesheet.digest(f"#{color}"):
        raise Http404
    return HttpResponse(stylesheet.render(f"#{color}"), content_type="text/css; charset=utf-8")

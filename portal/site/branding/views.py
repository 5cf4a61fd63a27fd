"""The operators' page that changes the branding."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from portal.accounts.guard import current_user, operators_only
from portal.accounts.rate_limits import limited
from portal.branding import brand, changes, colors
from portal.branding.models import Branding
from portal.core.pages import render
from portal.site.branding import facts
from portal.site.branding.forms import BrandingForm


@operators_only
@limited("branding")
def edit(request: HttpRequest) -> HttpResponse:
    """Show and change the partner's name, logo, color and addresses."""
    row = brand.without_logo_file().first()
    form = BrandingForm(
        request.POST or None,
        request.FILES or None,
        instance=row or Branding(),
        sent=int(request.META.get("CONTENT_LENGTH") or 0),
    )
    if request.method == "POST" and form.is_valid():
        values = {name: form.cleaned_data[name] for name in brand.SETTINGS}
        saved = changes.save(
            values,
            actor=current_user(request),
            logo=form.new_logo,
            remove_logo=bool(form.cleaned_data.get("remove_logo")),
        )
        messages.success(request, "Branding saved.")
        if adjusted := colors.describe_adjustments(brand.combine(saved).accent_color):
            messages.info(request, adjusted)
        return redirect("branding")
    # the form has written what was entered to its instance: what is in force comes from the database
    now = brand.current()
    context = {
        "form": form,
        "now": now,
        "facts": facts.of(now),
        "is_stored": row is not None,
        "themes": (
            ("Light theme", now.palette.light, colors.LIGHT),
            ("Dark theme", now.palette.dark, colors.DARK),
        ),
    }
    return render(request, "site/branding.html", context, title="Branding")


@require_POST
@operators_only
@limited("branding")
def reset(request: HttpRequest) -> HttpResponse:
    """Go back to the server's settings for every value."""
    changes.reset(actor=current_user(request))
    messages.success(request, "Branding reset to the server's settings.")
    return redirect("branding")

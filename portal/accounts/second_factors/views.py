"""A person's page about their second factors: authenticator app, passkeys and recovery codes."""

import datetime as dt
from typing import Any

from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponse

from portal.accounts.guard import current_user, signed_in
from portal.accounts.second_factors import rules
from portal.core import clock
from portal.core.pages import render


@signed_in
def second_factors(request: HttpRequest) -> HttpResponse:
    """Show the second factors one has, and how to add more."""
    # allauth uses the machine's time; in the demo the portal's clock may be ahead of it
    ahead = dt.timedelta(seconds=clock.offset())
    found = list(Authenticator.objects.filter(user=current_user(request)).order_by("created_at"))
    codes = next((row for row in found if row.type == Authenticator.Type.RECOVERY_CODES), None)
    must_set_one_up = rules.must_set_one_up(current_user(request))
    context = {
        "app": next((_row(row, ahead) for row in found if row.type == Authenticator.Type.TOTP), None),
        "passkeys": [_row(row, ahead) for row in found if row.type == Authenticator.Type.WEBAUTHN],
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else None,
        "is_required": current_user(request).is_operator,
        "must_set_one_up": must_set_one_up,
        # without the menu, whose pages redirect here until there is a second factor
        "layout": "site/plain.html" if must_set_one_up else "site/base.html",
    }
    return render(request, "mfa/index.html", context, title="Second factors")


def _row(authenticator: Authenticator, ahead: dt.timedelta) -> dict[str, Any]:
    used = authenticator.last_used_at
    return {
        "pk": authenticator.pk,
        "name": authenticator.data.get("name", ""),
        "added": authenticator.created_at + ahead,
        "used": used + ahead if used else None,
    }

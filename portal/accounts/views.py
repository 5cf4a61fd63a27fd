"""A person's own account: name, sign-in methods and sessions."""

import datetime as dt
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from portal.accounts import allauth_internals, user_agents
from portal.accounts.forms import NameForm
from portal.accounts.guard import current_user, signed_in
from portal.accounts.second_factors import rules
from portal.core import clock
from portal.core.pages import render


@signed_in
def account(request: HttpRequest) -> HttpResponse:
    """Show and change one's name; show sign-in methods and organizations."""
    form = NameForm(request.POST or None, instance=current_user(request))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Name saved.")
        return redirect("account")
    context = {
        "form": form,
        "has_password": current_user(request).has_usable_password(),
        "has_second_factor": rules.has_second_factor(current_user(request)),
        "memberships": current_user(request)
        .memberships.select_related("organization")
        .order_by("organization__name"),
    }
    return render(request, "accounts/account.html", context, title="Your account")


@signed_in
def sessions(request: HttpRequest) -> HttpResponse:
    """List the browsers in which one is signed in, the current one first."""
    # allauth uses the machine's time; in the demo the portal's clock may be ahead of it
    ahead = dt.timedelta(seconds=clock.offset())
    found = UserSession.objects.purge_and_list(current_user(request))
    rows = [_row(row, since=row.created_at + ahead, used=row.last_seen_at + ahead) for row in found]
    if not any(row["is_current"] for row in rows):
        rows.append(_row(_current_session(request), since=clock.now(), used=clock.now()))
    rows.sort(key=lambda row: (not row["is_current"], -row["since"].timestamp()))
    return render(request, "accounts/sessions.html", {"rows": rows}, title="Your sessions")


def _row(session: UserSession, *, since: dt.datetime, used: dt.datetime) -> dict[str, Any]:
    return {
        "pk": session.pk,
        "browser": user_agents.browser_name(session.user_agent),
        "ip": session.ip,
        "since": since,
        "used": used,
        "is_current": session.is_current(),
    }


def _current_session(request: HttpRequest) -> UserSession:
    """Return an unsaved row for the current session, if it didn't begin with a sign-in through allauth."""
    return UserSession(
        session_key=request.session.session_key,
        ip=get_adapter().get_client_ip(request),
        user_agent=request.headers.get("User-Agent", ""),
    )


@require_POST
@signed_in
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of one's own sessions."""
    row = get_object_or_404(UserSession, pk=pk, user=current_user(request))
    allauth_internals.end_sessions(request, [row])
    messages.success(request, "Session ended.")
    return redirect("sessions")


@require_POST
@signed_in
def end_others(request: HttpRequest) -> HttpResponse:
    """End all of one's sessions except the current one."""
    allauth_internals.end_other_sessions(request, current_user(request))
    messages.success(request, "All other sessions ended.")
    return redirect("sessions")

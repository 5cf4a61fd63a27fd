"""A person's own account: name, ways to sign in, and the sessions that are open."""

import datetime as dt

from allauth.usersessions.internal.flows.sessions import end_other_sessions, end_sessions
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from portal import clock
from portal.organizations import browsers
from portal.organizations.forms import NameForm
from portal.organizations.screens import person, render, signed_in


@signed_in
def account(request: HttpRequest) -> HttpResponse:
    """One's name, password and organizations."""
    form = NameForm(request.POST or None, instance=person(request))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("account")
    context = {
        "form": form,
        "has_password": person(request).has_usable_password(),
        "memberships": person(request)
        .memberships.select_related("organization")
        .order_by("organization__name"),
    }
    return render(request, "organizations/account.html", context, title="Your account")


@signed_in
def sessions(request: HttpRequest) -> HttpResponse:
    """Where one is signed in."""
    # allauth notes the machine's own time; the portal's clock may be ahead of it in the demo
    ahead = dt.timedelta(seconds=clock.offset())
    rows = [
        {
            "pk": row.pk,
            "browser": browsers.name(row.user_agent),
            "ip": row.ip,
            "since": row.created_at + ahead,
            "is_current": row.is_current(),
        }
        for row in UserSession.objects.purge_and_list(person(request))
    ]
    rows.sort(key=lambda row: (not row["is_current"], -row["since"].timestamp()))
    return render(request, "organizations/sessions.html", {"rows": rows}, title="Your sessions")


@require_POST
@signed_in
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign out somewhere."""
    row = get_object_or_404(UserSession, pk=pk, user=person(request))
    end_sessions(request, [row])
    messages.success(request, "That session is over.")
    return redirect("sessions")


@require_POST
@signed_in
def end_others(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere but here."""
    end_other_sessions(request, person(request))
    messages.success(request, "You are signed out everywhere but here.")
    return redirect("sessions")

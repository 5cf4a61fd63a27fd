"""Sign-up by invitation only: the account adapter and the form."""

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.core.exceptions import ImmediateHttpResponse
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render

from portal.accounts import allauth_internals
from portal.accounts.adapter import AccountAdapter
from portal.accounts.forms import PASSWORD_HELP, NameField, remove_placeholders
from portal.accounts.models import User
from portal.core import clock
from portal.core.errors import Refused
from portal.organizations.invitations import invitations, pending
from portal.organizations.models import Invitation


class InvitationAccountAdapter(AccountAdapter):
    """Allow a sign-up only for the email address of an accepted invitation."""

    def pending_invitation(self, request: HttpRequest) -> Invitation | None:
        return pending.held(request)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return whether an invitation that is still open was accepted in this session."""
        invitation = pending.held(request)
        if invitation is not None and not invitation.is_open(clock.now()):
            context = {"sentence": invitations.sentence(invitation, clock.now())}
            raise ImmediateHttpResponse(render(request, "account/signup_closed.html", context))
        return invitation is not None and self.is_email_verified(request, invitation.email)

    def after_login(self, request: HttpRequest, user: User, response: HttpResponse) -> HttpResponse:
        """Accept the waiting invitation, if there is one, and redirect to the new member's first page."""
        invitation = pending.settle(request, user)
        return HttpResponseRedirect(pending.landing_page(invitation)) if invitation else response


class SignupForm(allauth_forms.SignupForm):
    """Sign-up of an invitee, always with the email address of the invitation."""

    name = NameField()
    field_order = ("email", "name", "password1")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invitation = pending.held(allauth_internals.current_request())
        email = self.fields["email"]
        email.label, email.disabled = "Email", True
        email.help_text = "Your invitation was sent to this address."
        # an address in the query string would otherwise become the initial value
        self.initial["email"] = email.initial = self.invitation.email if self.invitation else ""
        self.fields["password1"].help_text = PASSWORD_HELP
        remove_placeholders(self)

    def signup(self, request: HttpRequest, user: User) -> None:
        """Save the name, which allauth doesn't know about."""
        user.name = self.cleaned_data["name"]
        user.save(update_fields=["name", "search"])

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """Create the account and accept the invitation in one transaction."""
        if self.account_already_exists:
            return None, redirect("account_login")
        try:
            with transaction.atomic():
                user: User = self.save(request)
                assert self.invitation is not None
                invitations.accept(invitation=self.invitation, user=user)
        except (Refused, IntegrityError):
            # the invitation was just used or withdrawn: the sign-up page says which
            return None, redirect("account_signup")
        return user, None

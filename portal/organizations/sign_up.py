"""Sign-up by invitation only: what allauth asks about who may join, and the form to join with."""

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.core.exceptions import ImmediateHttpResponse
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render

from portal.accounts import allauth_internals
from portal.accounts.adapter import AccountAdapter
from portal.accounts.forms import PASSWORD_HELP, NameField, drop_placeholders
from portal.accounts.models import User
from portal.core import clock
from portal.core.errors import Refused
from portal.organizations import invitations, pending_invitations
from portal.organizations.models import Invitation


class InvitationAccountAdapter(AccountAdapter):
    """Let people sign up for the address of an accepted invitation only."""

    def pending_invitation(self, request: HttpRequest) -> Invitation | None:
        return pending_invitations.held(request)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return whether this browser accepted an invitation that is still open."""
        invitation = pending_invitations.held(request)
        if invitation is not None and not invitation.is_open(clock.now()):
            context = {"sentence": invitations.sentence(invitation, clock.now())}
            raise ImmediateHttpResponse(render(request, "account/signup_closed.html", context))
        return invitation is not None and self.is_email_verified(request, invitation.email)

    def after_login(self, request: HttpRequest, user: User, response: HttpResponse) -> HttpResponse:
        """Accept the pending invitation, if there is one, and continue where it leads."""
        invitation = pending_invitations.settle(request, user)
        return HttpResponseRedirect(pending_invitations.arrival(invitation)) if invitation else response


class SignupForm(allauth_forms.SignupForm):
    """Sign-up of an invitee. The address is the invitation's, whatever the browser sends."""

    name = NameField()
    field_order = ("email", "name", "password1")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invitation = pending_invitations.held(allauth_internals.current_request())
        email = self.fields["email"]
        email.label, email.disabled = "E-mail", True
        email.help_text = "Your invitation was sent to it."
        # an address in the query would come in as an initial value of the form
        self.initial["email"] = email.initial = self.invitation.email if self.invitation else ""
        self.fields["password1"].help_text = PASSWORD_HELP
        drop_placeholders(self)

    def signup(self, request: HttpRequest, user: User) -> None:
        """allauth's hook for what it does not know: the name."""
        user.name = self.cleaned_data["name"]
        user.save(update_fields=["name"])

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """Make the account and use the invitation up, both or neither."""
        if self.account_already_exists:
            return None, redirect("account_login")
        try:
            with transaction.atomic():
                user: User = self.save(request)
                assert self.invitation is not None
                invitations.accept(invitation=self.invitation, user=user)
        except (Refused, IntegrityError):
            # used or withdrawn a moment ago: the sign-up page says which
            return None, redirect("account_signup")
        return user, None

"""Forms for organizations, members and invitations."""

from typing import Any

from django import forms

from portal.accounts.models import User
from portal.core.email_addresses import EmailField
from portal.organizations import names
from portal.organizations.models import Organization, OrganizationQuerySet
from portal.organizations.roles import MEMBER_ROLES, Role

#: What each role can do, for the person who invites.
ROLE_LABELS = {
    Role.ADMIN: "Admin: connects Total Expert and manages members",
    Role.EDITOR: "Editor: sees everything (contacts can't be edited here yet)",
    Role.VIEWER: "Viewer: sees everything, changes nothing",
    Role.OFFICER: "Loan officer: connects and sees their own contacts, needs no password",
}


class OperatorField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One of the active operators, by name."""

    def __init__(self, label: str) -> None:
        operators = User.objects.filter(is_operator=True, is_active=True).order_by("name", "email")
        super().__init__(operators, required=False, label=label, empty_label="Unassigned")

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.display_name)


class OrganizationForm(forms.Form):
    """The name and account owner of an organization."""

    name = forms.CharField(
        max_length=names.LONGEST,
        label="Name",
        help_text="The name your customer uses.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    account_owner = OperatorField("Account owner")


class InvitationForm(forms.Form):
    """The email address and role of an invitation."""

    email = EmailField(widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    role = forms.ChoiceField(
        label="Role", choices=[("", "Choose"), *((role.value, ROLE_LABELS[role]) for role in MEMBER_ROLES)]
    )

    @property
    def is_confirmed(self) -> bool:
        """Return whether the warnings that were shown are accepted."""
        return "confirmed" in self.data


class RoleForm(forms.Form):
    """The role of a member."""

    role = forms.ChoiceField(choices=[(role.value, role.label) for role in MEMBER_ROLES])


class ChooseForm(forms.Form):
    """A search for organizations by a part of their name."""

    q = forms.CharField(required=False, max_length=names.LONGEST)

    def found(self, rows: OrganizationQuerySet, limit: int) -> list[Organization]:
        """Return at most ``limit`` organizations whose name contains it, by name."""
        words = self.cleaned_data["q"] if self.is_valid() else ""
        return list(rows.matching(words).order_by("name")[:limit])

"""Forms of organizations and their people."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from portal.accounts.models import User
from portal.organizations.models import Organization
from portal.organizations.roles import MEMBER_ROLES, Role

#: What each role may do, as whoever invites reads it.
ROLE_WORDS = {
    Role.ADMIN: "Admin: connects Total Expert, manages members, edits everything",
    Role.EDITOR: "Editor: sees everything, edits up to 100 contacts at a time",
    Role.VIEWER: "Viewer: sees everything, changes nothing",
    Role.OFFICER: "Loan officer: connects and sees their own contacts, needs no password",
}


class OperatorField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One of the operators, by name."""

    def __init__(self) -> None:
        operators = User.objects.filter(is_operator=True, is_active=True).order_by("name", "email")
        super().__init__(operators, required=False, label="Looked after by", empty_label="Nobody yet")

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.display_name)


class OrganizationForm(forms.Form):
    """A new customer."""

    name = forms.CharField(
        max_length=120,
        label="Name",
        help_text="As the customer calls itself. Its address in the portal is made of it and stays.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    looked_after_by = OperatorField()


class LookedAfterForm(forms.Form):
    """Which operator looks after an organization."""

    looked_after_by = OperatorField()


class InvitationForm(forms.Form):
    """Whom to invite, as what."""

    email = forms.EmailField(
        label="Email", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(
        label="Role", choices=[("", "Choose"), *((role.value, ROLE_WORDS[role]) for role in MEMBER_ROLES)]
    )

    @property
    def is_confirmed(self) -> bool:
        """Whether the cautions that were shown are accepted."""
        return "confirmed" in self.data


class RoleForm(forms.Form):
    """What a member is."""

    role = forms.ChoiceField(choices=[(role.value, role.label) for role in MEMBER_ROLES])


class ChooseForm(forms.Form):
    """A part of an organization's name."""

    q = forms.CharField(required=False, max_length=120)

    def found(self, rows: QuerySet[Organization], limit: int) -> list[Organization]:
        """The organizations whose name contains it, by name, at most ``limit``."""
        words = self.cleaned_data["q"] if self.is_valid() else ""
        return list(rows.filter(name__icontains=words).order_by("name")[:limit])

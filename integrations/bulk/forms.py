"""The form that says what to change about the chosen contacts."""

from typing import Any

from django import forms
from django.db.models import Count, QuerySet

from integrations.bulk.fields import FIELDS, OF_ONE_CONTACT
from integrations.bulk.operations import Operations
from integrations.connections.models import Installation
from integrations.directory.models import ContactGroup
from portal.accounts.models import User
from portal.core.errors import Refused
from portal.organizations.roles import Capability

#: How many fields can be set at once.
PAIRS = 3
#: Up to this many group names are checkboxes; more are a list that scrolls.
CHECKBOXES = 30
#: The most group names to choose from.
MAX_NAMES = 500


class OperationsForm(forms.Form):
    """Groups to join and to leave, and fields to set. ``operations`` has the result once the form is valid."""

    add_groups = forms.MultipleChoiceField(required=False, label="Add to groups")
    remove_groups = forms.MultipleChoiceField(required=False, label="Remove from groups")
    suppress_emails = forms.BooleanField(
        required=False,
        label="Ask Total Expert not to send emails because of this edit",
        help_text="Total Expert advises to ask its support first: campaigns may then skip these contacts.",
    )

    def __init__(self, data: Any = None, *, installation: Installation, user: User) -> None:
        super().__init__(data)
        names = group_names(installation, user)
        for name in ("add_groups", "remove_groups"):
            field = self.fields[name]
            assert isinstance(field, forms.MultipleChoiceField)
            field.choices = names
            if len(names) <= CHECKBOXES:
                field.widget = forms.CheckboxSelectMultiple(choices=names)
            else:
                field.widget.attrs["size"] = 8
        if not installation.organization.allows(user, Capability.OPERATE):
            del self.fields["suppress_emails"]
        chosen = [field for name, field in FIELDS.items() if name not in OF_ONE_CONTACT]
        choices = [("", "Choose a field"), *((field.name, field.label) for field in chosen)]
        for number in range(1, PAIRS + 1):
            self.fields[f"field_{number}"] = forms.ChoiceField(
                required=False, choices=choices, label=f"Field {number}"
            )
            self.fields[f"value_{number}"] = forms.CharField(
                required=False, max_length=300, label=f"New value {number}"
            )
        self.operations = Operations()

    @property
    def pairs(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Return the fields to set with their values, for the template."""
        return [(self[f"field_{number}"], self[f"value_{number}"]) for number in range(1, PAIRS + 1)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        values: dict[str, str] = {}
        for number in range(1, PAIRS + 1):
            name = cleaned.get(f"field_{number}", "")
            if not name:
                if cleaned.get(f"value_{number}"):
                    self.add_error(f"field_{number}", "Choose the field that gets this value.")
                continue
            if name in values:
                self.add_error(f"field_{number}", f"{FIELDS[name].label} is chosen twice.")
            values[name] = cleaned.get(f"value_{number}", "")
        try:
            self.operations = Operations.checked(
                add_groups=cleaned.get("add_groups", ()),
                remove_groups=cleaned.get("remove_groups", ()),
                fields=values,
            )
        except Refused as refused:
            raise forms.ValidationError(str(refused)) from None
        return cleaned


def group_names(installation: Installation, user: User) -> list[tuple[str, str]]:
    """Return the names of groups to choose from, with how many owners have one. Officers get those of their own."""
    groups: QuerySet[ContactGroup] = ContactGroup.objects.filter(installation=installation, gone_at=None)
    if not installation.organization.allows(user, Capability.OVERVIEW):
        groups = groups.filter(owner__sync_states__connection__user=user)
    rows = groups.order_by("name").values_list("name").annotate(count=Count("pk", distinct=True))[:MAX_NAMES]
    return [(name, name if count == 1 else f"{name} ({count} owners)") for name, count in rows]

"""The form that says what to change about the chosen contacts."""

from typing import Any

from django import forms
from django.db.models import Count, QuerySet

from integrations.bulk import approval, wording
from integrations.bulk.building import NO_ADMIN
from integrations.bulk.contact import custom_fields, inputs, owners
from integrations.bulk.fields import FIELDS, OF_ONE_CONTACT, Kind
from integrations.bulk.operations import LONGEST, Operations, Replacement
from integrations.bulk.suggesting_input import SuggestingInput
from integrations.bulk.writers import Writers
from integrations.connections.models import Installation
from integrations.directory.models import ContactGroup
from portal.accounts.models import User
from portal.core import text
from portal.core.errors import Refused
from portal.organizations.roles import Capability

#: How many fields can be set at once.
PAIRS = 3
#: Up to this many group names are checkboxes; more are a list that scrolls.
CHECKBOXES = 30
#: The most group names to choose from.
MAX_NAMES = 500
#: The fields that can be set to one value for many contacts, and those whose text can be searched.
SETTABLE = [name for name in FIELDS if name not in OF_ONE_CONTACT]
SEARCHABLE = [
    name
    for name, field in FIELDS.items()
    if field.kind not in (Kind.FLAG, Kind.CHOICE, Kind.DATE, Kind.BIRTHDAY)
]


class OperationsForm(forms.Form):
    """Everything that a bulk edit can do. ``operations`` has the result once the form is valid.

    What a role may not do has no inputs. Only an admin connection can change owners: without one, the input is disabled.
    """

    add_groups = forms.MultipleChoiceField(required=False, label="Add to groups")
    remove_groups = forms.MultipleChoiceField(required=False, label="Remove from groups")
    replace_groups = forms.BooleanField(
        required=False,
        label="Replace all groups",
        help_text="Contacts leave every group that isn't chosen under “Add to groups”.",
    )
    suppress_emails = forms.BooleanField(
        required=False,
        label="Ask Total Expert not to send emails because of this edit",
        help_text="Campaigns may then skip these contacts. Ask Total Expert's support before you use this.",
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
        for number in range(1, PAIRS + 1):
            self.fields[f"field_{number}"] = _chooser(SETTABLE, f"Field {number}")
            chosen = (data or {}).get(f"field_{number}", "")
            self.fields[f"value_{number}"] = value_input(number, chosen)
        self._add_custom(custom_fields.known(installation, user))
        self.fields["evidence"] = inputs.evidence()
        self.fields["search_field"] = _chooser(SEARCHABLE, "Field to search")
        for name, label in (("find", "Find"), ("replace", "Replace with")):
            self.fields[name] = forms.CharField(required=False, max_length=LONGEST, label=label, strip=False)
        if installation.organization.allows(user, Capability.EDIT_MANY):
            self._add_owner_and_deletion(installation, user)
        self.operations = Operations()

    def _add_custom(self, names: list[str]) -> None:
        widget = SuggestingInput(attrs={"autocomplete": "off"})
        widget.suggestions = tuple(names)
        self.fields["custom_name"] = forms.CharField(
            required=False, max_length=120, label="Custom field", widget=widget, help_text="Its system name"
        )
        self.fields["custom_value"] = forms.CharField(
            required=False, max_length=LONGEST, label="New value of the custom field"
        )

    def _add_owner_and_deletion(self, installation: Installation, user: User) -> None:
        has_admin = Writers(installation, user).admin is not None
        self.fields["owner"] = owners.OwnerField(
            owners.active(installation),
            required=False,
            disabled=not has_admin,
            label="New owner",
            help_text=wording.GROUPS_LOST if has_admin else NO_ADMIN,
        )
        self.fields["delete"] = forms.BooleanField(
            required=False, label="Delete these contacts", help_text=wording.NOT_RESTORED
        )

    @property
    def pairs(self) -> list[tuple[forms.BoundField, forms.BoundField, str]]:
        """Return the fields to set with their values and the kinds of their inputs, for the template."""
        bound = [(self[f"field_{number}"], self[f"value_{number}"]) for number in range(1, PAIRS + 1)]
        return [(field, value, kind_of(field.value() or "")) for field, value in bound]

    @property
    def is_searching(self) -> bool:
        """Whether something is filled in under Find and replace."""
        return any(self[name].value() or self[name].errors for name in ("search_field", "find", "replace"))

    @property
    def is_giving(self) -> bool:
        """Whether a new owner is filled in."""
        return "owner" in self.fields and bool(self["owner"].value() or self["owner"].errors)

    @property
    def is_deleting(self) -> bool:
        """Whether the contacts are to be deleted."""
        return "delete" in self.fields and bool(self["delete"].value())

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        values, custom, replacements = (
            self._values(cleaned),
            self._custom(cleaned),
            self._replacements(cleaned),
        )
        if self.errors:
            return cleaned
        added, owner = cleaned.get("add_groups", ()), cleaned.get("owner")
        is_replacing = cleaned.get("replace_groups", False)
        try:
            self.operations = Operations.checked(
                add_groups=() if is_replacing else added,
                remove_groups=cleaned.get("remove_groups", ()),
                groups=added if is_replacing else None,
                fields=values,
                custom=custom,
                replacements=replacements,
                owner=owner.remote_id if owner else None,
                delete=cleaned.get("delete", False),
            )
        except Refused as refused:
            raise forms.ValidationError(str(refused)) from None
        if self.operations.grants_consent:
            try:
                cleaned["evidence"] = approval.clean_evidence(cleaned.get("evidence", ""))
            except Refused as refused:
                self.add_error("evidence", str(refused))
        return cleaned

    def _values(self, cleaned: dict[str, Any]) -> dict[str, str]:
        """Return the values to set, by field. Add an error beside each value that its field can't have."""
        values: dict[str, str] = {}
        for number in range(1, PAIRS + 1):
            name, value = cleaned.get(f"field_{number}", ""), cleaned.get(f"value_{number}", "")
            if not name:
                if value:
                    self.add_error(f"field_{number}", "Choose the field that gets this value.")
                continue
            if name in values:
                self.add_error(f"field_{number}", f"{FIELDS[name].label} is chosen twice.")
            try:
                FIELDS[name].clean(value)
            except Refused as refused:
                self.add_error(f"value_{number}", str(refused))
            values[name] = value
        return values

    def _custom(self, cleaned: dict[str, Any]) -> dict[str, str]:
        name, value = text.clean(cleaned.get("custom_name", "")), cleaned.get("custom_value", "")
        if value and not name:
            self.add_error("custom_name", "Enter the custom field that gets this value.")
        return {name: value} if name else {}

    def _replacements(self, cleaned: dict[str, Any]) -> list[Replacement]:
        name, found, new = (cleaned.get(each, "") for each in ("search_field", "find", "replace"))
        if not name:
            if found or new:
                self.add_error("search_field", "Choose the field to search.")
            return []
        return [Replacement(name, found, new)]


def value_input(number: int, name: str) -> forms.CharField:
    """Return the input for a new value of the field with this name, or a text input while none is chosen."""
    field = forms.CharField(required=False, max_length=LONGEST, label=f"New value {number}")
    kind = kind_of(name)
    if kind == "flag":
        field.widget = forms.Select(choices=[("", "Choose"), *inputs.YES_OR_NO])
    elif kind != "text":
        field.widget = inputs.of_field(FIELDS[name]).widget
    return field


def kind_of(name: str) -> str:
    """Return what kind of input a field needs. Fields of one kind share an input, so that what is typed in it stays."""
    kind = FIELDS[name].kind if name in SETTABLE else Kind.TEXT
    if kind is Kind.CHOICE:
        return name
    return {Kind.FLAG: "flag", Kind.DATE: "date", Kind.BIRTHDAY: "date"}.get(kind, "text")


def _chooser(names: list[str], label: str) -> forms.ChoiceField:
    choices = [("", "Choose a field"), *((name, FIELDS[name].label) for name in names)]
    return forms.ChoiceField(required=False, choices=choices, label=label)


def group_names(installation: Installation, user: User) -> list[tuple[str, str]]:
    """Return the names of groups to choose from, with how many owners have one. Officers get those of their own."""
    groups: QuerySet[ContactGroup] = ContactGroup.objects.filter(installation=installation, gone_at=None)
    if not installation.organization.allows(user, Capability.OVERVIEW):
        groups = groups.filter(owner__sync_states__connection__user=user)
    rows = groups.order_by("name").values_list("name").annotate(count=Count("pk", distinct=True))[:MAX_NAMES]
    return [(name, name if count == 1 else f"{name} ({count} owners)") for name, count in rows]

"""The form that edits one contact. Only what a person changed becomes part of the edit."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, cast

from django import forms
from django.forms import BoundField
from django.forms.models import ModelChoiceIteratorValue
from django.utils.safestring import SafeString

from integrations.bulk import approval
from integrations.bulk.contact import custom_fields, inputs
from integrations.bulk.fields import FIELDS, Value, custom_values_in, same_custom
from integrations.bulk.operations import Operations
from integrations.directory.browse import access
from integrations.directory.models import Contact, ContactGroup, Membership
from portal.accounts.models import User
from portal.core.errors import Refused

#: The most groups of an owner that are offered.
MOST_GROUPS = 500
LOCKED = "Total Expert doesn't allow changes to it"


class GroupBoxes(forms.CheckboxSelectMultiple):
    """Checkboxes of groups. Those that can't be changed are disabled."""

    locked: frozenset[str] = frozenset()

    def create_option(
        self, name: str, value: ModelChoiceIteratorValue | str, *args: Any, **kwargs: Any
    ) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        if str(value) in self.locked:
            option["attrs"]["disabled"] = True
        return option


class ContactForm(forms.Form):
    """The fields, custom fields and groups of a contact that ``user`` may see.

    ``operations`` has the changes once the form is valid, or None if there are none. Hidden inputs keep the values that the
    page showed: what a person didn't touch is never sent, and what Total Expert changed meanwhile is shown first.
    """

    def __init__(self, data: Any = None, *, contact: Contact, user: User) -> None:
        super().__init__(data)
        record = access.visible_record(user, contact)
        self._present = _visible_values(record, contact.document.raw)
        self._custom = _custom_inputs(record, contact, user)
        self._groups: dict[str, ContactGroup] = {}
        for name, value in self._present.items():
            self.fields[name] = inputs.of_field(FIELDS[name], value)
        for key, (name, value) in self._custom.items():
            self.fields[key] = inputs.of_custom(name, value)
        if contact.owner_id is not None and (record is contact.document.raw or "contact_groups" in record):
            self._add_groups(contact)
        self.fields["evidence"] = inputs.evidence()
        self.operations: Operations | None = None

    def _add_groups(self, contact: Contact) -> None:
        rows = ContactGroup.objects.filter(owner=contact.owner, gone_at=None)
        members = set(Membership.objects.filter(contact=contact).values_list("group", flat=True))
        listed = [*rows.filter(pk__in=members), *rows.exclude(pk__in=members)[:MOST_GROUPS]]
        self._groups = {str(group.pk): group for group in sorted(listed, key=lambda group: group.search)}
        widget = GroupBoxes()
        widget.locked = frozenset(pk for pk, group in self._groups.items() if group.user_editable is False)
        self._locked = widget.locked
        if self._groups:
            self.fields["groups"] = forms.MultipleChoiceField(
                label="Groups",
                required=False,
                widget=widget,
                show_hidden_initial=True,
                initial=[pk for pk, group in self._groups.items() if group.pk in members],
                choices=[
                    (pk, f"{group.name} ({LOCKED})" if pk in widget.locked else group.name)
                    for pk, group in self._groups.items()
                ],
            )

    @property
    def sections(self) -> list[tuple[str, list[BoundField]]]:
        """Return the fields by subject, as the contact's page groups them."""
        found = [(title, [self[name] for name in names]) for title, names in inputs.sections(self._present)]
        return [*found, ("Custom fields", [self[key] for key in self._custom])] if self._custom else found

    @property
    def shown_values(self) -> list[SafeString]:
        """Return hidden inputs with the values that the page shows."""
        return [
            field.hidden_widget().render(
                self[name].html_initial_name, field.prepare_value(self.get_initial_for_field(field, name))
            )
            for name, field in self.fields.items()
            if field.show_hidden_initial
        ]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        changed = set(self.changed_data)
        self._follow_total_expert(changed)
        values = self._changed_values(changed, cleaned)
        custom = {
            name: cleaned[key]
            for key, (name, value) in self._custom.items()
            if key in changed and key in cleaned and not same_custom(cleaned[key] or None, value)
        }
        added, removed = self._changed_groups() if "groups" in changed else ([], [])
        if self.errors or not (values or custom or added or removed):
            return cleaned
        try:
            self.operations = Operations.checked(
                add_groups=added, remove_groups=removed, fields=values, custom=custom
            )
        except Refused as refused:
            raise forms.ValidationError(str(refused)) from None
        if self.operations.grants_consent:
            self._check_evidence(cleaned)
        return cleaned

    def _changed_values(self, changed: set[str], cleaned: Mapping[str, Any]) -> dict[str, str]:
        values = {}
        for name, present in self._present.items():
            if name not in changed or name not in cleaned:
                continue
            try:
                value = FIELDS[name].clean(cleaned[name])
            except Refused as refused:
                self.add_error(name, str(refused))
                continue
            if not FIELDS[name].same(present, value):
                values[name] = cleaned[name]
        return values

    def _changed_groups(self) -> tuple[list[str], list[str]]:
        """Return the names of the groups to join and to leave: those that the person checked and unchecked."""
        sent: Any = self.data
        shown = set(sent.getlist(self["groups"].html_initial_name)) & self._groups.keys()
        checked = set(self.cleaned_data.get("groups", ())) - self._locked
        return tuple(  # type: ignore[return-value]
            [self._groups[pk].name for pk in self._groups if pk in pks]
            for pks in (checked - shown, shown - checked - self._locked)
        )

    def _follow_total_expert(self, changed: set[str]) -> None:
        """Show values that a sync changed while the page was open. Refuse to overwrite them unseen."""
        for name in (*self._present, *self._custom):
            bound = self[name]
            shown = self.data.get(bound.html_initial_name)
            now = str(bound.initial or "")
            if shown is None or shown == now:
                continue
            if name in changed and self.data.get(bound.html_name) != now:
                self.add_error(
                    name,
                    f"Total Expert changed this to “{now}” while you edited it. Save again to overwrite it.",
                )
            else:
                corrected: Any = cast(Any, self.data).copy()
                corrected[bound.html_name] = now
                self.data = corrected
                changed.discard(name)

    def _check_evidence(self, cleaned: dict[str, Any]) -> None:
        try:
            cleaned["evidence"] = approval.clean_evidence(cleaned.get("evidence", ""))
        except Refused as refused:
            self.add_error("evidence", str(refused))


def _visible_values(record: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, Value]:
    """Return the fields of a record. Those that a person's connection hides are missing: they can't be changed."""
    values = {name: field.value_in(record) for name, field in FIELDS.items()}
    return {name: value for name, value in values.items() if FIELDS[name].value_in(raw) == value}


def _custom_inputs(record: Mapping[str, Any], contact: Contact, user: User) -> dict[str, tuple[str, Any]]:
    """Return name and value of the custom fields that can be changed, by the names of their inputs."""
    own, all_of_it = custom_values_in(record), custom_values_in(contact.document.raw)
    names: Iterable[str] = {*own, *custom_fields.known(contact.installation, user)}
    visible = (name for name in sorted(names) if own.get(name) == all_of_it.get(name))
    return {custom_input_name(name): (name, own.get(name)) for name in visible}


def custom_input_name(name: str) -> str:
    """Return the name of the input of a custom field, which stays the same when other custom fields appear."""
    return f"custom_{hashlib.sha256(name.encode()).hexdigest()[:16]}"

"""The form that creates a contact, with the groups that every new contact of its organization needs."""

import uuid
from typing import Any

from django import forms
from django.forms import BoundField

from integrations.bulk import approval
from integrations.bulk.contact import custom_fields, inputs, owners
from integrations.bulk.contact.forms import custom_input_name
from integrations.bulk.fields import CONTACT_POINTS, FIELDS, REQUIRED, Value, grants_consent
from integrations.bulk.forms import CHECKBOXES, group_names
from integrations.bulk.operations import Operations, fold
from integrations.bulk.writers import Writers
from integrations.connections.models import Installation
from integrations.directory.browse import required
from integrations.directory.models import ContactGroup, Owner, RequiredGroup
from portal.accounts.models import User
from portal.core.errors import Refused

NO_WAY = "Enter an email address, a phone number, or a full address with street, city, state and ZIP code."


class NewContactForm(forms.Form):
    """A contact to create. A valid form has its ``values``, ``custom``, ``groups``, ``owner`` and ``connection``."""

    def __init__(self, data: Any = None, *, installation: Installation, user: User) -> None:
        super().__init__(data)
        self._installation = installation
        self._writers = Writers(installation, user)
        self._owners = owners.creatable_for(installation, self._writers)
        self._only_owner = self._owners.first() if self._owners[:2].count() == 1 else None
        if self._only_owner is None:
            self.fields["owner"] = owners.OwnerField(self._owners, label="Owner")
        for name, known in FIELDS.items():
            self.fields[name] = inputs.of_field(known, required=name in REQUIRED)
        self._custom = {custom_input_name(name): name for name in custom_fields.known(installation, user)}
        for key, name in self._custom.items():
            self.fields[key] = inputs.of_custom(name)
        for field in self.fields.values():
            field.show_hidden_initial = False
        self._add_groups(group_names(installation, user))
        self.fields["evidence"] = inputs.evidence()
        self.required_names = list(required.of(installation).values_list("name", flat=True))
        #: The required groups that the chosen owner lacks.
        self.lacking: list[RequiredGroup] = []
        self.values: dict[str, Value] = {}
        self.custom: dict[str, str] = {}
        self.groups: list[int] = []
        self.owner: Owner | None = None

    def _add_groups(self, names: list[tuple[str, str]]) -> None:
        field = forms.MultipleChoiceField(required=False, label="Groups", choices=names)
        if len(names) <= CHECKBOXES:
            field.widget = forms.CheckboxSelectMultiple(choices=names)
        else:
            field.widget.attrs["size"] = 8
        self.fields["groups"] = field

    @property
    def may_create(self) -> bool:
        """Return whether a working connection can create contacts for someone."""
        return self._owners.exists()

    @property
    def only_owner(self) -> Owner | None:
        """Return the owner of the new contact if there is no choice."""
        return self._only_owner

    @property
    def sections(self) -> list[tuple[str, list[BoundField]]]:
        """Return the fields by subject, as the contact's page groups them."""
        found = [(title, [self[name] for name in names]) for title, names in inputs.sections(FIELDS)]
        return [*found, ("Custom fields", [self[key] for key in self._custom])] if self._custom else found

    @property
    def connection(self) -> uuid.UUID:
        """Return the connection that creates the contact for its owner."""
        assert self.owner is not None
        if self._writers.admin is not None:
            return self._writers.admin.pk
        return self._writers.of_owners()[self.owner.pk]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        self.owner = self._only_owner or cleaned.get("owner")
        self.values = self._values(cleaned)
        if not any(all(self.values.get(name) for name in way) for way in CONTACT_POINTS) and not self.errors:
            self.add_error(None, NO_WAY)
        custom = {name: cleaned[key] for key, name in self._custom.items() if cleaned.get(key)}
        try:
            stored = Operations.checked(custom=custom).custom if custom else {}
            self.custom = {name: value for name, value in stored.items() if value is not None}
            if grants_consent(self.values):
                cleaned["evidence"] = approval.clean_evidence(cleaned.get("evidence", ""))
        except Refused as refused:
            self.add_error("evidence" if grants_consent(self.values) else None, str(refused))
        if self.owner is not None:
            self.groups = self._group_ids(self.owner, cleaned.get("groups", ()))
        return cleaned

    def _values(self, cleaned: dict[str, Any]) -> dict[str, Value]:
        values: dict[str, Value] = {}
        for name, known in FIELDS.items():
            if not cleaned.get(name):
                continue
            try:
                values[name] = known.clean(cleaned[name])
            except Refused as refused:
                self.add_error(name, str(refused))
        return values

    def _group_ids(self, owner: Owner, chosen: list[str]) -> list[int]:
        """Return the remote ids of the owner's groups of these names, and of the required ones."""
        rows = ContactGroup.objects.filter(owner=owner, gone_at=None)
        own = {group.search: group for group in rows}
        for name in chosen:
            group = own.get(fold(name))
            if group is None:
                self.add_error("groups", f"{owner.display_name} has no group “{name}”.")
            elif group.user_editable is False:
                self.add_error("groups", f"Total Expert doesn't allow changes to the group “{name}”.")
        needed = list(required.of(self._installation))
        self.lacking = [row for row in needed if row.folded_name not in own]
        if self.lacking:
            names = ", ".join(f"“{row.name}”" for row in self.lacking)
            self.add_error(
                None,
                f"{owner.display_name} has no group {names}, which every new contact of this organization needs.",
            )
        folded = {*(fold(name) for name in chosen), *(row.folded_name for row in needed)}
        return [own[name].remote_id for name in folded if name in own]

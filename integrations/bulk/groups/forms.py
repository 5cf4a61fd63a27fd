"""The forms that name new groups and rename or delete existing ones."""

from collections.abc import Sequence
from typing import Any

from django import forms

from integrations.bulk.groups.edits import LONGEST, GroupVerb, clean_name
from integrations.directory.models import ContactGroup, Owner
from portal.core.errors import Refused

#: Up to this many owners are checkboxes; more are a list that scrolls.
CHECKBOXES = 30
#: The most owners to choose from.
MOST_OWNERS = 1000
ALL, SOME = "all", "some"


class _Name(forms.CharField):
    def __init__(self, label: str, **options: Any) -> None:
        super().__init__(label=label, max_length=LONGEST * 4, strip=True, **options)
        self.widget.attrs |= {"autocomplete": "off"}

    def clean(self, value: Any) -> str:
        try:
            return clean_name(super().clean(value))
        except Refused as refused:
            raise forms.ValidationError(str(refused)) from None


class NewGroupForm(forms.Form):
    """The name of a group, and the owners who get it. ``chosen`` are those, or None for all who lack it."""

    name = _Name("Name")
    scope = forms.ChoiceField(
        label="Create it for",
        choices=[(ALL, "All owners who lack it"), (SOME, "Some owners")],
        widget=forms.RadioSelect,
        initial=ALL,
    )
    owners = forms.MultipleChoiceField(required=False, label="Owners")

    def __init__(
        self, data: Any = None, *, owners: Sequence[Owner], is_own: bool, initial: dict[str, Any]
    ) -> None:
        super().__init__(data, initial=initial)
        self._owners = {str(owner.pk): owner for owner in owners}
        if is_own or len(owners) < 2:
            del self.fields["scope"], self.fields["owners"]
            return
        field = self.fields["owners"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(key, owner.display_name) for key, owner in self._owners.items()]
        if len(owners) <= CHECKBOXES:
            field.widget = forms.CheckboxSelectMultiple(choices=field.choices)
        else:
            field.widget.attrs["size"] = 8

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("scope") == SOME and not cleaned.get("owners") and "owners" not in self.errors:
            self.add_error("owners", "Choose at least one owner.")
        return cleaned

    @property
    def chosen(self) -> list[Owner] | None:
        if self.cleaned_data.get("scope") != SOME:
            return None
        return [self._owners[key] for key in self.cleaned_data["owners"]]


class ChangeGroupsForm(forms.Form):
    """A new name, if groups are renamed, and whether one group or all of the same name are meant."""

    new_name = _Name("New name")
    scope = forms.ChoiceField(label="Groups", widget=forms.RadioSelect, initial=SOME)

    def __init__(
        self,
        data: Any = None,
        *,
        verb: GroupVerb,
        group: ContactGroup,
        alike: Sequence[ContactGroup],
        scope: str,
    ) -> None:
        super().__init__(data, initial={"new_name": group.name, "scope": scope})
        self._group, self._alike = group, alike
        if verb is GroupVerb.DELETE:
            del self.fields["new_name"]
        if len(alike) < 2:
            del self.fields["scope"]
            return
        owner = group.owner.display_name if group.owner else "the unknown owner"
        field = self.fields["scope"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (SOME, f"Only the group of {owner}"),
            (ALL, f"All {len(alike):,} groups of this name"),
        ]

    @property
    def chosen(self) -> list[ContactGroup]:
        return list(self._alike) if self.cleaned_data.get("scope") == ALL else [self._group]

"""The inputs in which the fields of a contact are typed, each of the kind of its field."""

import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.dateparse import parse_date

from integrations.bulk.fields import Field, Kind, Value
from integrations.bulk.operations import LONGEST
from integrations.directory.browse import profile
from portal.core import text

YES_OR_NO = [("yes", "Yes"), ("no", "No")]
_TYPES = {Kind.EMAIL: "email", Kind.PHONE: "tel", Kind.DATE: "date", Kind.BIRTHDAY: "date"}
_HELP = {Kind.BIRTHDAY: "Total Expert returns every birthday with the year 1970."}


def of_field(field: Field, value: Value = None, *, required: bool = False) -> forms.Field:
    """Return the input of a field that has ``value``. What is typed is checked by `Field.clean`."""
    if field.kind in (Kind.FLAG, Kind.CHOICE):
        return forms.ChoiceField(
            label=field.label,
            required=False,
            initial=typed(field, value),
            choices=_choices(field, value),
            show_hidden_initial=True,
        )
    shown = typed(field, value)
    kind = _TYPES.get(field.kind, "text")
    if kind == "date" and not _fits_date_input(shown):
        kind = "text"
    return forms.CharField(
        label=field.label,
        required=required,
        initial=shown,
        help_text=_HELP.get(field.kind, "") if shown else "",
        show_hidden_initial=True,
        error_messages={"required": f"{field.label} can't be empty: Total Expert requires it."},
        widget=forms.TextInput(
            attrs={
                "type": kind,
                "autocomplete": "off",
            }
        ),
    )


def typed(field: Field, value: Value) -> str:
    """Return a value as a person types it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return text.clean(field.shown(value))


def of_custom(name: str, value: Any = None) -> forms.Field:
    """Return the input of a custom field. Its kind isn't known here."""
    return forms.CharField(
        label=text.visible(name),
        required=False,
        initial=text.clean("" if value is None else str(value)),
        show_hidden_initial=True,
        widget=forms.TextInput(attrs={"autocomplete": "off", "maxlength": LONGEST}),
    )


def evidence() -> forms.CharField:
    """Return the input for how a contact gave a consent."""
    return forms.CharField(
        label="Evidence of consent",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Needed if you allow calls, emails or mail: how, where and when the consent was given. A second person "
        "approves it.",
    )


def sections(names: Iterable[str]) -> list[tuple[str, list[str]]]:
    """Return the names of fields by subject, as the contact's page groups them."""
    left = list(names)
    found = []
    for title, listed in profile.SECTIONS.items():
        own = [name for short in listed for name in (short, f"preferences.{short}") if name in left]
        if own:
            found.append((title, own))
            left = [name for name in left if name not in own]
    return [*found, ("Other fields", left)] if left else found


def _fits_date_input(value: str) -> bool:
    """Return whether a browser's date input can show a value. It shows nothing else, and would clear it."""
    return not value or re.fullmatch(r"\d{4}-\d\d-\d\d", value) is not None and parse_date(value) is not None


def _choices(field: Field, value: Value) -> list[tuple[str, str]]:
    if field.kind is Kind.FLAG:
        return YES_OR_NO if isinstance(value, bool) else [("", "Unknown"), *YES_OR_NO]
    listed = [*field.choices, *([str(value)] if value and value not in field.choices else [])]
    return [("", "None"), *((each, each) for each in listed)]

"""The fields of contacts that can be changed: how a typed value is checked, compared and sent."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email

from portal.core import text
from portal.core.errors import Refused

#: A value of a record: text, a flag, or None where it has none.
Value = str | bool | None

#: What clears a date at Total Expert, which never returns it.
CLEARED_DATE = "0000-00-00 00:00:00"
_TRUE, _FALSE = {"yes", "y", "true", "t", "1", "on", "x"}, {"no", "n", "false", "f", "0", "off"}
_DATE_FORMATS = (
    "%Y-%m-%d",
    "%m/%d/%Y",
    "%m/%d/%y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
)
_PHONE = re.compile(r"[\d\s().+/x#*-]{7,30}(?:\s*(?:ext|extension)\.?\s*\d{1,6})?", re.IGNORECASE)


class Kind(Enum):
    """How the values of a field are checked and compared."""

    TEXT = auto()
    EMAIL = auto()
    PHONE = auto()
    URL = auto()
    DATE = auto()
    #: Total Expert returns 1970 as the year of every birthday.
    BIRTHDAY = auto()
    FLAG = auto()
    CHOICE = auto()


@dataclass(frozen=True)
class Field:
    """A field that can be changed. ``name`` is the vendor's property; a dot leads into an object of the record."""

    name: str
    label: str
    kind: Kind = Kind.TEXT
    longest: int = 200
    is_clearable: bool = True
    choices: tuple[str, ...] = ()
    #: The value that lets someone contact the person. It needs evidence.
    grants: bool | None = None

    def clean(self, given: str) -> Value:
        """Return the value to store for what a person typed. An empty text clears the field. Raise Refused."""
        value = text.clean(given)
        if not value:
            if not self.is_clearable:
                raise Refused(f"{self.label} can't be cleared: Total Expert requires it.")
            return ""
        if len(value) > self.longest:
            raise Refused(f"{self.label} is longer than {self.longest} characters.")
        if not text.without_joiners(value).isprintable():
            raise Refused(f"{self.label} contains characters that can't be displayed.")
        return _PARSERS[self.kind](self, value)

    def value_in(self, record: Mapping[str, Any]) -> Value:
        """Return the value in a record as Total Expert returned it."""
        found: Any = record
        for part in self.name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        if self.kind is Kind.FLAG:
            return _flag_or_none(found)
        return None if found is None else str(found)

    def same(self, one: Value, other: Value) -> bool:
        """Return whether two values say the same. No value is not the same as "no"."""
        return self._comparable(one) == self._comparable(other)

    def put(self, payload: dict[str, Any], value: Value) -> None:
        """Add the value to the properties that are sent."""
        *path, last = self.name.split(".")
        for part in path:
            payload = payload.setdefault(part, {})
        is_date = self.kind in (Kind.DATE, Kind.BIRTHDAY)
        payload[last] = CLEARED_DATE if is_date and value in (None, "") else value

    def shown(self, value: Value) -> str:
        """Return a value in words. Empty if there is none."""
        if isinstance(value, bool):
            return "Yes" if value else "No"
        return (value or "")[:10] if self.kind in (Kind.DATE, Kind.BIRTHDAY) else value or ""

    def _comparable(self, value: Value) -> Value:
        if value in (None, ""):
            return None
        if self.kind is Kind.DATE:
            return str(value)[:10]
        return str(value)[5:10] if self.kind is Kind.BIRTHDAY else value


def _flag_or_none(value: Any) -> bool | None:
    word = str(value).strip().lower()
    return True if word in ("true", "1") else False if word in ("false", "0") else None


def _text(field: Field, value: str) -> Value:
    return value


def _email(field: Field, value: str) -> Value:
    try:
        validate_email(value)
    except ValidationError:
        raise Refused(f"{field.label} is not an email address.") from None
    return value


def _url(field: Field, value: str) -> Value:
    try:
        URLValidator(schemes=["http", "https"])(value if "://" in value else f"https://{value}")
    except ValidationError:
        raise Refused(f"{field.label} is not a web address.") from None
    return value


def _phone(field: Field, value: str) -> Value:
    digits = sum(letter.isdigit() for letter in value)
    if not _PHONE.fullmatch(value) or not 7 <= digits <= 20:
        raise Refused(f"{field.label} is not a phone number. Use 7 or more digits, such as 612-555-0144.")
    return value


def _date(field: Field, value: str) -> Value:
    for form in _DATE_FORMATS:
        try:
            found = dt.datetime.strptime(value, form)
        except ValueError:
            continue
        if found.year < 1000:
            break
        return found.date().isoformat()
    raise Refused(f"{field.label} is not a date. Write it like 2026-01-31 or 1/31/2026.")


def _flag(field: Field, value: str) -> Value:
    word = value.lower()
    if word not in _TRUE | _FALSE:
        raise Refused(f"{field.label} must be yes or no.")
    return word in _TRUE


def _choice(field: Field, value: str) -> Value:
    found = next((choice for choice in field.choices if choice.casefold() == value.casefold()), None)
    if found is None:
        raise Refused(f"{field.label} must be one of: {', '.join(field.choices)}.")
    return found


_PARSERS = {
    Kind.TEXT: _text,
    Kind.EMAIL: _email,
    Kind.PHONE: _phone,
    Kind.URL: _url,
    Kind.DATE: _date,
    Kind.BIRTHDAY: _date,
    Kind.FLAG: _flag,
    Kind.CHOICE: _choice,
}

_ALL = (
    Field("first_name", "First name", longest=120, is_clearable=False),
    Field("last_name", "Last name", longest=120, is_clearable=False),
    Field("nickname", "Nickname", longest=120),
    Field("title", "Title", longest=60),
    Field("suffix", "Suffix", longest=60),
    Field("birthday", "Birthday", Kind.BIRTHDAY),
    Field("email", "Email", Kind.EMAIL, 254),
    Field("email_work", "Work email", Kind.EMAIL, 254),
    Field("phone_cell", "Cell phone", Kind.PHONE, 40),
    Field("phone_home", "Home phone", Kind.PHONE, 40),
    Field("phone_office", "Office phone", Kind.PHONE, 40),
    Field("fax", "Fax", Kind.PHONE, 40),
    Field("address", "Street"),
    Field("address_2", "Street, line 2"),
    Field("city", "City", longest=120),
    Field("state", "State", longest=60),
    Field("zip_code", "ZIP code", longest=20),
    Field("source", "Source", longest=120, is_clearable=False),
    Field("external_id", "External ID", longest=120),
    Field("referred_by", "Referred by", longest=120),
    Field("referred_to", "Referred to", longest=120),
    Field("employer_name", "Employer"),
    Field("employer_address", "Employer street"),
    Field("employer_city", "Employer city", longest=120),
    Field("employer_state", "Employer state", longest=60),
    Field("employer_zip", "Employer ZIP code", longest=20),
    Field("license_number", "License number", longest=60),
    Field("linkedin_url", "LinkedIn", Kind.URL, 300),
    Field("website_url", "Website", Kind.URL, 300),
    Field("other_url", "Other website", Kind.URL, 300),
    Field(
        "credit_score",
        "Credit score",
        Kind.CHOICE,
        choices=("Excellent", "Good", "Fair", "Poor", "Very Poor"),
    ),
    Field("credit_score_date", "Credit score date", Kind.DATE),
    Field("pre_approval_issued_date", "Pre-approval issued date", Kind.DATE),
    Field("list_date", "List date", Kind.DATE),
    Field("close_date", "Close date", Kind.DATE),
    Field("last_contacted_date", "Last contacted date", Kind.DATE),
    Field("ok_to_call", "OK to call", Kind.FLAG, is_clearable=False, grants=True),
    Field("ok_to_email", "OK to email", Kind.FLAG, is_clearable=False, grants=True),
    Field("ok_to_mail", "OK to mail", Kind.FLAG, is_clearable=False, grants=True),
    Field("preferences.is_silenced", "Silenced by their owner", Kind.FLAG, is_clearable=False, grants=False),
)
#: Every field that can be changed, by the vendor's name.
FIELDS: dict[str, Field] = {field.name: field for field in _ALL}
#: The flags that say how a person may be contacted.
CONSENTS: tuple[Field, ...] = tuple(field for field in _ALL if field.grants is not None)
#: Fields that tell a contact from others. A bulk edit can't set them to one value.
OF_ONE_CONTACT = ("first_name", "last_name", "birthday", "email", "email_work", "external_id")

#: Total Expert needs these of a new contact, and all of one of `CONTACT_POINTS`.
REQUIRED = ("first_name", "last_name", "source")
CONTACT_POINTS = (
    ("email",),
    ("phone_cell",),
    ("phone_home",),
    ("phone_office",),
    ("address", "city", "state", "zip_code"),
)


def grants_consent(fields: Mapping[str, Value], before: Mapping[str, Value] | None = None) -> bool:
    """Return whether values let someone contact a person in a way that the values before didn't."""
    return any(
        field.grants is not None
        and fields.get(field.name) is field.grants
        and (before or {}).get(field.name) is not field.grants
        for field in CONSENTS
    )


def custom_values_in(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the custom field values of a record, by system name. They are texts, numbers or flags."""
    rows = record.get("custom")
    return {
        str(row["field_name"]): None if row.get("value") == "" else row.get("value")
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, Mapping) and row.get("field_name")
    }


def same_custom(one: Any, other: Any) -> bool:
    """Return whether two values of a custom field say the same: their types are not known here."""
    if one is None or other is None:
        return one is other
    return str(one).strip().casefold() == str(other).strip().casefold()

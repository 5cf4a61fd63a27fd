"""Which column of a file goes into which field: suggested by names, checked, and remembered for the next file."""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from integrations.bulk.fields import FIELDS, custom_values_in
from integrations.bulk.models import ColumnMapping
from integrations.connections.models import Installation
from integrations.directory.models import Document
from portal.core import clock
from portal.core.errors import Refused
from portal.organizations.models import Organization

#: What a column can be matched to, beside fields.
SKIPPED, OWNER, GROUPS = "", "owner", "groups"
FIELD, CUSTOM = "field:", "custom:"
#: Contacts that are searched for the names of custom fields, and the most names.
SEARCHED, MOST_CUSTOM = 500, 100
#: The head of the column that a download of refused rows adds.
PROBLEM_HEAD = "What is wrong"
#: Names of columns, as other programs call them, beside the labels and names of the fields.
_ALIASES = {
    "first_name": "first|fname|f name|given name|forename|contact first name|borrower first name",
    "last_name": "last|lname|l name|surname|family name|contact last name|borrower last name",
    "nickname": "nick|preferred name|goes by",
    "title": "job title|position|salutation|prefix",
    "suffix": "name suffix",
    "birthday": "birth date|birthdate|date of birth|dob|b day",
    "email": "e mail|email address|e mail address|mail|primary email|personal email|email 1|e mail 1 value|home email",
    "email_work": "business email|office email|secondary email|email 2|work e mail",
    "phone_cell": "mobile|cell|mobile phone|mobile number|cell number|phone|phone number|primary phone|phone 1|telephone",
    "phone_home": "home|home number|home phone number|residence phone|phone 2",
    "phone_office": "work phone|office|work number|business phone|office number|phone 3|work",
    "fax": "fax number|business fax",
    "address": "street address|address 1|address line 1|mailing address|home address|mailing street|addr|street 1",
    "address_2": "address line 2|street 2|unit|apt|apartment|suite|addr 2",
    "city": "town|mailing city|home city",
    "state": "province|region|st|mailing state|home state|state province",
    "zip_code": "zip|zipcode|postal code|postcode|postal|zip postal code|mailing zip|home zip",
    "source": "lead source|contact source|origin",
    "external_id": "id|contact id|crm id|record id|customer id|client id|externalid|unique id",
    "referred_by": "referral|referral source|referrer|referral partner",
    "employer_name": "company|company name|organization|business|account name|employer name",
    "license_number": "nmls|license|nmls id|license no",
    "linkedin_url": "linkedin url|linkedin profile|linked in",
    "website_url": "web site|website url|url|homepage|web page",
    "credit_score": "credit rating",
    "close_date": "closing date|closed date|closed on|closed",
    "ok_to_email": "opt in email|email opt in|can email|email ok|email consent|email permission|allow email",
    "ok_to_call": "opt in call|call opt in|can call|call ok|call consent|phone opt in|opt in phone|allow calls",
    "ok_to_mail": "opt in mail|mail opt in|can mail|mail ok|mail consent|direct mail|allow mail",
}
_OWNER_HEADS = (
    "owner|contact owner|owner email|owner username|owner id|loan officer|lo|lo email|loan officer email"
)
_GROUP_HEADS = "group|groups|contact group|contact groups|tag|tags|category|categories|list|lists"


@dataclass(frozen=True)
class Mapping:
    """The target of each column of a file, and what applies to all rows.

    ``owner`` is the remote ID of the owner of rows without one, ``source`` the source of rows without one, ``groups`` names
    of groups that all contacts join.
    """

    columns: tuple[str, ...]
    owner: int | None = None
    source: str = ""
    groups: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        return cls(**{**stored, "columns": tuple(stored["columns"]), "groups": tuple(stored["groups"])})

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def only(self, targets: Iterable[str]) -> Self:
        """Return the mapping of the columns that go into these targets."""
        kept = set(targets)
        return replace(self, columns=tuple(each if each in kept else SKIPPED for each in self.columns))

    def column_of(self, target: str) -> int | None:
        """Return the position of the column that goes into a target."""
        return self.columns.index(target) if target in self.columns else None

    def require_sense(self, heads: Sequence[str], *, needs_owner: bool) -> None:
        """Raise Refused if two columns go into one target, or if contacts can't be told apart by what is mapped."""
        for place, target in enumerate(self.columns):
            if target and target in self.columns[:place]:
                other = heads[self.columns.index(target)]
                raise Refused(
                    f"“{other}” and “{heads[place]}” are both matched to {label_of(target)}. Choose one of them."
                )
        has_names = {FIELD + "first_name", FIELD + "last_name"} <= set(self.columns)
        if not has_names and FIELD + "external_id" not in self.columns:
            raise Refused(
                "Match columns to First name and Last name, or one to External ID. Otherwise Total Expert can't recognize "
                "a contact."
            )
        if not self.source and FIELD + "source" not in self.columns:
            raise Refused("Enter the source of the contacts, or match a column to Source.")
        if needs_owner and self.owner is None and OWNER not in self.columns:
            raise Refused("Choose the owner of the contacts, or match a column to Owner.")


def label_of(target: str) -> str:
    """Return what people call a target."""
    if target.startswith(FIELD):
        return FIELDS[target.removeprefix(FIELD)].label
    if target.startswith(CUSTOM):
        return f"“{target.removeprefix(CUSTOM)}”"
    return {OWNER: "Owner", GROUPS: "Groups"}.get(target, "nothing")


def targets(custom_names: Iterable[str]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return what a column can be matched to, in groups of pairs of a target and its label."""
    fields = [(FIELD + name, field.label) for name, field in FIELDS.items()]
    custom = [(CUSTOM + name, name) for name in custom_names]
    found = [("Contact", fields), ("Belonging", [(OWNER, "Owner"), (GROUPS, "Groups, separated by ;")])]
    return [*found, ("Custom fields", custom)] if custom else found


def custom_names(installation: Installation) -> list[str]:
    """Return the custom fields that recently synced contacts have."""
    rows = Document.objects.filter(contact__installation=installation, contact__gone_at=None)
    names = {
        name
        for raw in rows.order_by("-pk").values_list("raw", flat=True)[:SEARCHED]
        for name in custom_values_in(raw)
    }
    return sorted(names)[:MOST_CUSTOM]


def suggest(heads: Sequence[str], *, custom: Iterable[str] = ()) -> list[str]:
    """Return a target for each column, by its name. A target is suggested once."""
    own = {_plain(name): CUSTOM + name for name in custom}
    found: list[str] = []
    for head in heads:
        target = _KNOWN.get(_plain(head)) or own.get(_plain(head), SKIPPED)
        found.append(SKIPPED if target in found else target)
    return found


def recall(organization: Organization, heads: Sequence[str]) -> ColumnMapping | None:
    """Return how columns with these names were matched last time."""
    return ColumnMapping.objects.filter(organization=organization, heads_hash=_hash(heads)).first()


def remember(organization: Organization, heads: Sequence[str], mapping: Mapping) -> None:
    """Keep how the columns were matched, for the next file with the same names in whatever order."""
    ColumnMapping.objects.update_or_create(
        organization=organization,
        heads_hash=_hash(heads),
        defaults={
            "columns": dict(zip(heads, mapping.columns, strict=True)),
            "source": mapping.source,
            "used_at": clock.now(),
        },
    )


def _hash(heads: Sequence[str]) -> str:
    names = sorted(head.casefold() for head in heads if head != PROBLEM_HEAD)
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()


def _plain(head: str) -> str:
    """Return a head as heads are compared: “E-mail (column C)” is “e mail”."""
    name = re.sub(r" \(column [a-z]+\)$", "", head.casefold())
    return " ".join(re.sub(r"[\W_]+", " ", name).split())


def _known() -> dict[str, str]:
    found = {_plain(name): OWNER for name in _OWNER_HEADS.split("|")}
    found |= {_plain(name): GROUPS for name in _GROUP_HEADS.split("|")}
    for name, field in FIELDS.items():
        for alias in (name, field.label, *_ALIASES.get(name, "").split("|")):
            found.setdefault(_plain(alias), FIELD + name)
    found.pop("", None)
    return found


_KNOWN = _known()

"""Reference lists of a new sandbox: roles, permissions, teams, classifications, types, statuses and domains."""

from __future__ import annotations

import sqlite3
from typing import Any

from ..engine.schema.record import Record
from ..engine.storage.records import insert_many
from ..engine.storage.tables import next_id
from ..resources import RESOURCES

ADMIN, OFFICER = "Organization Admin", "Loan Officer"
TEAMS = ("North Team", "Lakes Team")
_PERMISSIONS = {
    "manage_users": "Add users and change their roles",
    "manage_teams": "Create teams and assign their managers",
    "view_all_contacts": "See the contacts of every user",
    "edit_contacts": "Edit their own contacts",
    "send_campaigns": "Start campaigns for their own contacts",
    "view_reports": "See the reports of the organization",
}
_ROLES = {
    ADMIN: tuple(_PERMISSIONS),
    OFFICER: ("edit_contacts", "send_campaigns"),
    "Branch Manager": ("view_all_contacts", "edit_contacts", "send_campaigns", "view_reports"),
    "Real Estate Agent": ("edit_contacts",),
}
_CLASSES = (
    ("mortgage", "LOAN"),
    ("home_equity_line", "LOAN"),
    ("checking_account", "ACCOUNT"),
    ("savings_account", "ACCOUNT"),
    ("certificate_account", "ACCOUNT"),
)
_LOAN_LISTS = {
    "loan-types": ("loan_type", ("Conventional", "FHA", "VA", "USDA")),
    "loan-statuses": ("loan_status", ("Application", "Processing", "Underwriting", "Cleared", "Funded")),
    "loan-purposes": ("loan_purpose", ("Purchase", "Refinance", "Construction")),
    "loan-programs": ("loan_program", ("30-year fixed", "15-year fixed", "7-year ARM")),
}
_ACCOUNT_LISTS = {
    "account-types": ("account_type", ("Basic", "Premium")),
    "account-statuses": ("account_status", ("Open", "Closed")),
}
_PARTICIPANTS = (
    ("borrower", "Borrower", 1, 1, "Borrower"),
    ("coborrower", "Co-borrower", 0, 1, "Borrower"),
    ("buyers_agent", "Buyer's agent", 0, 2, "Agent"),
    ("sellers_agent", "Seller's agent", 0, 2, "Agent"),
    ("settlement_agent", "Settlement agent", 0, 2, "Agent"),
    ("attorney", "Attorney", 0, 3, "Other"),
)
_TEMPLATES = (
    (
        "Welcome",
        "Welcome, {{first_name}}",
        "<p>Dear {{first_name}} {{last_name}},</p><p>{{sender_first_name}} {{sender_last_name}} is here for you.</p>",
    ),
    (
        "Loan update",
        "News about {{loan_name}}",
        "<p>{{first_name}}, there is news about your loan {{loan_number}} for {{loan_amount}}.</p>",
    ),
)
_RELATIONSHIPS = (("members", "Members", False), ("head_of_household", "Head of household", True))


class RecordBuilder:
    """Builds records of one organization, all created at the same time."""

    def __init__(self, connection: sqlite3.Connection, organization: int, timestamp: str) -> None:
        self._connection = connection
        self._organization = organization
        self._stamp = timestamp
        self._made: dict[str, list[Record]] = {}

    def reserve(self, path: str) -> int:
        """Return the next id of a resource."""
        return next_id(self._connection, RESOURCES[path])

    def add(
        self,
        path: str,
        *,
        id: int | None = None,
        owner: int | None = None,
        one: dict[str, int | None] | None = None,
        many: dict[str, set[int]] | None = None,
        **given: Any,
    ) -> int:
        """Add a record with these attributes and relationships. Return its id."""
        resource = RESOURCES[path]
        attributes = resource.defaults()
        for name, value in given.items():
            section = attributes.get(name)
            merged = {**section, **value} if isinstance(section, dict) and isinstance(value, dict) else value
            attributes[name] = merged
        number = self.reserve(path) if id is None else id
        record = Record(number, self._organization, owner, attributes, self._stamp, self._stamp)
        record.one, record.many = dict(one or {}), dict(many or {})
        self._made.setdefault(path, []).append(record)
        return number

    def save(self) -> None:
        """Insert all records added since the last call."""
        for path, records in self._made.items():
            insert_many(self._connection, RESOURCES[path], records)
        self._made = {}


def make_roles(builder: RecordBuilder) -> dict[str, int]:
    """Create permissions and roles. Return the ids of the roles by name."""
    permissions = {
        name: builder.add("permissions", permission_name=name, description=description)
        for name, description in _PERMISSIONS.items()
    }
    roles = {}
    for name, allowed in _ROLES.items():
        roles[name] = builder.add("user-roles", role_name=name)
        links = {"permissions": {permissions[permission] for permission in allowed}}
        builder.add("role-permissions", id=roles[name], many=links, role_name=name)
    return roles


def make_teams(builder: RecordBuilder, ids: list[int], managers: list[int]) -> None:
    """Create teams under these ids, with one manager each."""
    for id, name, manager in zip(ids, TEAMS, managers, strict=True):
        builder.add("teams", id=id, many={"managers": {manager}}, team_name=name)


def make_lists(builder: RecordBuilder, domain: str) -> None:
    """Create what loans, accounts, entities and unsubscribes refer to. `domain` is the organization's."""
    for name in (domain, f"mail.{domain}"):
        builder.add("email-domains", domain_name=name)
    classes = {
        name: builder.add("account-classifications", class_name=name, class_type=kind)
        for name, kind in _CLASSES
    }
    for path, (attribute, names) in _LOAN_LISTS.items():
        for name in names:
            given: dict[str, Any] = {attribute: name}
            builder.add(path, one={"account_class": classes["mortgage"]}, **given)
    for path, (attribute, names) in _ACCOUNT_LISTS.items():
        for kind in ("checking_account", "savings_account"):
            for name in names:
                given = {attribute: f"{name} {kind.partition('_')[0]}"}
                builder.add(path, one={"account_class": classes[kind]}, **given)
    for system_name, display_name, required, rules, kind in _PARTICIPANTS:
        builder.add(
            "schema/participant-roles",
            system_name=system_name,
            display_name=display_name,
            required=required,
            account_class={"class_name": "mortgage", "class_type": "LOAN"},
            role_type={"discrete": 1, "rules_type_id": rules, "type_name": kind},
        )
    for name, subject, html in _TEMPLATES:
        builder.add("email-templates", template_name=name, subject=subject, html=html)
    for system_name, display_name in (("household", "Household"), ("company", "Company")):
        builder.add("entity-types", system_name=system_name, display_name=display_name)
    for system_name, display_name, discrete in _RELATIONSHIPS:
        builder.add(
            "entity-relationship-types",
            system_name=system_name,
            display_name=display_name,
            is_discrete=discrete,
        )

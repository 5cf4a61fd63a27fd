"""Check the rows of a file offline, by every rule that needs no token.

Sentences name rows and rules, never the content of a cell.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

from django.core.exceptions import ValidationError

from integrations.connections.grants import client_credentials
from integrations.connections.models import Environment
from integrations.onboarding.bulk.files import Record
from integrations.total_expert import Rejected
from portal.accounts.models import User
from portal.core import email_addresses, text
from portal.core.errors import Refused
from portal.organizations import names
from portal.organizations.models import Organization
from portal.organizations.names import folded

#: What a spreadsheet would calculate instead of showing it.
_FORMULA = re.compile(r"[=+\-]|@\w*\(")
#: A long number shortened by a spreadsheet.
_SHORTENED = re.compile(r"\d([.,]\d+)?E\+\d+", re.IGNORECASE)


@dataclass(repr=False)
class Checked:
    """A row and its problems. Only values that passed their check are set."""

    number: int
    name: str = ""
    environment: Environment | None = None
    client_id: str = ""
    client_secret: str = ""
    admin_email: str = ""
    problems: list[str] = field(default_factory=list)

    @cached_property
    def fingerprint(self) -> str:
        """Return the fingerprint of its client ID, or "" if it has no valid one."""
        if self.environment is None or not self.client_id:
            return ""
        return client_credentials.client_id_fingerprint(self.environment, self.client_id)


def check(records: Iterable[Record], *, default: Environment | None) -> list[Checked]:
    """Return all rows with their problems. ``default`` is the environment of rows without one.

    The rules are those of `client_credentials.validate`, `organizations.create` and `invitations.invite`. A name or client
    ID may occur only once, in the file and in the portal.
    """
    known: dict[str, Environment] = {}
    for environment in Environment.objects.all():
        known |= {environment.label.casefold(): environment, environment.name.casefold(): environment}
    rows = [_check_row(record, known, default) for record in records]
    _refuse_repeated(rows)
    _refuse_known(rows)
    return rows


def _check_row(record: Record, known: dict[str, Environment], default: Environment | None) -> Checked:
    row = Checked(record.number)
    if record.is_shifted:
        row.problems.append(
            "This row has more cells than the header. Put cells that contain the separator in quotation marks."
        )
        return row
    cells = record.cells
    _check_name(row, cells["name"])
    _check_environment(row, cells["environment"], known, default)
    _check_credentials(row, cells["client_id"], cells["client_secret"])
    _check_email(row, text.visible(cells["admin_email"]))
    return row


def _check_name(row: Checked, cell: str) -> None:
    if _FORMULA.match(text.clean(cell)):
        row.problems.append("The name starts like a spreadsheet formula.")
        return
    try:
        row.name = names.clean(cell)
    except Refused as refused:
        row.problems.append(str(refused))


def _check_environment(
    row: Checked, cell: str, known: dict[str, Environment], default: Environment | None
) -> None:
    row.environment = known.get(text.clean(cell).casefold()) if text.clean(cell) else default
    if row.environment is None:
        names = " or ".join(sorted({environment.name for environment in known.values()}))
        what = "There is no environment with this name" if text.clean(cell) else "The environment is empty"
        row.problems.append(f"{what}. Enter {names}.")


def _check_credentials(row: Checked, client_id: str, client_secret: str) -> None:
    try:
        row.client_id, row.client_secret = client_credentials.validate(client_id, client_secret)
    except Rejected as refused:
        row.problems += refused.reasons
        return
    for value, what in ((row.client_id, "client ID"), (row.client_secret, "client secret")):
        if _SHORTENED.fullmatch(value):
            row.problems.append(
                f"A spreadsheet shortened the {what} like a number. Format its column as text."
            )


def _check_email(row: Checked, email: str) -> None:
    if not email:
        return
    try:
        row.admin_email = email_addresses.normalize(email)
    except ValidationError:
        row.problems.append("The admin's email is not a valid address.")


def _refuse_repeated(rows: list[Checked]) -> None:
    """Refuse all rows that have the same name or client ID, because we can't tell which one is right."""
    keys: dict[str, Callable[[Checked], str]] = {
        "name": lambda row: folded(row.name),
        "client ID": lambda row: row.fingerprint,
    }
    for what, key in keys.items():
        numbers: dict[str, list[int]] = defaultdict(list)
        for row in rows:
            numbers[key(row)].append(row.number)
        for row in rows:
            others = [number for number in numbers[key(row)][:2] if number != row.number]
            if others and key(row):
                row.problems.append(f"Row {others[0]} has the same {what}. Keep only one.")


def _refuse_known(rows: list[Checked]) -> None:
    names = set(Organization.objects.values_list("folded_name", flat=True))
    in_use = client_credentials.client_id_fingerprints_in_use()
    operators = {
        email.lower() for email in User.objects.filter(is_operator=True).values_list("email", flat=True)
    }
    for row in rows:
        if row.name and folded(row.name) in names:
            row.problems.append(
                "An organization with this name already exists. Connect it on its own page, or choose another name."
            )
        if row.fingerprint and row.fingerprint in in_use:
            row.problems.append(
                "Another organization uses this client ID. Ask Total Expert for this organization's own."
            )
        if row.admin_email in operators:
            row.problems.append(
                "The admin's email belongs to an operator, who has access without being a member."
            )

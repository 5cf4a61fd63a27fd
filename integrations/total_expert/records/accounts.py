"""Bank accounts, and the types, statuses and classes that an organization defines for them."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from .custom_fields import CustomValue
from .record import Name, Record
from .references import AccountClass, ContactReference, Reference


@dataclass(frozen=True, repr=False)
class AccountType(Record):
    """A type of account."""

    id: int
    account_type: str
    account_class: AccountClass | None


@dataclass(frozen=True, repr=False)
class AccountStatus(Record):
    """A status of an account."""

    id: int
    account_status: str
    account_class: AccountClass | None


@dataclass(frozen=True, repr=False)
class AccountClassification(Record):
    """A class of loans or accounts. `class_type` is LOAN or ACCOUNT."""

    id: int | None
    class_name: Name
    class_type: str


@dataclass(frozen=True, repr=False)
class Account(Record):
    """An account at a bank or credit union. `account_rate` is a percentage."""

    id: int
    external_id: str
    account_name: str
    account_number: str
    account_rate: Decimal | None
    application_number: str
    address: str
    address_2: str
    city: str
    state: str
    zip_code: str
    source: str
    owner: Reference | None
    primary_account_holder: ContactReference | None
    account_class: AccountClass | None
    account_status: str
    account_type: str
    custom: tuple[CustomValue, ...]
    open_date: dt.datetime | None
    last_modified_date: dt.datetime | None
    internal_created_at: dt.datetime | None
    internal_updated_at: dt.datetime | None

    JSON_PATHS = {name: (name, name) for name in ("account_status", "account_type")}

"""Users, their roles and permissions, and teams."""

import datetime as dt
from dataclasses import dataclass

from .custom_fields import CustomValue
from .record import Record
from .references import Reference

_INFO = ("first_name", "last_name", "company", "job_title", "phone_cell", "phone_office", "timezone_name")


@dataclass(frozen=True, repr=False)
class TeamReference(Record):
    """A reference to a team."""

    id: int | None
    team_name: str


@dataclass(frozen=True, repr=False)
class UserLicense(Record):
    """A user's license, usually for one state."""

    license_name: str
    content: str


@dataclass(frozen=True, repr=False)
class User(Record):
    """A user. Visible to connections as admin only. `active` is None if the API does not show the status."""

    id: int
    username: str
    email: str
    external_id: str
    type: str
    active: bool | None
    first_name: str
    last_name: str
    company: str
    job_title: str
    phone_cell: str
    phone_office: str
    timezone_name: str
    role_name: str
    teams: tuple[TeamReference, ...]
    licenses: tuple[UserLicense, ...]
    custom: tuple[CustomValue, ...]
    last_login_date: dt.datetime | None
    internal_created_at: dt.datetime | None
    internal_updated_at: dt.datetime | None

    JSON_PATHS = {
        "active": ("status",),
        "role_name": ("role", "role_name"),
        **{name: ("info", name) for name in _INFO},
    }


@dataclass(frozen=True, repr=False)
class UserRole(Record):
    """A role of users."""

    id: int
    role_name: str


@dataclass(frozen=True, repr=False)
class Permission(Record):
    """A permission of a role. The vendor documents no properties; `raw` has all of them."""

    id: int
    permission_name: str


@dataclass(frozen=True, repr=False)
class Team(Record):
    """A team and its managers. Its members are the users whose `teams` contain it."""

    id: int
    team_name: str
    managers: tuple[Reference, ...]

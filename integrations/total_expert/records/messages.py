"""E-mail: who wants none, what was sent, what would be sent, and the pictures in it."""

import datetime as dt
from dataclasses import dataclass

from .record import Name, Record
from .references import Reference


@dataclass(frozen=True, repr=False)
class EmailDomain(Record):
    """A domain that the organization sends e-mail from."""

    id: int | None
    domain_name: Name


@dataclass(frozen=True, repr=False)
class UnsubscribedUser(Reference):
    """A user whose e-mail an address does not want, since when."""

    user_unsub_at: dt.datetime | None


@dataclass(frozen=True, repr=False)
class UnsubscribedDomain(EmailDomain):
    """A sending domain whose e-mail an address does not want, since when."""

    domain_unsub_at: dt.datetime | None


@dataclass(frozen=True, repr=False)
class EmailUnsubscribe(Record):
    """What e-mail an address does not want: the whole organization's, some users', some domains'."""

    id: int
    email: str
    organization_wide: bool | None
    organization_unsub_at: dt.datetime | None
    users: tuple[UnsubscribedUser, ...]
    domains: tuple[UnsubscribedDomain, ...]


@dataclass(frozen=True, repr=False)
class ArchivedEmail(Record):
    """An e-mail as it was sent. `content` is somebody else's HTML: show it in a sandboxed frame only."""

    file_name: Name
    content: str


@dataclass(frozen=True, repr=False)
class RenderedEmail(Record):
    """A template with its placeholders filled in, for a recipient if there was one."""

    recipient_id: int | None
    rendered_html: str
    rendered_subject: str


@dataclass(frozen=True, repr=False)
class UserImage(Record):
    """An uploaded picture and the public address under which everybody can see it."""

    id: int
    user_id: int | None
    url: str
    filename: str
    created_on: dt.datetime | None

"""Email: sending domains, unsubscribes, sent and rendered emails, and images."""

import datetime as dt
from dataclasses import dataclass

from .record import Name, Record
from .references import Reference


@dataclass(frozen=True, repr=False)
class EmailDomain(Record):
    """A domain that an organization sends email from."""

    id: int | None
    domain_name: Name


@dataclass(frozen=True, repr=False)
class UnsubscribedUser(Reference):
    """A user whose email an address unsubscribed from, and when."""

    user_unsub_at: dt.datetime | None


@dataclass(frozen=True, repr=False)
class UnsubscribedDomain(EmailDomain):
    """A sending domain that an address unsubscribed from, and when."""

    domain_unsub_at: dt.datetime | None


@dataclass(frozen=True, repr=False)
class EmailUnsubscribe(Record):
    """What an address unsubscribed from: the organization, some users, or some domains."""

    id: int
    email: str
    organization_wide: bool | None
    organization_unsub_at: dt.datetime | None
    users: tuple[UnsubscribedUser, ...]
    domains: tuple[UnsubscribedDomain, ...]


@dataclass(frozen=True, repr=False)
class ArchivedEmail(Record):
    """An email as it was sent. `content` is untrusted HTML: show it only in a sandboxed frame."""

    file_name: Name
    content: str


@dataclass(frozen=True, repr=False)
class RenderedEmail(Record):
    """A rendered template, for a recipient if one was given."""

    recipient_id: int | None
    rendered_html: str
    rendered_subject: str


@dataclass(frozen=True, repr=False)
class UserImage(Record):
    """An uploaded image and its public URL."""

    id: int
    user_id: int | None
    url: str
    filename: str
    created_on: dt.datetime | None

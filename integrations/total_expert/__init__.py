"""A client of the Total Expert API: OAuth, typed records, three errors. Needs requests-oauthlib only."""

from . import oauth
from .calls import Call
from .client import Client
from .environment import PRODUCTION, Environment
from .errors import AnswerLost, NotSent, ReconnectRequired, Rejected, TotalExpertError, TryLater
from .oauth import Grant
from .pages import Page
from .records import (
    Contact,
    ContactGroup,
    CustomField,
    CustomValue,
    ExternalId,
    GroupReference,
    Record,
    Reference,
    User,
)
from .resources import Created

__all__ = [
    "PRODUCTION",
    "AnswerLost",
    "Call",
    "Client",
    "Contact",
    "ContactGroup",
    "Created",
    "CustomField",
    "CustomValue",
    "Environment",
    "ExternalId",
    "Grant",
    "GroupReference",
    "NotSent",
    "Page",
    "ReconnectRequired",
    "Record",
    "Reference",
    "Rejected",
    "TotalExpertError",
    "TryLater",
    "User",
    "oauth",
]

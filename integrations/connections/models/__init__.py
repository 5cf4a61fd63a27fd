"""The rows of connections, by what they are about."""

from integrations.connections.models.calls import Call
from integrations.connections.models.connections import (
    Connection,
    ConnectionQuerySet,
    ConnectionState,
    ConsentAttempt,
    CredentialCandidate,
    GrantType,
    Landmark,
)
from integrations.connections.models.environments import ApplicationCredential, Environment, Installation
from integrations.connections.models.limits import Budget, Egress, Stop
from integrations.connections.models.notices import Notice, NoticeKind, NoticeMail
from integrations.connections.models.tokens import Purpose, RequestState, Token, TokenDemand, TokenRequest

__all__ = [
    "ApplicationCredential",
    "Budget",
    "Call",
    "Connection",
    "ConnectionQuerySet",
    "ConsentAttempt",
    "CredentialCandidate",
    "Egress",
    "Environment",
    "GrantType",
    "Installation",
    "Landmark",
    "Notice",
    "NoticeKind",
    "NoticeMail",
    "Purpose",
    "RequestState",
    "ConnectionState",
    "Stop",
    "Token",
    "TokenDemand",
    "TokenRequest",
]

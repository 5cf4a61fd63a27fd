"""The models of connections, grouped by subject."""

from integrations.connections.models.calls import Call
from integrations.connections.models.connections import (
    Connection,
    ConnectionQuerySet,
    ConnectionState,
    ConsentAttempt,
    CredentialCandidate,
    GrantType,
    RecordFingerprint,
)
from integrations.connections.models.environments import ApplicationCredential, Environment, Installation
from integrations.connections.models.limits import Budget, Egress, KillSwitch
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
    "RecordFingerprint",
    "Notice",
    "NoticeKind",
    "NoticeMail",
    "Purpose",
    "RequestState",
    "ConnectionState",
    "KillSwitch",
    "Token",
    "TokenDemand",
    "TokenRequest",
]

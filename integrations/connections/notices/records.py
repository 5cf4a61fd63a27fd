"""Record notices about connections in the same transaction as the change they report, so that none is lost.

The person who made a change gets no notice of it. `delivery` sends the mails and chat messages later, from a job.
"""

import datetime as dt
import uuid
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from integrations.connections import signals
from integrations.connections.limits import backoff
from integrations.connections.models import (
    Connection,
    ConnectionState,
    Notice,
    NoticeKind,
    NoticeMail,
    RequestState,
    Token,
)
from integrations.connections.tokens.access import REFRESH_TOKEN_LIFETIME
from portal.accounts.models import User
from portal.core import clock, times
from portal.organizations.roles import Role

#: States that cause a notice when a connection enters them.
_KIND_BY_STATE = {
    ConnectionState.NEEDS_RECONNECT: NoticeKind.NEEDS_RECONNECT,
    ConnectionState.QUARANTINED: NoticeKind.QUARANTINED,
    ConnectionState.PAUSED: NoticeKind.PAUSED,
    ConnectionState.REVOKED: NoticeKind.REVOKED,
}
#: Kinds of notices that say what state a connection is in. The latest of them applies.
_ABOUT_STATE = [*_KIND_BY_STATE.values(), NoticeKind.RECOVERED, NoticeKind.FAILING, NoticeKind.OUT_OF_DATE]
#: After a recovery, a connection gets this long before it is reported as out of date.
GRACE = dt.timedelta(hours=24)
_BROKEN = frozenset({ConnectionState.NEEDS_RECONNECT, ConnectionState.QUARANTINED})


def on_state_changed(
    sender: object, *, connection: Connection, before: ConnectionState, actor: User | None, **_: Any
) -> None:
    """Record a notice about a connection's new state. Runs inside the transaction that changes the state."""
    state = ConnectionState(connection.state)
    kind = _KIND_BY_STATE.get(state)
    if state == ConnectionState.ACTIVE and before in _BROKEN:
        kind = NoticeKind.RECOVERED
    if kind is not None and before != ConnectionState.PENDING:
        _create(connection, kind, connection.reason, actor=actor)


def record_expiring(connection: Connection) -> bool:
    """Record that a connection's refresh token expires soon. Return False if this token was reported before."""
    with transaction.atomic():
        Connection.objects.select_for_update().get(pk=connection.pk)
        expires_at = Token.objects.get(connection=connection).refresh_expires_at
        if expires_at is None:
            return False
        reported = Notice.objects.filter(
            connection=connection,
            kind=NoticeKind.EXPIRES_SOON,
            created_at__gt=expires_at - REFRESH_TOKEN_LIFETIME,
        )
        if reported.exists():
            return False
        advice = (
            "The connection is paused. Resume it to renew its access."
            if connection.state == ConnectionState.PAUSED
            else "The portal keeps trying to renew it."
        )
        day = times.date(expires_at, dt.UTC)
        text = f"Its access expires on {day} at {expires_at:%H:%M} UTC unless it is renewed. {advice}"
        _create(connection, NoticeKind.EXPIRES_SOON, text, actor=None)
    return True


def record_failing(connection: Connection) -> bool:
    """Record that a connection's token requests keep failing. Return False if that was reported before."""
    with transaction.atomic():
        Connection.objects.select_for_update().get(pk=connection.pk)
        if connection.pk in _reported_as_failing():
            return False
        with timezone.override(dt.UTC):
            text = backoff.describe(backoff.for_connection(connection, clock.now()))
        _create(connection, NoticeKind.FAILING, text, actor=None)
    return True


def find_recovered() -> list[Connection]:
    """Return the connections that were reported as failing and have been granted a token since."""
    reported = Connection.objects.filter(pk__in=_reported_as_failing())
    return [connection for connection in reported if _was_granted_since_report(connection)]


def record_recovered(connection: Connection) -> None:
    """Record that a connection that was reported as failing gets tokens again."""
    with transaction.atomic():
        Connection.objects.select_for_update().get(pk=connection.pk)
        if connection.pk in _reported_as_failing():
            _create(connection, NoticeKind.RECOVERED, "Its token requests succeed again.", actor=None)


def record_out_of_date(connection: Connection, text: str) -> bool:
    """Record that a connection's contacts are older than promised, and why.

    Return False if that, or a problem that explains it, was reported before.
    """
    with transaction.atomic():
        Connection.objects.select_for_update().get(pk=connection.pk)
        latest = Notice.objects.filter(connection=connection, kind__in=_ABOUT_STATE).first()
        if latest is not None and latest.kind in (NoticeKind.OUT_OF_DATE, NoticeKind.FAILING):
            return False
        if (
            latest is not None
            and latest.kind == NoticeKind.RECOVERED
            and latest.created_at > clock.now() - GRACE
        ):
            return False
        _create(connection, NoticeKind.OUT_OF_DATE, text, actor=None)
    return True


def record_up_to_date(connection: Connection) -> None:
    """Record that the contacts of a connection that was reported as out of date are up to date again."""
    with transaction.atomic():
        Connection.objects.select_for_update().get(pk=connection.pk)
        if reported_out_of_date().filter(connection=connection).exists():
            _create(connection, NoticeKind.RECOVERED, "Its contacts are up to date again.", actor=None)


def reported_out_of_date() -> "QuerySet[Notice]":
    """Return the notices that say that a working connection's contacts are out of date and that still apply."""
    about_state = Notice.objects.filter(connection=OuterRef("connection"), kind__in=_ABOUT_STATE)
    latest = about_state.order_by("-created_at", "-pk").values("pk")[:1]
    return Notice.objects.filter(
        kind=NoticeKind.OUT_OF_DATE, pk=Subquery(latest), connection__state=ConnectionState.ACTIVE
    )


def _reported_as_failing() -> set[uuid.UUID]:
    """Return the ids of the connections whose latest notice says that they are failing."""
    latest = Notice.objects.filter(connection=OuterRef("connection")).order_by("-created_at", "-pk")
    failing = Notice.objects.filter(kind=NoticeKind.FAILING, pk=Subquery(latest.values("pk")[:1]))
    return set(failing.values_list("connection", flat=True))


def _was_granted_since_report(connection: Connection) -> bool:
    report = Notice.objects.filter(connection=connection, kind=NoticeKind.FAILING).latest("created_at")
    granted = connection.token_requests.filter(state=RequestState.GRANTED, ended_at__gt=report.created_at)
    return granted.exists()


def _create(connection: Connection, kind: NoticeKind, text: str, *, actor: User | None) -> None:
    notice = Notice.objects.create(connection=connection, kind=kind, text=text[:255], created_at=clock.now())
    NoticeMail.objects.bulk_create(
        [NoticeMail(notice=notice, user=user) for user in recipients(connection) if user != actor]
    )
    signals.notice_created.send(Connection, connection=connection)


def recipients(connection: Connection) -> list[User]:
    """Return who gets notices about a connection.

    These are the person who consented, the organization's admins, and its account owner (all operators if it has none).
    """
    organization = connection.installation.organization
    members = Q(memberships__organization=organization, memberships__role=Role.ADMIN)
    if connection.user_id is not None:
        members |= Q(memberships__organization=organization, pk=connection.user_id)
    operators = Q(is_operator=True)
    if organization.account_owner_id is not None:
        operators &= Q(pk=organization.account_owner_id)
    return list(User.objects.filter(members | operators, is_active=True).distinct().order_by("pk"))

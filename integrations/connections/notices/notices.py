"""Notices: who is told what about a connection, written down with the change itself, so that none is lost.

Whoever made a change themselves is not told of it. Mail and chat go out later, by a job.
"""

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import OuterRef, Q, Subquery
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from integrations.connections import signals
from integrations.connections.limits import backoff
from integrations.connections.models import (
    Connection,
    ConnectionState,
    Installation,
    Notice,
    NoticeKind,
    NoticeMail,
    RequestState,
    Token,
)
from integrations.connections.notices import chat
from integrations.connections.permissions import title_of
from portal.accounts.models import User
from portal.core import clock
from portal.organizations.roles import Role

#: States whose beginning people are told of.
_TOLD = {
    ConnectionState.NEEDS_RECONNECT: NoticeKind.NEEDS_RECONNECT,
    ConnectionState.QUARANTINED: NoticeKind.QUARANTINED,
    ConnectionState.PAUSED: NoticeKind.PAUSED,
    ConnectionState.REVOKED: NoticeKind.REVOKED,
}
_TROUBLE = frozenset({ConnectionState.NEEDS_RECONNECT, ConnectionState.QUARANTINED})
#: What each kind means, and what to do, after its own reason.
MEANING = {
    NoticeKind.NEEDS_RECONNECT: "Nothing is read or sent for it until it is connected again. It keeps its place: what was "
    "mirrored stays readable meanwhile.",
    NoticeKind.QUARANTINED: "Nothing of it is kept. Find out which organization its grant belongs to, and connect the right "
    "one.",
    NoticeKind.PAUSED: "Nothing is read or sent for it until somebody resumes it. A consent dies after 14 days of pause.",
    NoticeKind.REVOKED: "Its tokens were forgotten. What was mirrored stays readable. Connect it again if it is wanted.",
    NoticeKind.DIES_SOON: "Whoever consented can also reconnect now.",
    NoticeKind.FAILING: "The portal goes on trying, less and less often. The call log and the latest token requests on its "
    "page say what was answered; if that goes on, ask Total Expert whether this access was switched off.",
    NoticeKind.RECOVERED: "Nothing is left to do.",
}
#: How long good news stay on Home.
FRESH = dt.timedelta(hours=24)


def on_state_changed(
    sender: object, *, connection: Connection, before: ConnectionState, actor: User | None, **_: Any
) -> None:
    """Record a notice about a connection's new state, inside the transaction of the change."""
    now = ConnectionState(connection.state)
    kind = _TOLD.get(now)
    if now == ConnectionState.ACTIVE and before in _TROUBLE:
        kind = NoticeKind.RECOVERED
    if kind is not None and before != ConnectionState.PENDING:
        _write(connection, kind, connection.reason, actor=actor)


def dies_soon(connection: Connection) -> bool:
    """Tell that a connection's refresh token is about to die: once for each token. False when that was told before."""
    with transaction.atomic():
        Connection.objects.select_for_update().get(pk=connection.pk)
        dies_at = Token.objects.get(connection=connection).refresh_expires_at
        if dies_at is None:
            return False
        told = Notice.objects.filter(
            connection=connection, kind=NoticeKind.DIES_SOON, created_at__gt=dies_at - dt.timedelta(days=14)
        )
        if told.exists():
            return False
        what = (
            "It is paused: resume it, and it renews itself."
            if connection.state == ConnectionState.PAUSED
            else "The portal goes on trying to renew it."
        )
        text = f"Its refresh token dies at {dies_at:%Y-%m-%d %H:%M} UTC unless it is renewed. {what}"
        _write(connection, NoticeKind.DIES_SOON, text, actor=None)
    return True


def fails(connection: Connection) -> bool:
    """Tell that a connection's token requests fail: once, until it is granted one. False when that was told before."""
    with transaction.atomic():
        Connection.objects.select_for_update().get(pk=connection.pk)
        if connection.pk in _told_that_they_fail():
            return False
        with timezone.override(dt.UTC):
            text = backoff.sentence(backoff.of(connection, clock.now()))
        _write(connection, NoticeKind.FAILING, text, actor=None)
    return True


def failing_no_more() -> list[Connection]:
    """The connections of which people were told that they fail, and that were granted a token since."""
    return [row for row in Connection.objects.filter(pk__in=_told_that_they_fail()) if _granted_since(row)]


def fails_no_more(connection: Connection) -> None:
    """Tell that a connection gets tokens again."""
    with transaction.atomic():
        Connection.objects.select_for_update().get(pk=connection.pk)
        if connection.pk in _told_that_they_fail():
            _write(connection, NoticeKind.RECOVERED, "It is granted tokens again.", actor=None)


def _told_that_they_fail() -> set[uuid.UUID]:
    """The connections whose latest news is that they fail."""
    latest = Notice.objects.filter(connection=OuterRef("connection")).order_by("-created_at", "-pk")
    failing = Notice.objects.filter(kind=NoticeKind.FAILING, pk=Subquery(latest.values("pk")[:1]))
    return set(failing.values_list("connection", flat=True))


def _granted_since(connection: Connection) -> bool:
    told = Notice.objects.filter(connection=connection, kind=NoticeKind.FAILING).latest("created_at")
    granted = connection.token_requests.filter(state=RequestState.GRANTED, ended_at__gt=told.created_at)
    return granted.exists()


def _write(connection: Connection, kind: NoticeKind, text: str, *, actor: User | None) -> None:
    notice = Notice.objects.create(connection=connection, kind=kind, text=text[:255], created_at=clock.now())
    NoticeMail.objects.bulk_create(
        [NoticeMail(notice=notice, user=user) for user in recipients(connection) if user != actor]
    )
    signals.noticed.send(Connection, connection=connection)


def recipients(connection: Connection) -> list[User]:
    """The person who consented, the organization's admins, and the operator who looks after it, or else all of them."""
    organization = connection.installation.organization
    members = Q(memberships__organization=organization, memberships__role=Role.ADMIN)
    if connection.user_id is not None:
        members |= Q(memberships__organization=organization, pk=connection.user_id)
    operators = Q(is_operator=True)
    if organization.looked_after_by_id is not None:
        operators &= Q(pk=organization.looked_after_by_id)
    return list(User.objects.filter(members | operators, is_active=True).distinct().order_by("pk"))


def unsent(connections: Iterable[Connection]) -> list[NoticeMail]:
    """The mails that wait to be sent about these connections, person by person, the oldest news first.

    What was to go to somebody whom the connection does not concern any more is dropped.
    """
    rows = NoticeMail.objects.filter(notice__connection__in=connections, mailed_at=None).select_related(
        "user",
        "notice__connection__user",
        "notice__connection__installation__organization",
        "notice__connection__installation__environment",
    )
    waiting = list(rows.order_by("user", "notice__created_at", "notice"))
    concerned = {row.notice.connection_id: row.notice.connection for row in waiting}
    whom = {pk: {user.pk for user in recipients(connection)} for pk, connection in concerned.items()}
    dropped = [row.pk for row in waiting if row.user_id not in whom[row.notice.connection_id]]
    NoticeMail.objects.filter(pk__in=dropped).delete()
    return [row for row in waiting if row.pk not in dropped]


def installations_with_news() -> list[Installation]:
    """Those about whose connections something waits to be told."""
    mails = NoticeMail.objects.filter(mailed_at=None).values("notice__connection__installation")
    concerned = Q(pk__in=mails)
    if chat.is_configured():
        said = Notice.objects.filter(chatted_at=None, created_at__gt=clock.now() - FRESH)
        concerned |= Q(pk__in=said.values("connection__installation"))
    return list(Installation.objects.filter(concerned))


def give_up(mails: list[NoticeMail]) -> None:
    """The mail server refuses this person's mailbox for good: what they see on Home has to do."""
    NoticeMail.objects.filter(pk__in=[row.pk for row in mails]).delete()


def mail(user: User, mails: list[NoticeMail]) -> None:
    """Send one person all that waits for them in one mail. Raises OSError (smtplib's errors are) when it is not taken.

    A worker that dies between the mail server's word and the row sends it again: rather twice than never.
    """
    news = [_told(row.notice) for row in mails]
    first = news[-1]
    subject = f"{first['organization']}: {first['headline']}"
    if len(news) > 1:
        subject += f", and {len(news) - 1} more"
    text = render_to_string("connections/mail/notices.txt", {"news": news, "user": user})
    send_mail(" ".join(subject.split()), text, None, [user.email])
    NoticeMail.objects.filter(pk__in=[row.pk for row in mails]).update(mailed_at=clock.now())


def tell_chat(connections: Iterable[Connection]) -> None:
    """Send the chat what it has not been told of the last day. Raises chat.NotTaken."""
    if not chat.is_configured():
        return
    waiting = Notice.objects.filter(
        connection__in=connections, chatted_at=None, created_at__gt=clock.now() - FRESH
    ).order_by("created_at", "pk")
    for notice in waiting.select_related("connection__user", "connection__installation__organization"):
        told = _told(notice)
        news = f"{told['organization']}, {told['title']}: {told['headline']}. {told['text']}"
        chat.say(f"{chat.plain(news)} {told['address']}")
        Notice.objects.filter(pk=notice.pk).update(chatted_at=clock.now())


def _told(notice: Notice) -> dict[str, str]:
    connection = notice.connection
    organization = connection.installation.organization
    kind = NoticeKind(notice.kind)
    return {
        "organization": organization.name,
        "title": title_of(connection),
        "headline": str(kind.label).lower(),
        "text": notice.text,
        "meaning": MEANING[kind],
        "at": f"{notice.created_at:%Y-%m-%d %H:%M} UTC",
        "address": str(settings.PORTAL_URL)
        + reverse("connection", kwargs={"slug": organization.slug, "pk": connection.pk}),
    }

"""Notices: who is told what about a connection, written down with the change itself, so that none is lost.

Whoever made a change themselves is not told of it. Mail and chat go out later, by a job.
"""

import datetime as dt
from collections.abc import Iterable

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse

from integrations.connections import chat, signals
from integrations.connections.access import title_of
from integrations.connections.models import Connection, Notice, NoticeKind, NoticeMail, State, Token
from portal import clock
from portal.organizations.models import User
from portal.organizations.roles import Role

#: States whose beginning people are told of.
_TOLD = {
    State.NEEDS_RECONNECT: NoticeKind.NEEDS_RECONNECT,
    State.QUARANTINED: NoticeKind.QUARANTINED,
    State.PAUSED: NoticeKind.PAUSED,
    State.REVOKED: NoticeKind.REVOKED,
}
_TROUBLE = frozenset({State.NEEDS_RECONNECT, State.QUARANTINED})
#: What each kind means, and what to do, after its own reason.
MEANING = {
    NoticeKind.NEEDS_RECONNECT: "Nothing is read or sent for it until it is connected again. It keeps its place: what was "
    "mirrored stays readable meanwhile.",
    NoticeKind.QUARANTINED: "Nothing of it is kept. Find out which organization its grant belongs to, and connect the right "
    "one.",
    NoticeKind.PAUSED: "Nothing is read or sent for it until somebody resumes it. A consent dies after 14 days of pause.",
    NoticeKind.REVOKED: "Its tokens were forgotten. What was mirrored stays readable. Connect it again if it is wanted.",
    NoticeKind.DIES_SOON: "The portal goes on trying to renew it. Whoever consented can also reconnect now.",
    NoticeKind.RECOVERED: "Nothing is left to do.",
}
#: How long good news stay on Home.
FRESH = dt.timedelta(hours=24)


def of_change(connection: Connection, *, before: State, actor: User | None) -> None:
    """Write down that a connection's state has changed, for those it concerns. Inside the change's transaction."""
    now = State(connection.state)
    kind = _TOLD.get(now)
    if now == State.ACTIVE and before in _TROUBLE:
        kind = NoticeKind.RECOVERED
    if kind is not None and before != State.PENDING:
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
        paused = " It is paused: resume it, and it renews itself." if connection.state == State.PAUSED else ""
        text = f"Its refresh token dies at {dies_at:%Y-%m-%d %H:%M} UTC unless it is renewed.{paused}"
        _write(connection, NoticeKind.DIES_SOON, text, actor=None)
    return True


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
    """The mails that wait to be sent about these connections, person by person, the oldest news first."""
    rows = NoticeMail.objects.filter(notice__connection__in=connections, mailed_at=None)
    return list(
        rows.select_related(
            "user",
            "notice__connection__user",
            "notice__connection__installation__organization",
            "notice__connection__installation__environment",
        ).order_by("user", "notice__created_at", "notice")
    )


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
        chat.say(
            f"{told['organization']}, {told['title']}: {told['headline']}. {told['text']} {told['address']}"
        )
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

"""Deliver recorded notices: one mail per person with all their news, and one chat message per notice."""

import datetime as dt
from collections.abc import Iterable

from django.conf import settings
from django.db.models import Q
from django.urls import reverse

from integrations.connections.models import Connection, Installation, Notice, NoticeKind, NoticeMail
from integrations.connections.notices import chat
from integrations.connections.notices.records import recipients
from integrations.connections.permissions import connection_title
from portal.accounts.models import User
from portal.branding import mail
from portal.core import clock, daily_limits, times
from portal.core.daily_limits import Limit

#: What a kind of notice means for the reader and what to do, if the notice's own text doesn't say it. Follows that text.
MEANING = {
    NoticeKind.NEEDS_RECONNECT: "The portal stops syncing it and sending changes until you reconnect it. Contacts synced "
    "so far stay readable.",
    NoticeKind.PAUSED: "If a person gave the access and it stays paused for 14 days, the access expires.",
    NoticeKind.REVOKED: "The portal deleted its tokens. Contacts synced so far stay readable. Connect it again if you "
    "still need it.",
    NoticeKind.EXPIRES_SOON: "The person who gave access can also reconnect now.",
    NoticeKind.FAILING: "The portal keeps trying, at longer and longer intervals. The connection's page lists the latest "
    "token requests and their results. If this continues, ask Total Expert whether this access was turned off.",
    NoticeKind.OUT_OF_DATE: "Contacts synced so far stay readable, and the portal keeps trying.",
    NoticeKind.RECOVERED: "You don't need to do anything.",
}
#: Mails to one person in a day: about one organization, and about all of them. What waits longer goes into one mail.
MOST_ABOUT_ORGANIZATION, MOST_TO_PERSON = 24, 100
_TOO_MANY_MAILS = (
    "A person has received as many alerts today as we send in one day. The next email follows tomorrow."
)
#: How long a recovery stays on Home, and how old a notice may be when it is first sent to the chat.
FRESH = dt.timedelta(hours=24)


def pending_mails(connections: Iterable[Connection]) -> list[NoticeMail]:
    """Return the unsent mails about ``connections``, grouped by person, oldest notice first.

    Delete mails to people who may no longer get notices about the connection.
    """
    rows = NoticeMail.objects.filter(notice__connection__in=connections, mailed_at=None).select_related(
        "user",
        "notice__connection__user",
        "notice__connection__installation__organization",
        "notice__connection__installation__environment",
    )
    waiting = list(rows.order_by("user", "notice__created_at", "notice"))
    concerned = {row.notice.connection_id: row.notice.connection for row in waiting}
    allowed = {pk: {user.pk for user in recipients(connection)} for pk, connection in concerned.items()}
    dropped = [row.pk for row in waiting if row.user_id not in allowed[row.notice.connection_id]]
    NoticeMail.objects.filter(pk__in=dropped).delete()
    return [row for row in waiting if row.pk not in dropped]


def installations_with_pending() -> list[Installation]:
    """Return the installations that have undelivered mails or chat messages."""
    mails = NoticeMail.objects.filter(mailed_at=None).values("notice__connection__installation")
    concerned = Q(pk__in=mails)
    if chat.is_configured():
        unsent = Notice.objects.filter(chatted_at=None, created_at__gt=clock.now() - FRESH)
        concerned |= Q(pk__in=unsent.values("connection__installation"))
    return list(Installation.objects.filter(concerned))


def discard(mails: list[NoticeMail]) -> None:
    """Delete mails to a mailbox that the mail server rejects permanently. The person still sees the news on Home."""
    NoticeMail.objects.filter(pk__in=[row.pk for row in mails]).delete()


def send_mails(user: User, mails: list[NoticeMail]) -> None:
    """Send one person all their pending notices in one mail. ``mails`` are about one organization.

    Raise LimitReached, and keep the notices, once the daily limits are reached. Raise OSError (the base class of smtplib's
    errors) if the server doesn't accept the mail. If the worker dies after the server accepted it, it is sent again: twice
    is better than never.
    """
    news = [_render(row.notice) for row in mails]
    context = {"news": news, "latest": news[-1], "others": len(news) - 1, "user": user}
    organization = mails[0].notice.connection.installation.organization_id
    daily_limits.spend(
        Limit("mail.notice.organization", MOST_ABOUT_ORGANIZATION, (user.pk, organization)),
        Limit("mail.notice.person", MOST_TO_PERSON, (user.pk,)),
        sentence=_TOO_MANY_MAILS,
    )
    mail.send("connections/mail/notices.html", to=user.email, context=context)
    NoticeMail.objects.filter(pk__in=[row.pk for row in mails]).update(mailed_at=clock.now())


def send_to_chat(connections: Iterable[Connection]) -> None:
    """Send the last day's unsent notices about ``connections`` to the chat. Raise chat.DeliveryFailed."""
    if not chat.is_configured():
        return
    waiting = Notice.objects.filter(
        connection__in=connections, chatted_at=None, created_at__gt=clock.now() - FRESH
    ).order_by("created_at", "pk")
    for notice in waiting.select_related(
        "connection__user",
        "connection__installation__organization",
        "connection__installation__environment",
    ):
        news = _render(notice)
        text = f"{news['organization']}, {news['title']}: {news['headline']}. {news['text']}"
        chat.send(f"{chat.escape(text)} {news['address']}")
        Notice.objects.filter(pk=notice.pk).update(chatted_at=clock.now())


def _render(notice: Notice) -> dict[str, str]:
    connection = notice.connection
    organization = connection.installation.organization
    kind = NoticeKind(notice.kind)
    return {
        "organization": organization.name,
        "title": connection_title(connection),
        "headline": str(kind.label).lower(),
        "text": notice.text,
        "meaning": MEANING.get(kind, ""),
        "at": f"{times.date(notice.created_at, dt.UTC)}, {notice.created_at:%H:%M} UTC",
        "address": str(settings.PORTAL_URL)
        + reverse("connection", kwargs={"slug": organization.slug, "pk": connection.pk}),
    }

"""Email people when they can connect, after they asked for it because no token request was available."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from integrations.connections.grants import consent
from integrations.connections.limits import forecast, ledger
from integrations.connections.models import Connection, Installation
from integrations.jobs import queue
from integrations.jobs.run import Run
from integrations.onboarding.models import ConnectReminder
from integrations.total_expert import TryLater
from portal.accounts.models import User
from portal.branding import mail as portal_mail
from portal.core import clock, daily_limits
from portal.core.daily_limits import Limit
from portal.organizations.models import Membership

KIND = "onboarding.connect_reminder"
#: Reminders to one person in a day.
MOST_A_DAY = 12
_TOO_MANY = (
    "This person has received as many reminders today as we send in one day. The next one follows tomorrow."
)


def ask(installation: Installation, *, user: User) -> None:
    """Email ``user`` when they can connect."""
    connection = consent.get_or_create_connection(installation, user)
    ConnectReminder.objects.update_or_create(
        connection=connection, defaults={"asked_at": clock.now(), "sent_at": None}
    )
    queue.start(KIND, connection=connection, requested_by=user)


def on_member_removed(sender: object, *, membership: Membership, **_: Any) -> None:
    """Delete the requests of someone who is no longer a member."""
    ConnectReminder.objects.filter(
        connection__user=membership.user_id,
        connection__installation__organization=membership.organization_id,
    ).delete()


def advance(run: Run) -> bool:
    """Email the person when a token request is available. Until then, and if the mail server fails, raise TryLater."""
    waits = ConnectReminder.objects.filter(connection=run.job.connection_id, sent_at=None)
    mail = waits.select_related("connection__user", "connection__installation__environment").first()
    if mail is not None:
        _mail_when_free(mail)
    return True


def _mail_when_free(mail: ConnectReminder) -> None:
    connection = mail.connection
    free = forecast.next_available_time(connection.installation.environment, connection)
    at = clock.now()  # read after the forecast, so that "now" is not before it
    if free > at:
        raise ledger.NoSlot(free, (free - at).total_seconds())
    waiting = ConnectReminder.objects.filter(pk=mail.pk, sent_at=None)
    if connection.user and waiting.exists():
        _send(connection, connection.user)
    # after sending: one email too many is better than none
    waiting.update(sent_at=at)


def _send(connection: Connection, user: User) -> None:
    organization = connection.installation.organization
    try:
        daily_limits.spend(Limit("mail.connect_reminder", MOST_A_DAY, (user.pk,)), sentence=_TOO_MANY)
    except daily_limits.LimitReached as reached:
        raise TryLater(str(reached), after=3600.0) from None
    address = settings.PORTAL_URL + reverse("connect", args=[organization.slug])
    context = {"organization": organization, "address": address}
    try:
        portal_mail.send("onboarding/mail/ready.html", to=user.email, context=context)
    except OSError:
        raise TryLater("The mail server refused an email.", after=60) from None

"""People who wait for a token slot to consent: told by mail when one is free."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from integrations.connections.grants import consent
from integrations.connections.limits import forecast, ledger
from integrations.connections.models import Connection, Installation
from integrations.jobs import queue
from integrations.jobs.run import Run
from integrations.onboarding.models import SlotMail
from integrations.total_expert import TryLater
from portal.accounts.models import User
from portal.branding import mail as portal_mail
from portal.core import clock
from portal.organizations.models import Membership

KIND = "onboarding.slot_mail"


def ask(installation: Installation, *, user: User) -> None:
    """Send ``user`` a mail when they can consent."""
    connection = consent.get_or_create_connection(installation, user)
    SlotMail.objects.update_or_create(
        connection=connection, defaults={"asked_at": clock.now(), "sent_at": None}
    )
    queue.start(KIND, connection=connection, requested_by=user)


def on_member_removed(sender: object, *, membership: Membership, **_: Any) -> None:
    """Whoever left waits no longer."""
    SlotMail.objects.filter(
        connection__user=membership.user_id,
        connection__installation__organization=membership.organization_id,
    ).delete()


def advance(run: Run) -> bool:
    """One slice of the job: mail whoever waits when their turn has come; until then, and without a mail server, wait."""
    waits = SlotMail.objects.filter(connection=run.job.connection_id, sent_at=None)
    mail = waits.select_related("connection__user", "connection__installation__environment").first()
    if mail is not None:
        _mail_when_free(mail)
    return True


def _mail_when_free(mail: SlotMail) -> None:
    connection = mail.connection
    free = forecast.next_available_time(connection.installation.environment, connection)
    at = clock.now()  # afterwards, so that what is free now lies in its past
    if free > at:
        raise ledger.NoSlot(free, (free - at).total_seconds())
    waiting = SlotMail.objects.filter(pk=mail.pk, sent_at=None)
    if connection.user and waiting.exists():
        _send(connection, connection.user)
    # afterwards, since one mail too many is better than none
    waiting.update(sent_at=at)


def _send(connection: Connection, user: User) -> None:
    organization = connection.installation.organization
    address = settings.PORTAL_URL + reverse("connect", args=[organization.slug])
    context = {"organization": organization, "address": address}
    try:
        portal_mail.send("onboarding/mail/ready.html", to=user.email, context=context)
    except OSError:
        raise TryLater("The mail server did not take a mail.", after=60) from None

"""The mail that carries an invitation's link."""

import logging
from smtplib import SMTPException

from django.core.mail import send_mail
from django.template.loader import render_to_string

from portal.core import clock
from portal.organizations.models import INVITATION_DAYS, Invitation
from portal.organizations.roles import Role

logger = logging.getLogger(__name__)


def send(invitation: Invitation, link: str) -> None:
    """Mail the link, and note on the invitation that the mail server took it.

    A mail server that refuses is no reason to lose the invitation: the link can be handed over otherwise, or sent
    again. The log gets the invitation's id and the kind of error; neither address nor link.
    """
    context = {
        "organization": invitation.organization,
        "inviter": invitation.invited_by,
        "role": Role(invitation.role),
        "link": link,
        "days": INVITATION_DAYS,
    }
    subject = " ".join(render_to_string("organizations/mail/invitation_subject.txt", context).split())
    try:
        send_mail(
            subject, render_to_string("organizations/mail/invitation.txt", context), None, [invitation.email]
        )
    except (SMTPException, OSError) as refused:
        logger.error("The mail of invitation %s was not sent (%s).", invitation.pk, type(refused).__name__)
        return
    invitation.mailed_at = clock.now()
    Invitation.objects.filter(pk=invitation.pk, token_hash=invitation.token_hash).update(
        mailed_at=invitation.mailed_at
    )

"""Email an invitation's link."""

import logging
from smtplib import SMTPException

from portal.branding import mail
from portal.core import clock
from portal.organizations.invitations import text as invitation_text
from portal.organizations.models import INVITATION_DAYS, Invitation
from portal.organizations.roles import Role

logger = logging.getLogger(__name__)


def send(invitation: Invitation, link: str) -> None:
    """Mail the link, and record on the invitation that the mail server accepted it.

    If it doesn't, the invitation stays: the link can be resent or handed over. The log gets the invitation's id and the
    type of the error, neither the address nor the link.
    """
    role = Role(invitation.role)
    text = invitation_text.describe(
        organization=invitation.organization, role=role, asker=invitation.invited_by
    )
    context = {
        "subject": text.subject,
        "sentences": text.sentences,
        "action": text.action,
        "link": link,
        "days": INVITATION_DAYS,
        "email": invitation.email,
        "is_officer": role == Role.OFFICER,
    }
    try:
        mail.send("organizations/mail/invitation.html", to=invitation.email, context=context)
    except (SMTPException, OSError) as refused:
        logger.error(
            "The mail server refused the mail for invitation %s (%s).", invitation.pk, type(refused).__name__
        )
        return
    invitation.mailed_at = clock.now()
    Invitation.objects.filter(pk=invitation.pk, token_hash=invitation.token_hash).update(
        mailed_at=invitation.mailed_at
    )

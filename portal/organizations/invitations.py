"""Invitations: sent, sent again, withdrawn, and accepted once by whoever they were meant for.

The link carries 256 random bits, of which only the SHA-256 is kept: neither the database nor an operator can show a
link again. It works for `models.INVITATION_DAYS` days, once. Opening it changes nothing that matters, since mail
scanners open links; only accepting does.
"""

import datetime as dt
import hashlib
import secrets

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse

from portal.accounts.models import User
from portal.audit import log
from portal.core import clock
from portal.core.errors import Refused
from portal.organizations import invitation_mail
from portal.organizations.models import INVITATION_DAYS, Invitation, Membership, Organization
from portal.organizations.roles import MEMBER_ROLES, Role

TOKEN_BYTES = 32


def invite(*, organization: Organization, email: str, role: str, actor: User) -> tuple[Invitation, str]:
    """Invite an address to join as ``role``. Answers the invitation and its link, which nobody can see again.

    The mail is sent when the transaction is committed; ``mailed_at`` stays empty when the mail server refuses it.
    Raises Refused for members, operators, and addresses with an invitation that is still open.
    """
    email = email.strip().lower()
    if role not in MEMBER_ROLES:
        raise Refused("Choose one of the roles.")
    _refuse_the_superfluous(organization, email)
    token, at = secrets.token_urlsafe(TOKEN_BYTES), clock.now()
    try:
        with transaction.atomic():
            _clear_the_expired(organization, email, at)
            invitation = Invitation.objects.create(
                organization=organization,
                email=email,
                role=role,
                token_hash=digest(token),
                invited_by=actor,
                created_at=at,
                sent_at=at,
                expires_at=at + dt.timedelta(days=INVITATION_DAYS),
            )
            log.record(
                "invitation.sent", actor=actor, organization=organization, target=invitation, role=role
            )
            link = link_of(token)
            transaction.on_commit(lambda: invitation_mail.send(invitation, link))
    except IntegrityError:
        raise Refused(
            "This address has an open invitation already. Resend it, or withdraw it first."
        ) from None
    return invitation, link


def _refuse_the_superfluous(organization: Organization, email: str) -> None:
    user = User.objects.filter(email__iexact=email).first()
    if user is None:
        return
    if user.is_operator:
        raise Refused(
            "This is an operator's address: operators serve every organization without being a member."
        )
    role = organization.role_of(user)
    if role is not None:
        raise Refused(
            f"This person is a member already ({role.label}). Change what they are in the list of members."
        )


def _clear_the_expired(organization: Organization, email: str, at: dt.datetime) -> None:
    Invitation.objects.filter(
        organization=organization, email=email, accepted_at=None, withdrawn_at=None, expires_at__lte=at
    ).update(withdrawn_at=at)


def resend(*, invitation: Invitation, actor: User) -> tuple[Invitation, str]:
    """Send a new link for seven more days; the old one is dead from now on. Raises Refused when it is used or withdrawn."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        row = _locked(invitation)
        at = clock.now()
        _refuse_the_settled(row, at)
        row.token_hash = digest(token)
        row.sent_at, row.expires_at = at, at + dt.timedelta(days=INVITATION_DAYS)
        row.opened_at = row.mailed_at = None
        row.save(update_fields=["token_hash", "sent_at", "expires_at", "opened_at", "mailed_at"])
        log.record("invitation.resent", actor=actor, organization=row.organization, target=row)
        link = link_of(token)
        transaction.on_commit(lambda: invitation_mail.send(row, link))
    return row, link


def withdraw(*, invitation: Invitation, actor: User) -> None:
    """Make its link useless. Raises Refused when it is used or withdrawn already."""
    with transaction.atomic():
        row = _locked(invitation)
        at = clock.now()
        _refuse_the_settled(row, at)
        row.withdrawn_at = at
        row.save(update_fields=["withdrawn_at"])
        log.record("invitation.withdrawn", actor=actor, organization=row.organization, target=row)


def withdraw_those_of(*, inviter: User, organization: Organization, actor: User) -> None:
    """Make useless what somebody has sent who may not invite any more: one of them could lead back in."""
    at = clock.now()
    theirs = Invitation.objects.filter(
        organization=organization, invited_by=inviter, accepted_at=None, withdrawn_at=None
    )
    for row in theirs.select_for_update():
        row.withdrawn_at = at
        row.save(update_fields=["withdrawn_at"])
        log.record("invitation.withdrawn", actor=actor, organization=organization, target=row)


def find(token: str) -> Invitation | None:
    """The invitation of a link, whatever became of it; None for a link that never was, or was replaced by a newer one."""
    return found_by(digest(token))


def found_by(token_hash: str) -> Invitation | None:
    rows = Invitation.objects.select_related("organization", "invited_by")
    return rows.filter(token_hash=token_hash).first()


def mark_opened(invitation: Invitation) -> None:
    """Note the first time somebody (or their mail scanner) looked at it."""
    Invitation.objects.filter(pk=invitation.pk, opened_at=None).update(opened_at=clock.now())


def accept(*, invitation: Invitation, user: User) -> Membership:
    """Use the invitation up: ``user`` is a member from now on.

    Raises Refused unless it is open and was sent to this user's address.
    """
    with transaction.atomic():
        row = _locked(invitation)
        at = clock.now()
        if not row.is_open(at):
            raise Refused(sentence(row, at))
        if user.email.lower() != row.email:
            raise Refused("This invitation was sent to another address. Sign in with that one.")
        if user.is_operator:
            raise Refused("Operators serve every organization without being a member.")
        membership, _ = Membership.objects.get_or_create(
            user=user, organization=row.organization, defaults={"role": row.role, "created_at": at}
        )
        row.accepted_at, row.accepted_by = at, user
        row.save(update_fields=["accepted_at", "accepted_by"])
        log.record(
            "invitation.accepted", actor=user, organization=row.organization, target=row, role=membership.role
        )
    return membership


def accept_without_password(*, invitation: Invitation) -> User:
    """An officer's way in: an account that signs in by codes only, made in the transaction that uses the invitation up.

    Holding the link proves the address. Raises Refused when the invitation is not open or the address has an account.
    """
    if invitation.role != Role.OFFICER:
        raise Refused("Only an officer joins without a password.")
    try:
        with transaction.atomic():
            user = User.objects.create_user(invitation.email)
            EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
            accept(invitation=invitation, user=user)
    except IntegrityError:
        raise Refused("There is an account with this address by now. Sign in with it.") from None
    return user


def sentence(invitation: Invitation, at: dt.datetime) -> str:
    """Why an invitation can't be accepted any more, and what to do. Empty while it can."""
    return {
        "accepted": "This invitation has been used. Sign in to go on.",
        "withdrawn": "This invitation was withdrawn. Ask whoever sent it for a new one.",
        "expired": f"This invitation has expired: it works for {INVITATION_DAYS} days. Ask whoever sent it to resend it.",
    }.get(invitation.state_at(at), "")


def digest(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def link_of(token: str) -> str:
    """The address that is mailed."""
    return str(settings.PORTAL_URL) + reverse("invitation", args=[token])


def _locked(invitation: Invitation) -> Invitation:
    rows = Invitation.objects.select_related("organization").select_for_update(of=("self",))
    return rows.get(pk=invitation.pk)


def _refuse_the_settled(invitation: Invitation, at: dt.datetime) -> None:
    if invitation.state_at(at) == "accepted":
        raise Refused("This invitation has been accepted. The person is in the list of members.")
    if invitation.state_at(at) == "withdrawn":
        raise Refused("This invitation was withdrawn. Invite the person again.")

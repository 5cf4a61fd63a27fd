"""Send, resend, withdraw and accept invitations.

A link contains 256 random bits. Only their SHA-256 hash is stored, so no one can show a link again. A link works once,
for `models.INVITATION_DAYS` days. Opening it accepts nothing, because mail scanners open links too.
"""

import datetime as dt
import hashlib
import secrets

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from portal.accounts.models import User
from portal.audit import log
from portal.core import clock, daily_limits, email_addresses
from portal.core.daily_limits import Limit
from portal.core.errors import Refused
from portal.organizations.invitations import mail
from portal.organizations.models import INVITATION_DAYS, Invitation, Membership, Organization
from portal.organizations.roles import MEMBER_ROLES, Role

TOKEN_BYTES = 32
#: Invitation emails in one day: by a member and by an operator, for one organization, from one organization to one address,
#: and to one address.
MOST_BY_MEMBER, MOST_BY_OPERATOR, MOST_FOR_ORGANIZATION = 250, 5000, 1000
MOST_FROM_ORGANIZATION, MOST_TO_ADDRESS = 5, 20
_TOO_MANY_TO_ADDRESS = (
    "This address has received as many invitation emails today as we send in one day. Try again tomorrow."
)
_TOO_MANY_SENT = (
    "You have sent as many invitation emails today as one person or organization can. Try again tomorrow."
)


def invite(*, organization: Organization, email: str, role: str, actor: User) -> tuple[Invitation, str]:
    """Invite an email address to join as ``role``. Return the invitation and its link, which is not stored.

    The mail goes out when the transaction commits; ``mailed_at`` stays empty if the mail server refuses it. Raise
    Refused for members, addresses that have an open invitation, text that is no address, and once the daily limits are
    reached. Only an operator is told that an address is an operator's: customers can't find out who operates the portal.
    """
    if role not in MEMBER_ROLES:
        raise Refused("Choose a role.")
    email = _normalize_address(email)
    _refuse_existing_member(organization, email, actor)
    token, at = secrets.token_urlsafe(TOKEN_BYTES), clock.now()
    try:
        with transaction.atomic():
            _count_mail(organization, email, actor)
            _withdraw_expired(organization, email, at)
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
            transaction.on_commit(lambda: mail.send(invitation, link))
    except IntegrityError:
        raise Refused(
            "This address already has an open invitation. Resend it, or withdraw it first."
        ) from None
    return invitation, link


def _count_mail(organization: Organization, email: str, actor: User) -> None:
    """Count one invitation email. Raise Refused if a daily limit is reached."""
    most = MOST_BY_OPERATOR if actor.is_operator else MOST_BY_MEMBER
    daily_limits.spend(
        Limit("mail.invitation.by", most, (actor.pk,)),
        Limit("mail.invitation.for", MOST_FOR_ORGANIZATION, (organization.pk,)),
        sentence=_TOO_MANY_SENT,
    )
    daily_limits.spend(
        Limit("mail.invitation.from", MOST_FROM_ORGANIZATION, (organization.pk, email)),
        Limit("mail.invitation.to", MOST_TO_ADDRESS, (email,)),
        sentence=_TOO_MANY_TO_ADDRESS,
    )


def _normalize_address(email: str) -> str:
    try:
        return email_addresses.normalize(email)
    except ValidationError as invalid:
        raise Refused(" ".join(invalid.messages)) from None


def _refuse_existing_member(organization: Organization, email: str, actor: User) -> None:
    user = User.objects.filter(email__iexact=email).first()
    if user is None or (user.is_operator and not actor.is_operator):
        return
    if user.is_operator:
        raise Refused(
            "This address belongs to an operator. Operators have access to every organization without being members."
        )
    role = organization.role_of(user)
    if role is not None:
        raise Refused(
            f"This person is already a member ({role.label}). Change their role in the list of members."
        )


def _withdraw_expired(organization: Organization, email: str, at: dt.datetime) -> None:
    Invitation.objects.filter(
        organization=organization, email=email, accepted_at=None, withdrawn_at=None, expires_at__lte=at
    ).update(withdrawn_at=at)


def resend(*, invitation: Invitation, actor: User) -> tuple[Invitation, str]:
    """Send a new link and return it with the invitation. The old link stops working.

    Raise Refused if the invitation was accepted or withdrawn, or the daily limits are reached.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        row = _locked(invitation)
        at = clock.now()
        _refuse_closed(row, at)
        _count_mail(row.organization, row.email, actor)
        row.token_hash = digest(token)
        row.sent_at, row.expires_at = at, at + dt.timedelta(days=INVITATION_DAYS)
        row.opened_at = row.mailed_at = None
        row.save(update_fields=["token_hash", "sent_at", "expires_at", "opened_at", "mailed_at"])
        log.record("invitation.resent", actor=actor, organization=row.organization, target=row)
        link = link_of(token)
        transaction.on_commit(lambda: mail.send(row, link))
    return row, link


def withdraw(*, invitation: Invitation, actor: User) -> None:
    """Withdraw an invitation, so that its link stops working. Raise Refused if it was accepted."""
    with transaction.atomic():
        row = _locked(invitation)
        at = clock.now()
        if row.state_at(at) == "withdrawn":
            return
        _refuse_closed(row, at)
        row.withdrawn_at = at
        row.save(update_fields=["withdrawn_at"])
        log.record("invitation.withdrawn", actor=actor, organization=row.organization, target=row)


def withdraw_all_from(*, inviter: User, organization: Organization, actor: User) -> None:
    """Withdraw the open invitations of someone who may no longer invite. They could use one to get back in."""
    at = clock.now()
    theirs = Invitation.objects.filter(
        organization=organization, invited_by=inviter, accepted_at=None, withdrawn_at=None
    )
    for row in theirs.select_for_update():
        row.withdrawn_at = at
        row.save(update_fields=["withdrawn_at"])
        log.record("invitation.withdrawn", actor=actor, organization=organization, target=row)


def find(token: str) -> Invitation | None:
    """Return the invitation with this token in any state. Return None if the token is unknown or was replaced."""
    return find_by_hash(digest(token))


def find_by_hash(token_hash: str) -> Invitation | None:
    """Return the invitation with this token hash, or None."""
    rows = Invitation.objects.select_related("organization", "invited_by")
    return rows.filter(token_hash=token_hash).first()


def mark_opened(invitation: Invitation) -> None:
    """Record the first time that a person or a mail scanner opened the link."""
    Invitation.objects.filter(pk=invitation.pk, opened_at=None).update(opened_at=clock.now())


def accept(*, invitation: Invitation, user: User) -> Membership:
    """Make ``user`` a member and close the invitation.

    Raise Refused if it is not open or was sent to another address.
    """
    with transaction.atomic():
        row = _locked(invitation)
        at = clock.now()
        if not row.is_open(at):
            raise Refused(sentence(row, at))
        if user.email.lower() != row.email:
            raise Refused("This invitation was sent to another email address. Sign in with that address.")
        if user.is_operator:
            raise Refused("Operators have access to every organization without being members.")
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
    """Accept a loan officer's invitation with a new account that signs in by emailed codes. Return the account.

    Having the link proves that the address is theirs. Raise Refused if the invitation is not open or the address has
    an account.
    """
    if invitation.role != Role.OFFICER:
        raise Refused("Only loan officers can join without a password.")
    try:
        with transaction.atomic():
            user = User.objects.create_user(invitation.email)
            EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
            accept(invitation=invitation, user=user)
    except IntegrityError:
        raise Refused("An account with this address exists now. Sign in.") from None
    return user


def sentence(invitation: Invitation, at: dt.datetime) -> str:
    """Return why an invitation can't be accepted and what to do, or "" if it can."""
    return {
        "accepted": "This invitation was already used. Sign in to continue.",
        "withdrawn": "This invitation was withdrawn. Ask the person who invited you for a new one.",
        "expired": f"This invitation expired after {INVITATION_DAYS} days. Ask the person who invited you to resend it.",
    }.get(invitation.state_at(at), "")


def digest(token: str) -> str:
    """Return the hash that is stored for a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def link_of(token: str) -> str:
    """Return the URL of an invitation."""
    return str(settings.PORTAL_URL) + reverse("invitation", args=[token])


def _locked(invitation: Invitation) -> Invitation:
    rows = Invitation.objects.select_related("organization").select_for_update(of=("self",))
    return rows.get(pk=invitation.pk)


def _refuse_closed(invitation: Invitation, at: dt.datetime) -> None:
    if invitation.state_at(at) == "accepted":
        raise Refused("This invitation was accepted. The person is already a member.")
    if invitation.state_at(at) == "withdrawn":
        raise Refused("This invitation was withdrawn. Send a new one.")

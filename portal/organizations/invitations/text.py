"""Who asks whom for access to what: the same sentences in the invitation's mail, on its page and on the consent page."""

from dataclasses import dataclass

from portal.accounts.models import User
from portal.branding import brand as brands
from portal.branding.brand import Brand
from portal.organizations.models import Invitation, Organization
from portal.organizations.roles import Capability, Role, allows


@dataclass(frozen=True)
class InvitationText:
    """What an invitation says. ``sentences`` are in their order; ``action`` is the button's text."""

    subject: str
    sentences: tuple[str, ...]
    action: str


def describe(*, organization: Organization, role: Role, asker: User | None) -> InvitationText:
    """Return what an invitation to ``organization`` says to someone who joins as ``role``.

    ``asker`` is who sent it, None if their account is gone.
    """
    brand = brands.current()
    if allows(role, Capability.CONSENT):
        return _request_to_connect(organization, role, asker, brand)
    invites = (
        f"invites you to view {possessive(organization.name)} Total Expert contacts in {brand.product_name}."
    )
    return InvitationText(
        subject=f"Join {organization.name} on {brand.product_name}",
        sentences=(f"{_name(asker, organization, brand)} {invites}",),
        action="View invitation",
    )


def _request_to_connect(
    organization: Organization, role: Role, asker: User | None, brand: Brand
) -> InvitationText:
    partner = _capitalized(brand.partner)
    account = (
        f"your Total Expert account at {organization.name}"
        if role == Role.OFFICER
        else f"{possessive(organization.name)} Total Expert account"
    )
    return InvitationText(
        subject=f"{partner} asks to connect to {account}",
        sentences=(
            f"{partner} would like to connect to {account}.",
            f"{_name(asker, organization, brand)} asks you to approve the connection.",
            f"Once connected, {brand.partner} can read your contacts and groups.",
        ),
        action="Review request",
    )


def asker_of(user: User, organization: Organization) -> User | None:
    """Return who invited a member of ``organization``, None if nobody did or their account is gone."""
    accepted = Invitation.objects.filter(organization=organization, accepted_by=user).select_related(
        "invited_by"
    )
    invitation = accepted.order_by("-accepted_at").first()
    return invitation.invited_by if invitation is not None else None


def _name(asker: User | None, organization: Organization, brand: Brand) -> str:
    """Return the person who asks, and for whom they work."""
    if asker is None:
        return _capitalized(brand.partner)
    if not asker.is_operator:
        return f"{asker.display_name} of {organization.name}"
    return f"{asker.display_name} of {brand.partner_name}" if brand.partner_name else asker.display_name


def possessive(name: str) -> str:
    """Return the possessive of a name: Cedar's, Harbor Lenders'."""
    return f"{name}'" if name.endswith(("s", "S")) else f"{name}'s"


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]

"""What demo.json says of the people and organizations of a demo."""

from typing import Any

from integrations.connections.models import Connection
from portal.accounts.models import User
from portal.demo import cast
from portal.organizations.models import Membership, Organization


def of(*, portal: str, sandbox: str) -> dict[str, Any]:
    """Addresses, users with passwords, and organizations with their grants."""
    return {
        "portal": portal,
        "sandbox": sandbox,
        "mail": f"{portal}/demo/mail/",
        "users": [_user(user) for user in User.objects.order_by("pk")],
        "organizations": [_organization(row) for row in Organization.objects.order_by("pk")],
    }


def _user(user: User) -> dict[str, Any]:
    """Checking the password costs what signing in costs: not for every page."""
    membership = _membership(user)
    return {
        "email": user.email,
        "password": cast.PASSWORD if user.check_password(cast.PASSWORD) else "",
        "role": membership.role if membership else "operator",
        "organization": membership.organization.slug if membership else None,
    }


def _membership(user: User) -> Membership | None:
    return Membership.objects.filter(user=user).select_related("organization").first()


def _organization(organization: Organization) -> dict[str, Any]:
    connections = Connection.objects.filter(installation__organization=organization).working()
    first = connections.first()
    return {
        "slug": organization.slug,
        "name": organization.name,
        "sandbox_name": organization.name,
        "grant": first.grant if first else "",
        "connected": first is not None,
    }


def personas() -> list[dict[str, Any]]:
    """The people whom the sign-in page offers: one for each role, the operator first."""
    rows: list[dict[str, Any]] = []
    seen: set[str] = set()
    for user in User.objects.filter(is_active=True).order_by("pk"):
        membership = _membership(user)
        role = membership.role if membership else "operator"
        if role not in seen:
            seen.add(role)
            rows.append({"pk": user.pk, "name": user.display_name, "role": role})
    return rows

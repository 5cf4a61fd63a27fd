"""The people and organizations of a demo, for demo.json and the sign-in page."""

from typing import Any

from django.db.models import Q

from integrations.connections.models import Connection
from portal.accounts.models import User
from portal.demo import cast
from portal.organizations.models import Membership, Organization


def of(*, portal: str, sandbox: str) -> dict[str, Any]:
    """Return what demo.json holds: URLs, users with passwords, and organizations with their grants."""
    return {
        "portal": portal,
        "sandbox": sandbox,
        "mail": f"{portal}/demo/mail/",
        "users": [_user(user) for user in User.objects.order_by("pk")],
        "organizations": [_organization(row) for row in Organization.objects.order_by("pk")],
    }


def _user(user: User) -> dict[str, Any]:
    """Return one user. Checking the password is as slow as signing in, so pages don't call this."""
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
    """Return the people whom the sign-in page offers: one for each role, the operator first."""
    rows: dict[str, dict[str, Any]] = {}
    users = User.objects.filter(is_active=True).order_by("pk")
    for user in users.filter(Q(is_operator=True) | Q(memberships__isnull=False)).prefetch_related(
        "memberships"
    ):
        role = user.memberships.all()[0].role if not user.is_operator else "operator"
        rows.setdefault(role, {"pk": user.pk, "name": user.display_name, "role": role})
    return list(rows.values())

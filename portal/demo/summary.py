"""The people and organizations of a demo, for demo.json and the sign-in page."""

from typing import Any

from django.db.models import Case, Min, OuterRef, Subquery, Value, When

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
    """Return the people whom the sign-in page offers: one for each role, the operator first. Runs one query."""
    first = Membership.objects.filter(user=OuterRef("pk")).order_by("pk").values("role")[:1]
    role = Case(When(is_operator=True, then=Value("operator")), default=Subquery(first))
    people = User.objects.filter(is_active=True).annotate(role=role).exclude(role=None)
    chosen = people.order_by().values("role").annotate(first=Min("pk")).values("first")
    return [
        {"pk": user.pk, "name": user.display_name, "role": user.role}
        for user in people.filter(pk__in=chosen).order_by("pk")
    ]

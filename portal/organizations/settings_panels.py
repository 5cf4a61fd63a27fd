"""What people and their doings show on Settings: the operators, and the latest of the audit record."""

from typing import Any

from django.http import HttpRequest

from portal.organizations import audit_screens, panels
from portal.organizations.models import User

LATEST = 5


@panels.register("settings", name="operators", template="organizations/operators.html", order=60)
def operators(request: HttpRequest, subject: object) -> dict[str, Any]:
    """Who serves every organization."""
    rows = User.objects.filter(is_operator=True, is_active=True).order_by("name", "email")
    return {"operators": rows}


@panels.register("settings", name="audit", template="organizations/audit.html", order=80)
def audit(request: HttpRequest, subject: object) -> dict[str, Any]:
    """The latest entries, and the way to all of them."""
    return {"entries": audit_screens.entries()[:LATEST]}

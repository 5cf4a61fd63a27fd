"""What people and their doings show on Settings: the operators, and the latest of the audit record."""

from typing import Any

from django.http import HttpRequest

from portal.accounts.models import User
from portal.core import panels
from portal.organizations.views import audit as audit_views

LATEST = 5


@panels.register("settings", name="operators", template="accounts/operators.html", order=60)
def operators(request: HttpRequest, subject: object) -> dict[str, Any]:
    """Who serves every organization."""
    rows = User.objects.filter(is_operator=True, is_active=True).order_by("name", "email")
    return {"operators": rows}


@panels.register("settings", name="audit", template="organizations/audit_panel.html", order=80)
def audit(request: HttpRequest, subject: object) -> dict[str, Any]:
    """The latest entries, and the way to all of them."""
    return {"entries": audit_views.entries()[:LATEST]}

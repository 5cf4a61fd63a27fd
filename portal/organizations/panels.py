"""Panels in Settings: the operators and the audit log."""

from typing import Any

from django.http import HttpRequest

from portal.accounts.models import User
from portal.audit.models import Entry
from portal.core import panels
from portal.organizations.views import audit as audit_views

#: How many entries the panel shows.
LATEST = 5


@panels.register("settings", name="operators", template="accounts/operators.html", order=60)
def operators(request: HttpRequest, subject: object) -> dict[str, Any]:
    """List the operators."""
    rows = User.objects.filter(is_operator=True, is_active=True).order_by("name", "email")
    return {"operators": rows}


@panels.register("settings", name="audit", template="organizations/audit_panel.html", order=80)
def audit(request: HttpRequest, subject: object) -> dict[str, Any]:
    """Show the latest entries of the audit log."""
    return {"entries": audit_views.with_names(Entry.objects.all())[:LATEST]}

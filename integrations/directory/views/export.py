"""Downloading the contacts chosen in the list."""

from django.contrib import messages
from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from integrations.connections.models import Installation
from integrations.directory.browse import access, export, keyset, saved_views
from integrations.directory.browse.chosen import Chosen
from portal.accounts.guard import current_user
from portal.accounts.models import User
from portal.audit import log
from portal.core import clock, csv_lines
from portal.core.errors import Refused
from portal.organizations.models import Organization
from portal.organizations.roles import Capability
from portal.organizations.views.guard import organization_view

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_POST
@organization_view(Capability.EDIT_MANY)
def export_csv(request: HttpRequest, organization: Organization, environment: str) -> HttpResponseBase:
    """Stream the chosen contacts as a CSV file."""
    return _export(request, organization, environment, "csv")


@require_POST
@organization_view(Capability.EDIT_MANY)
def export_xlsx(request: HttpRequest, organization: Organization, environment: str) -> HttpResponseBase:
    """Stream the chosen contacts as an Excel workbook."""
    return _export(request, organization, environment, "xlsx")


def _export(
    request: HttpRequest, organization: Organization, environment: str, ending: str
) -> HttpResponseBase:
    user = current_user(request)
    installation = access.visible_installation(user, organization, environment)
    chosen = Chosen.read(request.POST)
    try:
        return download(user, installation, chosen, ending)
    except Refused as refused:
        messages.error(request, str(refused))
        query = chosen.selection.query(environment=environment)
        return redirect(f"{reverse('contacts', args=[organization.slug])}?{query}")


def download(user: User, installation: Installation, chosen: Chosen, ending: str) -> HttpResponseBase:
    """Return the chosen contacts that ``user`` sees as a file of the kind ``ending``. Raise Refused."""
    organization, environment = installation.organization, installation.environment.name
    contacts = chosen.apply(access.visible_contacts(user, organization), installation)
    count = keyset.count(contacts)
    if refusal := _refusal(count, ending):
        raise Refused(refusal)
    log.record(
        "directory.exported",
        actor=user,
        organization=organization,
        target=installation,
        contacts=count,
        format=ending,
    )
    view = saved_views.opened(chosen.selection, saved_views.of(user, installation))
    lines = export.rows(contacts, chosen.selection.order, saved_views.shown_columns(user, view))
    name = f"{organization.slug}-{environment}-contacts-{clock.now():%Y-%m-%d}.{ending}"
    if ending == "xlsx":
        return FileResponse(export.as_xlsx(lines), as_attachment=True, filename=name, content_type=XLSX_TYPE)
    response = StreamingHttpResponse(csv_lines.encoded(lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _refusal(count: int, ending: str) -> str:
    """Return why an export of ``count`` contacts is impossible, as a sentence, or an empty string."""
    if not count:
        return "Choose at least one contact to export."
    if ending == "xlsx" and count > export.MOST_XLSX_ROWS:
        return (
            f"An Excel file can have at most {export.MOST_XLSX_ROWS:,} contacts. Export a CSV file instead."
        )
    return ""

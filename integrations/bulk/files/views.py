"""Pages of an import: uploading a file, matching its columns, and downloading the rows that are bad."""

import math

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from integrations.bulk.files import bad_rows, plans, uploads
from integrations.bulk.files.forms import FileForm, MappingForm
from integrations.bulk.models import Plan, Upload
from integrations.connections.models import Installation
from integrations.directory import required_groups
from integrations.directory.browse import access
from portal.accounts.guard import current_user
from portal.accounts.models import User
from portal.audit import log
from portal.core import csv_lines
from portal.core.errors import Refused
from portal.core.pages import render, text_param
from portal.core.parameters import read_id
from portal.organizations.models import Organization
from portal.organizations.roles import Capability
from portal.organizations.views.guard import organization_view

PIECE_TYPE = "application/octet-stream"


@organization_view(Capability.EDIT_MANY)
def import_file(request: HttpRequest, organization: Organization, environment: str) -> HttpResponse:
    """Upload a file of contacts. JavaScript announces it here and then sends it in pieces."""
    user = current_user(request)
    installation = access.visible_installation(user, organization, environment)
    if request.method == "POST" and "size" in request.POST:
        return _announce(request, installation, user)
    form = FileForm()
    if request.method == "POST":
        form = FileForm(request.POST, request.FILES, sent=int(request.META.get("CONTENT_LENGTH") or 0))
        if form.is_valid():
            try:
                return redirect("upload", slug=organization.slug, pk=_receive(form, installation, user).pk)
            except Refused as refused:
                form.add_error("file", str(refused))
    context = {"organization": organization, "installation": installation, "form": form}
    context |= {"piece": uploads.PIECE, "largest": uploads.LARGEST, "too_large": uploads.TOO_LARGE}
    return render(request, "bulk/import.html", context, title="Import a file")


def _announce(request: HttpRequest, installation: Installation, user: User) -> JsonResponse:
    size = read_id(request.POST["size"])
    try:
        upload = uploads.start(installation, user, name=text_param(request.POST, "name"), size=size or 0)
    except Refused as refused:
        return JsonResponse({"problem": str(refused)})
    pieces = reverse("upload_piece", args=[installation.organization.slug, upload.pk, 1])
    return JsonResponse({"pieces": pieces.removesuffix("1/")})


def _receive(form: FileForm, installation: Installation, user: User) -> Upload:
    """Store a file that arrived in one request. Raise Refused."""
    file = form.cleaned_data["file"]
    upload = uploads.start(installation, user, name=file.name or "", size=file.size)
    for number, data in enumerate(file.chunks(uploads.PIECE), start=1):
        uploads.receive(upload, number, data)
    return upload


def _visible(request: HttpRequest, organization: Organization, pk: int) -> Upload:
    rows = Upload.objects.all().visible_to(current_user(request), organization)
    return get_object_or_404(
        rows.select_related("installation__environment", "installation__organization"), pk=pk
    )


@require_POST
@organization_view(Capability.EDIT_MANY, rate="upload_piece")
def upload_piece(request: HttpRequest, organization: Organization, pk: int, number: int) -> JsonResponse:
    """Receive a piece of a file. The answer to the last one says where to go on. A problem is an answer as any other."""
    upload = _visible(request, organization, pk)
    if not 1 <= number <= math.ceil(upload.size / uploads.PIECE):
        raise Http404
    try:
        if request.content_type != PIECE_TYPE:  # a form was parsed already
            raise Refused(uploads.INCOMPLETE)
        uploads.receive(upload, number, request.body)
    except Refused as refused:
        return JsonResponse({"problem": str(refused)})
    upload.refresh_from_db()
    return JsonResponse({"next": reverse("upload", args=[organization.slug, pk]) if upload.heads else ""})


@organization_view(Capability.EDIT_MANY)
def upload(request: HttpRequest, organization: Organization, pk: int) -> HttpResponse:
    """Match the columns of a file to fields, and make a plan of its rows."""
    row, user = _visible(request, organization, pk), current_user(request)
    environment = row.installation.environment.name
    if not row.heads or row.deleted_at is not None:
        messages.error(request, uploads.DELETED if row.deleted_at else uploads.INCOMPLETE)
        return redirect("import_file", slug=organization.slug, environment=environment)
    form = MappingForm(request.POST if request.method == "POST" else None, upload=row, user=user)
    if request.method == "POST" and form.is_valid():
        suppressed = form.cleaned_data.get("suppress_emails", False)
        try:
            made = plans.create(row, form.mapping, actor=user, suppress_emails=suppressed)
            return redirect("bulk_edit", slug=organization.slug, pk=made.pk)
        except Refused as refused:
            form.add_error(None, str(refused))
    context = {
        "organization": organization,
        "installation": row.installation,
        "upload": row,
        "form": form,
        "required": list(required_groups.of(row.installation)),
    }
    return render(request, "bulk/mapping.html", context, title="Match columns")


@organization_view(Capability.EDIT_MANY)
def download_bad_rows(request: HttpRequest, organization: Organization, pk: int) -> HttpResponseBase:
    """Stream the rows of an import that were refused or failed, to be corrected and imported again."""
    user = current_user(request)
    visible = Plan.objects.all().visible_to(user, organization).select_related("upload")
    plan = get_object_or_404(visible, pk=pk, upload__isnull=False)
    assert plan.upload is not None
    if plan.upload.deleted_at is not None:
        messages.error(request, uploads.DELETED)
        return redirect("bulk_edit", slug=organization.slug, pk=pk)
    count = bad_rows.of(plan).count()
    log.record("bulk.bad_rows_downloaded", actor=user, organization=organization, target=plan, rows=count)
    response = StreamingHttpResponse(
        csv_lines.encoded(bad_rows.lines(plan)), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="import-{plan.pk}-bad-rows.csv"'
    return response

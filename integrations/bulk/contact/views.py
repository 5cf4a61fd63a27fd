"""Pages that change, create, give away and delete one contact. Each makes a plan, which is reviewed before it is applied."""

import hashlib
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from integrations.bulk.contact import actions, duplicates, owners, plans
from integrations.bulk.contact.creation import NewContactForm
from integrations.bulk.contact.duplicates import Duplicate
from integrations.bulk.contact.forms import ContactForm
from integrations.bulk.models import Plan
from integrations.bulk.operations import Operations
from integrations.directory.browse import access
from integrations.directory.models import Contact
from portal.accounts.guard import current_user
from portal.core.errors import Refused
from portal.core.pages import render
from portal.organizations.models import Organization
from portal.organizations.roles import Capability
from portal.organizations.views.guard import organization_view


def _contact(request: HttpRequest, organization: Organization, pk: int) -> Contact:
    """Return a contact that can be edited: one that this person may see and that is still at Total Expert."""
    visible = access.visible_contacts(current_user(request), organization).present()
    related = ("owner", "document", "installation__environment", "installation__organization")
    return get_object_or_404(visible.select_related(*related), pk=pk, document__isnull=False)


def _review(organization: Organization, plan: Plan) -> HttpResponse:
    return redirect("bulk_edit", slug=organization.slug, pk=plan.pk)


@organization_view(Capability.EDIT)
def edit(request: HttpRequest, organization: Organization, pk: int) -> HttpResponse:
    """Change fields, custom fields and groups of a contact."""
    row, user = _contact(request, organization, pk), current_user(request)
    form = ContactForm(request.POST if request.method == "POST" else None, contact=row, user=user)
    if form.is_bound and form.is_valid():
        if form.operations is None:
            messages.info(request, "You haven't changed anything.")
            return redirect("contact", slug=organization.slug, pk=row.pk)
        try:
            evidence = form.cleaned_data["evidence"]
            return _review(
                organization, plans.change(row, operations=form.operations, actor=user, evidence=evidence)
            )
        except Refused as refused:
            form.add_error(None, str(refused))
    context = {"organization": organization, "contact": row, "form": form}
    return render(request, "bulk/contact/edit.html", context, title=f"Edit {row.display_name}")


@organization_view(Capability.EDIT)
def new(request: HttpRequest, organization: Organization, environment: str) -> HttpResponse:
    """Create a contact. Contacts that it may be a duplicate of are shown first."""
    user = current_user(request)
    installation = access.visible_installation(user, organization, environment)
    form = NewContactForm(
        request.POST if request.method == "POST" else None, installation=installation, user=user
    )
    found: list[Duplicate] = []
    if form.is_bound and form.is_valid() and form.owner is not None:
        found = duplicates.find(installation, user, form.owner, form.values)
        if not found or request.POST.get("seen") == _key_of(found):
            made = plans.create(
                installation=installation,
                fields=form.values,
                custom=form.custom,
                groups=form.groups,
                owner=form.owner,
                connection=form.connection,
                actor=user,
                evidence=form.cleaned_data["evidence"],
            )
            return _review(organization, made)
    context = {
        "organization": organization,
        "installation": installation,
        "form": form,
        "duplicates": found,
        "seen": _key_of(found),
    }
    return render(request, "bulk/contact/new.html", context, title="New contact")


def _key_of(found: Sequence[Duplicate]) -> str:
    """Return what proves that a person has seen these duplicates."""
    text = " ".join(f"{each.contact.pk}{each.is_updated}" for each in found)
    return hashlib.sha256(text.encode()).hexdigest()[:16] if found else ""


class OwnerForm(Form):
    """The new owner of a contact."""

    def __init__(self, data: Any = None, *, contact: Contact) -> None:
        super().__init__(data)
        others = owners.active(contact.installation)
        if contact.owner is not None:
            others = others.exclude(pk=contact.owner.pk)
        self.fields["owner"] = owners.OwnerField(others, label="New owner")


@organization_view(Capability.EDIT_MANY)
def change_owner(request: HttpRequest, organization: Organization, pk: int) -> HttpResponse:
    """Give a contact to another owner."""
    row, user = _contact(request, organization, pk), current_user(request)
    form = OwnerForm(request.POST if request.method == "POST" else None, contact=row)
    if form.is_bound and form.is_valid():
        try:
            operations = Operations.checked(owner=form.cleaned_data["owner"].remote_id)
            return _review(organization, plans.change(row, operations=operations, actor=user))
        except Refused as refused:
            form.add_error(None, str(refused))
    context = {
        "organization": organization,
        "contact": row,
        "form": form,
        "reason": actions.why_not_given(user, row),
    }
    return render(
        request, "bulk/contact/owner.html", context, title=f"Change the owner of {row.display_name}"
    )


@require_POST
@organization_view(Capability.EDIT_MANY)
def delete(request: HttpRequest, organization: Organization, pk: int) -> HttpResponse:
    """Make the plan that deletes a contact. Its page says what that means, and asks for the count."""
    row = _contact(request, organization, pk)
    try:
        operations = Operations.checked(delete=True)
        return _review(organization, plans.change(row, operations=operations, actor=current_user(request)))
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("contact", slug=organization.slug, pk=row.pk)

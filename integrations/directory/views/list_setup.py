"""Setting up the contact list: its columns, and saved views."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from integrations.directory.browse import access, filters, saved_views
from integrations.directory.browse.selection import Selection
from integrations.directory.models import SavedView
from portal.accounts.guard import current_user
from portal.core.errors import Refused
from portal.core.pages import render
from portal.core.parameters import read_id
from portal.organizations.models import Organization
from portal.organizations.roles import Capability
from portal.organizations.views.guard import organization_view


class SavedViewForm(forms.ModelForm):  # type: ignore[type-arg]
    """The name of a saved view, whether it is shared, and whether it is pinned."""

    class Meta:
        model = SavedView
        fields = ("name", "is_shared", "is_pinned")
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "off"})}

    def __init__(self, *args: Any, may_share: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_share:
            del self.fields["is_shared"]


def _selection(text: str) -> Selection:
    return Selection.read(QueryDict(text))


def _list(organization: Organization, query: str) -> str:
    address = reverse("contacts", args=[organization.slug])
    return f"{address}?{query}" if query else address


@require_POST
@organization_view(Capability.BROWSE)
def choose_columns(request: HttpRequest, organization: Organization, environment: str) -> HttpResponse:
    """Remember the columns that ``column`` names in order, after the move that ``move`` names, or forget them."""
    user = current_user(request)
    installation = access.visible_installation(user, organization, environment)
    selection = _selection(request.POST.get("query", ""))
    view = saved_views.opened(selection, saved_views.of(user, installation))
    names = (
        []
        if "reset" in request.POST
        else _moved(request.POST.getlist("column"), request.POST.get("move", ""))
    )
    changed = saved_views.choose_columns(user=user, view=view, names=names)
    messages.success(request, f"Columns of “{changed.name}” saved." if changed else "Columns saved.")
    return redirect(_list(organization, selection.query(view=selection.view if changed else "")))


def _moved(names: list[str], move: str) -> list[str]:
    """Return the names after a move such as ``email:up``."""
    name, _, direction = move.partition(":")
    if name not in names:
        return names
    place = names.index(name)
    others = [each for each in names if each != name]
    others.insert(max(0, place + (-1 if direction == "up" else 1)), name)
    return others


@organization_view(Capability.BROWSE)
def save_view(request: HttpRequest, organization: Organization, environment: str) -> HttpResponse:
    """Ask for a name, and save the search, filters, order and columns of the list as a view."""
    user = current_user(request)
    installation = access.visible_installation(user, organization, environment)
    selection = _selection(
        request.POST.get("query", "") if request.method == "POST" else request.GET.urlencode()
    )
    form = SavedViewForm(request.POST or None, may_share=saved_views.may_share(user, installation))
    if request.method == "POST" and form.is_valid():
        opened = saved_views.opened(selection, saved_views.of(user, installation))
        try:
            view = saved_views.save(
                user=user,
                installation=installation,
                selection=selection,
                shown=saved_views.shown_columns(user, opened),
                **form.cleaned_data,
            )
        except Refused as refused:
            form.add_error("name", str(refused))
        else:
            messages.success(request, f"View “{view.name}” saved.")
            return redirect(_list(organization, saved_views.address_query(view, selection.environment)))
    visible = access.visible_contacts(user, organization).filter(installation=installation)
    context = {
        "organization": organization,
        "form": form,
        "query": selection.query(),
        "chips": filters.chips(selection, visible),
        "order": selection.order.label,
        "back": _list(organization, selection.query()),
    }
    return render(request, "directory/saved_view.html", context, title="Save view")


@organization_view(Capability.BROWSE)
def edit_view(request: HttpRequest, organization: Organization, pk: int) -> HttpResponse:
    """Rename, share or pin a view."""
    user, view = current_user(request), _changeable(request, organization, pk)
    allowed = saved_views.may_share(user, view.installation)
    form = SavedViewForm(request.POST or None, instance=view, may_share=allowed)
    address = _list(organization, _query_of(view))
    if request.method == "POST":
        shared = view.is_shared
        if form.is_valid():
            try:
                saved_views.change(view=view, **({"is_shared": shared} | form.cleaned_data))
            except Refused as refused:
                form.add_error("name", str(refused))
            else:
                messages.success(request, "Saved.")
                return redirect(address)
    context = {"organization": organization, "form": form, "view": view, "back": address}
    return render(request, "directory/saved_view.html", context, title="Edit view")


@require_POST
@organization_view(Capability.BROWSE)
def update_view(request: HttpRequest, organization: Organization, pk: int) -> HttpResponse:
    """Save the search, filters and order of the list in a view that exists."""
    view = _changeable(request, organization, pk)
    saved_views.replace_filters(view=view, selection=_selection(request.POST.get("query", "")))
    messages.success(request, f"View “{view.name}” saved.")
    return redirect(_list(organization, _query_of(view)))


@require_POST
@organization_view(Capability.BROWSE)
def delete_view(request: HttpRequest, organization: Organization, pk: int) -> HttpResponse:
    """Delete a view."""
    view = _changeable(request, organization, pk)
    environment = view.installation.environment.name
    view.delete()
    messages.success(request, "View deleted.")
    return redirect(_list(organization, f"environment={environment}"))


def _changeable(request: HttpRequest, organization: Organization, pk: int) -> SavedView:
    """Return a view that this person may change. Raise Http404 for any other."""
    rows = SavedView.objects.filter(installation__organization=organization)
    view = get_object_or_404(
        rows.select_related("installation__organization", "installation__environment"), pk=read_id(str(pk))
    )
    user = current_user(request)
    access.visible_installation(user, organization, view.installation.environment.name)
    if not saved_views.may_change(user, view):
        raise Http404
    return view


def _query_of(view: SavedView) -> str:
    return saved_views.address_query(view, view.installation.environment.name)

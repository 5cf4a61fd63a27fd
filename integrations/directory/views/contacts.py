"""The list of contacts: search, filters, order and pages."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render as render_fragment
from django.urls import reverse

from integrations.connections.models import Connection, Installation
from integrations.connections.permissions import may_connect
from integrations.directory.browse import (
    access,
    columns,
    coverage,
    filters,
    keyset,
    list_actions,
    saved_views,
)
from integrations.directory.browse.selection import Selection
from integrations.directory.models import ContactQuerySet, SavedView
from integrations.directory.sync import runs
from integrations.directory.views.sync import syncable
from portal.accounts.guard import current_user
from portal.accounts.models import User
from portal.core import paging
from portal.core.pages import render, text_param, wants_fragment
from portal.organizations.models import Organization
from portal.organizations.roles import Capability
from portal.organizations.views.guard import current_role, organization_view

#: More matches of a search or filter than this aren't counted.
COUNTED = 10_000
#: The longest key of a page that is read.
KEY_LENGTH = 600
#: The filters that can have too many options for a select.
OPTIONS = {"owner": filters.owner_options, "group": filters.group_options}


@organization_view(Capability.BROWSE)
def contacts(request: HttpRequest, organization: Organization) -> HttpResponse:
    """Search, filter, sort and page through the contacts of one installation."""
    user = current_user(request)
    selection = Selection.read(request.GET)
    installations = access.visible_installations(user, organization)
    installation = access.chosen_installation(installations, selection.environment)
    context: dict[str, Any] = {"organization": organization, "installation": installation}
    if installation is None:
        context["may_connect"] = may_connect(request, organization)
        return render(request, "directory/contacts_none.html", context, title="Contacts")
    views = saved_views.of(user, installation)
    view = saved_views.opened(selection, views)
    if view is None:
        selection = replace(selection, view="")
    shown = saved_views.shown_columns(user, view)
    context |= {"selection": selection, "open_view": view} | _changes(user, selection, view, shown)
    visible = access.visible_contacts(user, organization).filter(installation=installation)
    if wants_fragment(request):
        context |= _results(request, selection, installation, visible, shown)
        response = render_fragment(request, "directory/contacts_results.html", context)
        query = selection.query()
        response["HX-Push-Url"] = request.path + (f"?{query}" if query else "")
        return response
    through = access.limiting_connections(user, installation)
    covered = coverage.of(installation, through=through)
    context |= _results(request, selection, installation, visible, shown, known_total=covered.contacts)
    context |= _frame(request, selection, installation, visible, through)
    context |= {"installations": installations, "coverage": covered}
    context["links"] = _actions(request, installation, needs_contacts=False)
    context |= {"column_options": columns.options(shown), **_views(user, selection, views, view)}
    return render(request, "directory/contacts.html", context, title="Contacts")


def _results(
    request: HttpRequest,
    selection: Selection,
    installation: Installation,
    visible: ContactQuerySet,
    shown: Sequence[str],
    known_total: int | None = None,
) -> dict[str, Any]:
    """Return the context of the part that search and filters redraw: chips, rows and pager."""
    found = selection.apply(visible, installation)
    if selection.is_narrow:
        total, limit = keyset.count(found, COUNTED + 1), COUNTED
    else:
        total, limit = keyset.count(found) if known_total is None else known_total, None
    page = _page(request, found, selection)
    page = replace(
        page, total=min(total, limit) if limit else total, is_capped=limit is not None and total > limit
    )
    return {
        "page": page,
        "chips": filters.chips(selection, visible),
        "sort": selection.sort,
        "columns": [columns.COLUMNS[name] for name in shown],
        "rows": [(row, [columns.COLUMNS[name].cell(row) for name in shown]) for row in page.rows],
        "actions": _actions(request, installation, needs_contacts=True),
        **_labels(page, selection),
    }


def _actions(
    request: HttpRequest, installation: Installation, *, needs_contacts: bool
) -> list[dict[str, str]]:
    """Return what this person may do with chosen contacts, or else on the list as a whole."""
    role = current_role(request)
    args = [installation.organization.slug, installation.environment.name]
    return [
        {"label": action.label, "icon": action.icon, "url": reverse(action.url_name, args=args)}
        for action in (list_actions.offered(role, needs_contacts=needs_contacts) if role else [])
    ]


def _labels(page: paging.Page[Any], selection: Selection) -> dict[str, str]:
    """Return the labels of the checkboxes that choose this page, and everything."""
    total = f"{page.total:,}"
    if page.is_capped:
        everything, count = f"All that match (more than {total})", f"More than {total}"
    else:
        everything, count = f"All {total} {'that match' if selection.is_narrow else 'contacts'}", total
    here = len(page.rows)
    return {
        "page_label": "This contact" if here == 1 else f"These {here}",
        "all_label": everything,
        "all_count": count,
    }


def _changes(
    user: User, selection: Selection, view: SavedView | None, shown: tuple[str, ...]
) -> dict[str, bool]:
    """Return whether the list can be saved as a view, and in the open view."""
    is_changed = view is not None and view.query != selection.savable
    return {
        "may_save_view": is_changed if view else selection.savable != "" or shown != columns.DEFAULT,
        "may_update_view": view is not None and is_changed and saved_views.may_change(user, view),
    }


def _views(
    user: User, selection: Selection, views: list[SavedView], opened: SavedView | None
) -> dict[str, Any]:
    """Return the saved views as pairs of a view and its query string: as chips the pinned and open ones, and the others."""
    pairs = [(view, saved_views.address_query(view, selection.environment)) for view in views]
    return {
        "chip_views": [pair for pair in pairs if pair[0].is_pinned or pair[0] == opened],
        "other_views": [pair for pair in pairs if not pair[0].is_pinned and pair[0] != opened],
        "may_edit_view": opened is not None and saved_views.may_change(user, opened),
        "plain_query": f"environment={selection.environment}" if selection.environment else "",
    }


def _frame(
    request: HttpRequest,
    selection: Selection,
    installation: Installation,
    visible: ContactQuerySet,
    through: list[Connection] | None,
) -> dict[str, Any]:
    """Return the context of what stays while results are redrawn: filters and the state of the sync."""
    latest = runs.of(installation, through=through)
    return {
        "choices": filters.of(selection, visible, installation, through=through),
        "syncing": latest if latest is not None and latest.is_active else None,
        "may_sync": syncable(request, installation).exists(),
        "own_environment": selection.environment,
    }


def _page(request: HttpRequest, found: ContactQuerySet, selection: Selection) -> paging.Page[Any]:
    after, before = request.GET.get("after", "")[:KEY_LENGTH], request.GET.get("before", "")[:KEY_LENGTH]
    size = paging.size_of(request.GET)
    page = keyset.page(found, selection.order, after=after, before=before, size=size)
    start = paging.start_of(request.GET) if page.before else 1
    return paging.Page(
        rows=page.rows,
        size=size,
        start=start,
        previous={"before": page.before, "from": str(max(1, start - size))} if page.before else {},
        next={"after": page.after, "from": str(start + len(page.rows))} if page.after else {},
    )


@organization_view(Capability.BROWSE)
def filter_options(request: HttpRequest, organization: Organization, name: str) -> HttpResponse:
    """Return the options of a filter whose names contain the text in ``?find=``."""
    user = current_user(request)
    selection = Selection.read(request.GET)
    installation = access.chosen_installation(
        access.visible_installations(user, organization), selection.environment
    )
    if installation is None or name not in OPTIONS:
        raise Http404
    options = OPTIONS[name](
        selection,
        installation,
        through=access.limiting_connections(user, installation),
        search=text_param(request.GET, "find").strip()[:120],
    )
    return render_fragment(request, "directory/filter_options.html", {"name": name, "options": options})

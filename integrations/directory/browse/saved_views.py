"""Saved views of the contact list: who sees them, who may change them, and the columns that the list shows."""

from collections.abc import Iterable
from dataclasses import replace

from django.db import transaction
from django.http import QueryDict

from integrations.connections.models import Installation
from integrations.directory.browse import columns
from integrations.directory.browse.selection import Selection
from integrations.directory.models import ColumnChoice, SavedView, SavedViewQuerySet
from portal.accounts.models import User
from portal.core import clock
from portal.core.errors import Refused
from portal.organizations.roles import Capability

#: The most views that a person can save in an installation.
MOST = 50


def of(user: User, installation: Installation) -> list[SavedView]:
    """Return the views that ``user`` sees: their own and shared ones, by name."""
    return list(SavedView.objects.visible_to(user, installation).select_related("user"))


def opened(selection: Selection, views: Iterable[SavedView]) -> SavedView | None:
    """Return the view among ``views`` that a list began with."""
    return next((view for view in views if str(view.pk) == selection.view), None)


def may_change(user: User, view: SavedView) -> bool:
    """Return whether ``user`` may change and delete a view: the one who saved it, and managers if it is shared."""
    if view.user_id == user.pk:
        return True
    return view.is_shared and view.installation.organization.allows(user, Capability.MANAGE)


def may_share(user: User, installation: Installation) -> bool:
    """Return whether ``user`` may share views with the organization."""
    return installation.organization.allows(user, Capability.EDIT)


def address_query(view: SavedView, environment: str = "") -> str:
    """Return the query string that opens a view."""
    selection = Selection.read(QueryDict(view.query))
    return replace(selection, view=str(view.pk), environment=environment).query()


def shown_columns(user: User, view: SavedView | None) -> tuple[str, ...]:
    """Return the columns that the list shows: those of the open view, or else those that the person chose."""
    if view is not None:
        return columns.read(view.columns)
    choice = ColumnChoice.objects.filter(user=user).first()
    return columns.read(choice.columns) if choice is not None else columns.DEFAULT


def choose_columns(*, user: User, view: SavedView | None, names: Iterable[str]) -> SavedView | None:
    """Remember the columns: in the open view if ``user`` may change it, or else as their own choice.

    Return the view if it was changed.
    """
    chosen = list(columns.read(names))
    if view is not None and may_change(user, view):
        view.columns = chosen
        view.save(update_fields=["columns"])
        return view
    ColumnChoice.objects.update_or_create(user=user, defaults={"columns": chosen})
    return None


def save(
    *,
    user: User,
    installation: Installation,
    name: str,
    selection: Selection,
    shown: Iterable[str],
    is_shared: bool = False,
    is_pinned: bool = False,
) -> SavedView:
    """Save a view and return it. Raise Refused if the name is taken, there are too many, or sharing isn't allowed."""
    if is_shared and not may_share(user, installation):
        raise Refused("Your role can't share views.")
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # two tabs can't save the same name
        own = SavedView.objects.filter(user=user, installation=installation)
        if own.count() >= MOST:
            raise Refused(f"You can save up to {MOST} views. Delete one first.")
        _refuse_taken(own, name)
        return SavedView.objects.create(
            installation=installation,
            user=user,
            name=name,
            query=selection.savable,
            columns=list(shown),
            is_shared=is_shared,
            is_pinned=is_pinned,
            created_at=clock.now(),
        )


def change(*, view: SavedView, name: str, is_shared: bool, is_pinned: bool) -> None:
    """Rename, share or pin a view. Raise Refused if the name is taken."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=view.user_id)
        others = SavedView.objects.filter(user=view.user_id, installation=view.installation_id)
        _refuse_taken(others.exclude(pk=view.pk), name)
        view.name, view.is_shared, view.is_pinned = name, is_shared, is_pinned
        view.save(update_fields=["name", "is_shared", "is_pinned"])


def _refuse_taken(views: SavedViewQuerySet, name: str) -> None:
    if views.filter(name__iexact=name).exists():
        raise Refused(f"You already have a view called “{name}”.")


def replace_filters(*, view: SavedView, selection: Selection) -> None:
    """Save the list's search, filters and order in a view that exists."""
    view.query = selection.savable
    view.save(update_fields=["query"])

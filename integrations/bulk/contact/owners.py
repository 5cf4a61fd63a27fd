"""Choosing an owner: an input that finds people as one types, and who may own what a person creates."""

import re
from typing import Any

from django import forms
from django.db.models import Q, QuerySet

from integrations.bulk.suggesting_input import SuggestingInput
from integrations.bulk.writers import Writers
from integrations.connections.models import Installation
from integrations.directory.models import Owner
from portal.core import search_text
from portal.core.parameters import read_id

#: The most owners that the input suggests. Others are found by typing their names.
SUGGESTED = 500
_IN_PARENTHESES = re.compile(r"\(([^()]+)\)\s*$")


def active(installation: Installation) -> "QuerySet[Owner]":
    """Return the owners who may be given contacts: those who aren't deactivated."""
    return Owner.objects.filter(installation=installation).exclude(is_active=False)


def creatable_for(installation: Installation, writers: Writers) -> "QuerySet[Owner]":
    """Return the owners for whom contacts can be created: all through an admin connection, else those who connected."""
    found = active(installation)
    return found if writers.admin is not None else found.filter(pk__in=writers.of_owners())


def label_of(owner: Owner) -> str:
    """Return an owner's name with what tells them from others of the same name."""
    return f"{owner.display_name} ({owner.email or owner.username or owner.remote_id})"


class OwnerField(forms.CharField):
    """An owner, by name, email address, user name or ID. ``owners`` are those to choose from."""

    def __init__(self, owners: "QuerySet[Owner]", **options: Any) -> None:
        widget = SuggestingInput(attrs={"autocomplete": "off", "placeholder": "Type a name or email address"})
        widget.suggestions = tuple(label_of(owner) for owner in owners[:SUGGESTED])
        super().__init__(widget=widget, max_length=400, **options)
        self._owners = owners

    def clean(self, value: Any) -> Owner | None:
        typed = super().clean(value)
        if not typed:
            return None
        found = list(self._named(typed)[:3])
        if not found:
            raise forms.ValidationError("There is no active owner of this name. Choose one from the list.")
        if len(found) > 1:
            same = [owner for owner in found if owner.display_name.casefold() == typed.casefold()]
            if len(same) != 1:
                named = ", ".join(label_of(owner) for owner in found[:2])
                raise forms.ValidationError(
                    f"Several owners match, such as {named}. Choose one from the list."
                )
            found = same
        return found[0]

    def _named(self, typed: str) -> "QuerySet[Owner]":
        if inside := _IN_PARENTHESES.search(typed):
            key = inside[1].strip()
            exact = Q(email__iexact=key) | Q(username__iexact=key)
            if (id := read_id(key)) is not None:
                exact |= Q(remote_id=id)
            if (found := self._owners.filter(exact)).exists():
                return found
        return self._owners.filter(search_text.matching("search", typed))

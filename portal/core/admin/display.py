"""Values on the admin's pages: links between objects, states in words, and secrets that are not shown."""

import datetime as dt
from collections.abc import Iterable

from django.contrib.admin.utils import quote
from django.db import models
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

NOTHING = "–"


def page_of(row: models.Model) -> str:
    """Return the address of an object's page in the admin."""
    options = row._meta
    return reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[quote(row.pk)])


def list_of(model: type[models.Model]) -> str:
    """Return the address of a model's list in the admin."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def link(row: models.Model | None, label: object) -> SafeString | str:
    """Return a link to an object's page in the admin; a dash where there is none."""
    return NOTHING if row is None else format_html('<a href="{}">{}</a>', page_of(row), label)


def time(moment: dt.datetime | None) -> str:
    """Return a time as the admin's own columns show it, in the viewer's time zone; a dash where there is none."""
    return NOTHING if moment is None else str(formats.localize(timezone.localtime(moment)))


def lines(rows: Iterable[object]) -> SafeString | str:
    """Return a list with one line for each of ``rows``; a dash where there is none."""
    items = format_html_join("", "<li>{}</li>", ((row,) for row in rows))
    return format_html('<ul class="lines">{}</ul>', items) if items else NOTHING


def ends_in(secret: str) -> str:
    """Say that an identifier is stored, with its last four characters where they leave enough unsaid."""
    return f"Stored, ends in …{secret[-4:]}" if len(secret) >= 12 else "Stored"

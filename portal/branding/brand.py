"""The branding in force: what operators have set in the portal, else the server's settings, else the portal's defaults."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from django import db
from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse

from portal.branding import colors, stylesheet
from portal.branding.models import Branding
from portal.branding.values import is_valid

logger = logging.getLogger(__name__)

#: The setting of each field, and the value where neither is set.
SETTINGS = {
    "partner_name": "PARTNER_NAME",
    "product_name": "PRODUCT_NAME",
    "accent_color": "ACCENT_COLOR",
    "support_email": "SUPPORT_EMAIL",
    "privacy_url": "PRIVACY_URL",
}
DEFAULTS = {"product_name": "Integration portal", "accent_color": "#0a6672"}


class Source(StrEnum):
    """Where a value comes from."""

    PORTAL = "Custom"
    SERVER = "Server settings"
    DEFAULT = "Default"


@dataclass(frozen=True)
class Logo:
    """The stored logo without its file."""

    digest: str
    width: int
    height: int
    backdrop: str

    @property
    def url(self) -> str:
        return reverse("brand_logo", args=[self.digest])

    @property
    def is_wide(self) -> bool:
        """Whether it probably contains the partner's name, as word marks do."""
        return self.width >= 2 * self.height


@dataclass(frozen=True)
class Brand:
    """The partner's name, logo and color. ``partner_name``, ``support_email`` and ``privacy_url`` may be empty."""

    partner_name: str
    product_name: str
    accent_color: str
    support_email: str
    privacy_url: str
    logo: Logo | None = None
    #: Where each value comes from, by field.
    sources: Mapping[str, Source] = field(default_factory=dict)

    @property
    def partner(self) -> str:
        """The partner's name for the middle of a sentence, also where none is set."""
        return self.partner_name or "your software partner"

    @property
    def title(self) -> str:
        """The end of every page's title."""
        return f"{self.product_name} · {self.partner_name}" if self.partner_name else self.product_name

    @property
    def initial(self) -> str:
        """The letter that stands for the logo, empty without a partner's name."""
        return self.partner_name[:1].upper()

    @cached_property
    def palette(self) -> colors.Palette:
        return colors.derive(self.accent_color)

    @cached_property
    def stylesheet_url(self) -> str:
        """The URL of the style sheet that sets the accent color; empty for the default, which is in `tokens.css`."""
        if self.accent_color == DEFAULTS["accent_color"]:
            return ""
        color = self.accent_color.removeprefix("#")
        return reverse("brand_colors", args=[color, stylesheet.digest(self.accent_color)])


def without_logo_file() -> QuerySet[Branding]:
    """Return the stored row, if any, without reading the logo's file."""
    return Branding.objects.defer("logo")


def current() -> Brand:
    """Return the branding in force. While the database can't be read, it is the one last read by this process."""
    global _last_read
    try:
        row = without_logo_file().first()
    except db.Error as error:
        logger.warning("The branding could not be read (%s).", type(error).__name__)
        return last_read()
    _last_read = combine(row)
    return _last_read


def last_read() -> Brand:
    """Return the branding without asking the database: the one last read by this process, else the server's settings."""
    return _last_read or combine(None)


_last_read: Brand | None = None


def combine(row: Branding | None) -> Brand:
    """Return the branding of the stored ``row`` and, for its empty fields, of the settings."""
    values, sources = {}, {}
    for name in SETTINGS:
        values[name], sources[name] = _value(row, name)
    values["accent_color"] = values["accent_color"].lower()
    return Brand(**values, logo=_logo(row), sources=sources)


def _value(row: Branding | None, name: str) -> tuple[str, Source]:
    if row is not None and (stored := getattr(row, name)):
        return stored, Source.PORTAL
    given = str(getattr(settings, SETTINGS[name]))
    # a system check reports an invalid setting
    if given and is_valid(name, given):
        return given, Source.SERVER
    return DEFAULTS.get(name, ""), Source.DEFAULT


def _logo(row: Branding | None) -> Logo | None:
    if row is None or not row.logo_digest:
        return None
    return Logo(row.logo_digest, row.logo_width, row.logo_height, row.logo_backdrop)

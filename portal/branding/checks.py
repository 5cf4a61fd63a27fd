"""System checks of the branding."""

from typing import Any

from django import db
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from portal.branding import brand
from portal.branding.values import is_valid


@register(Tags.security)
def check_branding_settings(**kwargs: Any) -> list[CheckMessage]:
    """Check that the values in the server's settings can be used."""
    return [
        Error(
            f"{variable} can't be used.",
            hint="`.env.example` says what it may be.",
            id="portal.E011",
        )
        for name, variable in brand.SETTINGS.items()
        if (value := getattr(settings, variable)) and not is_valid(name, value)
    ]


@register(Tags.security, deploy=True)
def check_partner_is_named(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Check that invitations say who sends them. With ``--database``, values set in the portal count too."""
    row = None
    if databases:
        try:
            row = brand.without_logo_file().first()
        except db.Error:  # not migrated yet
            row = None
    known = brand.combine(row)
    missing = {"PARTNER_NAME": known.partner_name, "SUPPORT_EMAIL": known.support_email}
    return [
        Warning(
            f"{variable} is not set. Invitations and sign-in pages don't say {what}, and look like phishing.",
            hint=f"Set {variable}, or set it under Settings > Branding and run this check with --database default.",
            id="portal.W012",
        )
        for variable, what in (
            ("PARTNER_NAME", "who sends them"),
            ("SUPPORT_EMAIL", "whom to ask"),
        )
        if not missing[variable]
    ]

"""The branding app."""

from typing import ClassVar

from django.apps import AppConfig


class BrandingConfig(AppConfig):
    name = "portal.branding"
    label = "branding"
    verbose_name = "Branding"
    audit_actions: ClassVar[dict[str, str]] = {
        "branding.changed": "Branding changed",
        "branding.reset": "Branding reset",
    }

    def ready(self) -> None:
        from portal.branding import checks  # noqa: F401

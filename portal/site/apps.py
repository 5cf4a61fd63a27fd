"""The site app."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "portal.site"
    label = "site"
    verbose_name = "Site"

    def ready(self) -> None:
        from portal.site import checks  # noqa: F401
        from portal.site.branding import panels  # noqa: F401

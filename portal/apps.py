"""The project's own app and the admin site it puts in place of Django's."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = "Portal"

    def ready(self) -> None:
        from portal import checks  # noqa: F401


class PortalAdminConfig(AdminConfig):
    default_site = "portal.site.PortalSite"

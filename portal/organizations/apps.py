"""The organizations app."""

from django.apps import AppConfig


class OrganizationsConfig(AppConfig):
    name = "portal.organizations"
    label = "organizations"
    verbose_name = "Organizations"

    def ready(self) -> None:
        from portal.organizations import panels  # noqa: F401

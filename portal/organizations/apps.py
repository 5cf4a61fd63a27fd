"""The organizations app."""

from django.apps import AppConfig


class OrganizationsConfig(AppConfig):
    name = "portal.organizations"
    label = "organizations"
    verbose_name = "Organizations"

    def ready(self) -> None:
        from portal.organizations import second_factor_seeds, second_factors, settings_panels  # noqa: F401

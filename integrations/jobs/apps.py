"""The jobs app."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "integrations.jobs"
    label = "jobs"
    verbose_name = "Jobs"

    def ready(self) -> None:
        from integrations.jobs import panels  # noqa: F401

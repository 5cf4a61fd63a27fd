"""The jobs app."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "integrations.jobs"
    label = "jobs"
    verbose_name = "Jobs"

    def ready(self) -> None:
        from integrations.jobs import panels, retention, schedules  # noqa: F401

        schedules.register(retention.NAME, every=retention.EVERY, run=retention.forget_the_old)

"""The jobs app."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "integrations.jobs"
    label = "jobs"
    verbose_name = "Jobs"

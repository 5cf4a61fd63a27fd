"""The directory app."""

from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "integrations.directory"
    label = "directory"
    verbose_name = "Directory"

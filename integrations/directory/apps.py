"""The directory app."""

from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "integrations.directory"
    label = "directory"
    verbose_name = "Directory"

    def ready(self) -> None:
        from integrations.directory import panels, sync  # noqa: F401
        from integrations.jobs import kinds

        kinds.register(sync.KIND, label="Sync contacts", advance=sync.advance, finished=sync.go_on)

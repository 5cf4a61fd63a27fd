"""The directory app."""

from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "integrations.directory"
    label = "directory"
    verbose_name = "Directory"

    def ready(self) -> None:
        from integrations.connections.signals import quarantined
        from integrations.directory import expulsion, panels, sync  # noqa: F401
        from integrations.jobs import kinds

        kinds.register(sync.KIND, label="Sync contacts", advance=sync.advance, finished=sync.go_on)
        quarantined.connect(expulsion.on_quarantined, dispatch_uid="directory.expulsion")

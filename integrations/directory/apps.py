"""The directory app."""

from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "integrations.directory"
    label = "directory"
    verbose_name = "Directory"

    def ready(self) -> None:
        from integrations.connections.signals import quarantined
        from integrations.directory import expulsion, freshness, panels, sync  # noqa: F401
        from integrations.jobs import kinds, schedules

        kinds.register(sync.KIND, label="Sync contacts", advance=sync.advance, of_connection=True)
        schedules.register(freshness.NAME, every=freshness.EVERY, run=freshness.start_due_syncs)
        quarantined.connect(expulsion.on_quarantined, dispatch_uid="directory.expulsion")

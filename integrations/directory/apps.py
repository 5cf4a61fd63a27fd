"""The directory app."""

from typing import ClassVar

from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "integrations.directory"
    label = "directory"
    verbose_name = "Directory"
    audit_actions: ClassVar[dict[str, str]] = {
        "directory.exported": "Contacts exported",
        "directory.sync": "Sync started",
        "directory.group_required": "Group marked as required",
        "directory.group_released": "Group no longer required",
        "directory.group_suggested": "Required group suggested",
        "directory.group_suggestion_dismissed": "Suggested required group dismissed",
    }

    def ready(self) -> None:
        from integrations.connections.signals import calls_released, quarantined
        from integrations.directory import admin, panels  # noqa: F401
        from integrations.directory.browse import list_actions
        from integrations.directory.sync import jobs, quarantine, schedule, staleness
        from integrations.jobs import kinds, schedules
        from portal.organizations.roles import Capability

        kinds.register(jobs.KIND, label="Sync contacts", advance=jobs.advance, per_connection=True)
        schedules.register(schedule.NAME, every=schedule.EVERY, run=schedule.start_due_syncs)
        schedules.register(staleness.NAME, every=staleness.EVERY, run=staleness.report)
        calls_released.connect(staleness.on_released, dispatch_uid="directory.released")
        quarantined.connect(quarantine.on_quarantined, dispatch_uid="directory.quarantine")
        for order, (name, label) in enumerate(
            {"csv": "Export CSV", "xlsx": "Export Excel"}.items(), start=80
        ):
            list_actions.register(
                f"export_{name}",
                label=label,
                url_name=f"export_contacts_{name}",
                capability=Capability.EDIT_MANY,
                icon="download",
                order=order,
            )

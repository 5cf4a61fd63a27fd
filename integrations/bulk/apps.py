"""The bulk app."""

from typing import ClassVar

from django.apps import AppConfig


class BulkConfig(AppConfig):
    name = "integrations.bulk"
    label = "bulk"
    verbose_name = "Bulk edits"
    audit_actions: ClassVar[dict[str, str]] = {
        "bulk.applied": "Bulk edit applied",
        "bulk.approved": "Bulk edit approved",
        "bulk.bad_rows_downloaded": "Bad rows of an import downloaded",
        "bulk.conflict_kept": "Changed contact left as it is",
        "bulk.conflict_overwritten": "Changed contact overwritten",
        "bulk.downloaded": "Rows of a bulk edit downloaded",
        "bulk.evidence_given": "Evidence of consent given for a bulk edit",
        "bulk.canceled": "Bulk edit canceled",
        "bulk.continued": "Bulk edit continued after its first rows",
        "bulk.planned": "Bulk edit planned",
        "bulk.retried": "Failed rows of a bulk edit retried",
    }

    def ready(self) -> None:
        from integrations.bulk import admin, jobs, retention, steps  # noqa: F401
        from integrations.bulk.contact import actions
        from integrations.bulk.files import uploads
        from integrations.bulk.groups import panels  # noqa: F401
        from integrations.directory.browse import list_actions
        from integrations.jobs import kinds, schedules, signals
        from portal.organizations.roles import Capability

        list_actions.register(
            "bulk_edit",
            label="Bulk edit",
            url_name="new_bulk_edit",
            capability=Capability.EDIT,
            icon="edit",
        )
        list_actions.register(
            "import_file",
            label="Import a file",
            url_name="import_file",
            capability=Capability.EDIT_MANY,
            icon="upload",
            needs_contacts=False,
        )
        schedules.register(retention.NAME, every=retention.EVERY, run=retention.clear_values)
        schedules.register(uploads.CLEANUP_NAME, every=uploads.CLEANUP_EVERY, run=uploads.delete_expired)
        actions.register()
        kinds.register(jobs.BUILD, label="Prepare bulk edit", advance=steps.build)
        kinds.register(jobs.APPLY, label="Apply bulk edit", advance=steps.apply, per_connection=True)
        signals.stopped.connect(steps.on_stopped, dispatch_uid="bulk.on_stopped")

"""The jobs app."""

from typing import ClassVar

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "integrations.jobs"
    label = "jobs"
    verbose_name = "Jobs"
    audit_actions: ClassVar[dict[str, str]] = {
        "job.canceled": "Job canceled",
        "job.paused": "Job paused",
        "job.resumed": "Job resumed",
        "job.retried": "Job retried",
    }

    def ready(self) -> None:
        from integrations.connections.signals import calls_released, connection_ready, notice_created
        from integrations.jobs import admin, kinds, notices, panels, retention, schedules, token_waits  # noqa: F401
        from integrations.jobs.signals import stopped

        schedules.register(retention.NAME, every=retention.EVERY, run=retention.delete_expired_rows)
        schedules.register(
            retention.SHORT_LIVED_NAME,
            every=retention.SWEEP_EVERY,
            run=retention.delete_short_lived_rows,
        )
        schedules.register(retention.CALLS_NAME, every=retention.SWEEP_EVERY, run=retention.delete_old_calls)
        schedules.register(
            "jobs.token_turns", every=token_waits.TURN_CHECK_EVERY, run=token_waits.wake_ready_connections
        )
        schedules.register(
            "jobs.lost_answers", every=token_waits.UPKEEP_EVERY, run=token_waits.resolve_lost_answers
        )
        schedules.register(
            "jobs.expired_grants", every=token_waits.UPKEEP_EVERY, run=token_waits.report_expired_grants
        )
        schedules.register(
            "jobs.renewals", every=token_waits.UPKEEP_EVERY, run=token_waits.renew_expiring_grants
        )
        schedules.register(
            "jobs.failing_connections",
            every=token_waits.UPKEEP_EVERY,
            run=token_waits.report_failing_connections,
        )
        schedules.register(
            "jobs.notices", every=token_waits.UPKEEP_EVERY, run=notices.start_pending_deliveries
        )
        kinds.register(
            token_waits.RENEWAL_KIND,
            label="Renew access",
            advance=token_waits.advance,
            per_connection=True,
            pausable=False,
        )
        kinds.register(notices.KIND, label="Send connection alerts", advance=notices.advance, pausable=False)
        notice_created.connect(notices.on_noticed, dispatch_uid="jobs.noticed")
        connection_ready.connect(token_waits.on_ready, dispatch_uid="jobs.ready")
        calls_released.connect(token_waits.on_released, dispatch_uid="jobs.released")
        stopped.connect(token_waits.on_stopped, dispatch_uid="jobs.stopped")

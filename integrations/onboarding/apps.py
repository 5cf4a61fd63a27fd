"""The onboarding app."""

from typing import ClassVar

from django.apps import AppConfig


class OnboardingConfig(AppConfig):
    name = "integrations.onboarding"
    label = "onboarding"
    verbose_name = "Onboarding"
    audit_actions: ClassVar[dict[str, str]] = {
        "bulk_import.confirmed": "Bulk import confirmed",
        "bulk_import.discarded": "Bulk import discarded",
        "bulk_import.uploaded": "Bulk import uploaded",
    }

    def ready(self) -> None:
        from integrations.connections.signals import connected
        from integrations.jobs import kinds, schedules
        from integrations.jobs.signals import stopped
        from integrations.onboarding import admin, header, panels, verification, waiting  # noqa: F401
        from integrations.onboarding.bulk import imports, invitations
        from portal.organizations.signals import member_removed

        kinds.register(
            verification.KIND,
            label="Verify connection",
            advance=verification.advance,
            per_connection=True,
        )
        kinds.register(
            waiting.KIND,
            label="Send “You can connect now” emails",
            advance=waiting.advance,
            per_connection=True,
        )
        kinds.register(invitations.KIND, label="Invite admins from an import", advance=invitations.advance)
        schedules.register(imports.APPLYING, every=imports.EVERY, run=imports.apply_confirmed)
        schedules.register(imports.DELETING, every=imports.DELETING_EVERY, run=imports.delete_old)
        schedules.register(
            "onboarding.untried_credentials",
            every=verification.DISCARD_EVERY,
            run=verification.discard_forgotten,
        )
        stopped.connect(verification.on_stopped, dispatch_uid="onboarding.stopped")
        connected.connect(verification.on_connected, dispatch_uid="onboarding.verify")
        member_removed.connect(waiting.on_member_removed, dispatch_uid="onboarding.waiting")

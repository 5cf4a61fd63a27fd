"""The onboarding app."""

from django.apps import AppConfig


class OnboardingConfig(AppConfig):
    name = "integrations.onboarding"
    label = "onboarding"
    verbose_name = "Onboarding"

    def ready(self) -> None:
        from integrations.connections.signals import connected
        from integrations.jobs import kinds, schedules
        from integrations.onboarding import bulk, bulk_invitations, panels, verification, waiting  # noqa: F401
        from portal.organizations.signals import member_removed

        kinds.register(
            verification.KIND, label="Verify the connection", advance=verification.advance, of_connection=True
        )
        kinds.register(
            waiting.KIND, label="Tell who waits for a token slot", advance=waiting.advance, of_connection=True
        )
        kinds.register(
            bulk_invitations.KIND, label="Invite admins of an import", advance=bulk_invitations.advance
        )
        schedules.register(bulk.APPLYING, every=bulk.EVERY, run=bulk.apply_confirmed)
        schedules.register(bulk.FORGETTING, every=bulk.OFTEN, run=bulk.forget_the_old)
        connected.connect(verification.on_connected, dispatch_uid="onboarding.verify")
        member_removed.connect(waiting.on_member_removed, dispatch_uid="onboarding.waiting")

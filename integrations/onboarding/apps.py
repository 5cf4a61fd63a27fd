"""The onboarding app."""

from django.apps import AppConfig


class OnboardingConfig(AppConfig):
    name = "integrations.onboarding"
    label = "onboarding"
    verbose_name = "Onboarding"

    def ready(self) -> None:
        from integrations.connections.signals import connected
        from integrations.jobs import kinds
        from integrations.onboarding import panels, verification, waiting  # noqa: F401
        from portal.organizations.signals import member_removed

        kinds.register(verification.KIND, label="Verify connections", advance=verification.advance)
        kinds.register(waiting.KIND, label="Tell who waits for a token slot", advance=waiting.advance)
        connected.connect(verification.on_connected, dispatch_uid="onboarding.verify")
        member_removed.connect(waiting.on_member_removed, dispatch_uid="onboarding.waiting")

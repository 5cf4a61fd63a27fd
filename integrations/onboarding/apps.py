"""The onboarding app."""

from django.apps import AppConfig


class OnboardingConfig(AppConfig):
    name = "integrations.onboarding"
    label = "onboarding"
    verbose_name = "Onboarding"

"""An app whose only work is to register kinds."""

from django.apps import AppConfig


class KindsForTests(AppConfig):
    name = "tests.integrations.jobs.kinds_for_tests"
    label = "kinds_for_tests"

    def ready(self) -> None:
        from tests.integrations.jobs.kinds_for_tests import kinds

        kinds.register()

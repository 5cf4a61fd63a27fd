"""The settings of worker processes that tests start: the portal's, with kinds that only tests know."""

from portal.settings import *  # noqa: F403
from portal.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.integrations.jobs.kinds_for_tests.apps.KindsForTests"]

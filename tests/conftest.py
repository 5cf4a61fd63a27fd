"""What every test may use: a sandbox in this process, a world around it, and processes of its own.

With REQUIRE_ALL=1, as in CI, a test that would be skipped fails instead.
"""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
import pytest_django
from django.conf import settings as django_settings
from django.db import connection
from django.test.utils import setup_databases, teardown_databases
from hypothesis import HealthCheck, settings

from tests import snapshots
from tests.database_template import Template

if TYPE_CHECKING:
    from tests.world import Sandbox, World

# How long an example takes says something about the machine, not about the code.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    return refuse_skips(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Any:
    report = yield
    return refuse_skips(report)


def refuse_skips(report: Any) -> Any:
    """Turn a skip into a failure where everything must run. An expected failure stays what it is."""
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"REQUIRE_ALL=1, but this would be skipped: {reason}"
    return report


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out long tests, unless their mark asks for them, and on SQLite those about PostgreSQL. They are not skipped."""
    wants_long = "soak" in (config.option.markexpr or "")

    def is_left_out(item: pytest.Item) -> bool:
        if item.get_closest_marker("soak") and not wants_long:
            return True
        return bool(item.get_closest_marker("postgresql")) and connection.vendor != "postgresql"

    left_out = [item for item in items if is_left_out(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With several processes, the browser tests stay together in one of them, which starts the demo once."""
    if config.getoption("dist") != "load":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class BrowserTogether(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "tests/browser" if nodeid.startswith("tests/browser/") else nodeid

    return BrowserTogether(config, log)


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest,
    django_test_environment: None,
    django_db_modify_db_settings: None,
    django_db_blocker: pytest_django.DjangoDbBlocker,
) -> Iterator[None]:
    """Create the test database, from a template where one was kept, and drop it afterwards."""
    template = Template(request.config.cache.mkdir("database"))
    with django_db_blocker.unblock():
        with template.lock():
            copied = template.copy()
            databases = setup_databases(verbosity=0, interactive=False, keepdb=copied)
            if not copied:
                template.keep()
        snapshots.remember_start()
        yield
        teardown_databases(databases, verbosity=0)


@pytest.fixture(autouse=True)
def start_of_a_test(request: pytest.FixtureRequest) -> None:
    """Where a test patches something, what it begins with is built anew, since the patch may be about that."""
    snapshots.start_test(may_put_back="monkeypatch" not in request.fixturenames)


@pytest.fixture
def sandbox(settings: Any) -> "Iterator[Sandbox]":
    """A Total Expert in this process, mounted on the address that the world's environment names."""
    from integrations.connections.client import ADAPTERS
    from tests.world import BASE, Sandbox

    settings.ENVIRONMENT_HOSTS = ["sandbox.example", "api.example", "other.example"]
    made = Sandbox()
    ADAPTERS[f"{BASE}/v1"] = made.adapter
    yield made
    ADAPTERS.clear()


@pytest.fixture
def world(db: None, sandbox: "Sandbox") -> "World":
    """An environment that leads to the sandbox, and ways to make organizations, people and connections in it."""
    from tests.world import World

    return World(sandbox)


@pytest.fixture
def process_environment() -> dict[str, str]:
    """Variables with which another process (`manage.py …`) works on this test's database and with its keys.

    For tests with `transactional_db`: another process sees only what is committed.
    """
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DATABASE_URL": database_url(),
        "ENCRYPTION_KEYS": django_settings.ENCRYPTION_KEYS,
        "FINGERPRINT_KEY": django_settings.FINGERPRINT_KEY,
        "SECRET_KEY": django_settings.SECRET_KEY,
    }


def database_url() -> str:
    """The address of the database that this test process uses."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    given = os.environ["DATABASE_URL"].partition("?")
    return given[0].rpartition("/")[0] + f"/{name}" + given[1] + given[2]

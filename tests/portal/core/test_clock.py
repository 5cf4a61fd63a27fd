"""The portal's clock."""

import datetime as dt
from typing import Any

import pytest
from django.core.checks import run_checks

from portal.core import clock

pytestmark = pytest.mark.django_db


def test_the_time_is_the_databases_in_utc() -> None:
    difference = dt.datetime.now(dt.UTC) - clock.now()
    assert abs(difference) < dt.timedelta(seconds=2)
    assert clock.now().tzinfo is dt.UTC


def test_the_clock_can_be_moved_forward_repeatedly() -> None:
    before = clock.now()
    clock.advance(3600)
    clock.advance(60)
    assert dt.timedelta(seconds=3659) < clock.now() - before < dt.timedelta(seconds=3670)
    assert clock.offset() == 3660


def test_a_moved_clock_is_an_error_outside_the_demo(settings: Any) -> None:
    clock.advance(60)
    settings.DEMO = False
    assert "portal.E004" in {found.id for found in run_checks(databases=["default"])}
    settings.DEMO = True
    assert "portal.E004" not in {found.id for found in run_checks(databases=["default"])}

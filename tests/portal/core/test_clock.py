"""The one clock."""

import datetime as dt

import pytest
from django.core.checks import run_checks

from portal.core import clock

pytestmark = pytest.mark.django_db


def test_the_clock_is_the_databases_in_utc() -> None:
    difference = dt.datetime.now(dt.UTC) - clock.now()
    assert abs(difference) < dt.timedelta(seconds=2)
    assert clock.now().tzinfo is dt.UTC


def test_moving_the_clock_moves_it_for_everybody_and_adds_up() -> None:
    before = clock.now()
    clock.advance(3600)
    clock.advance(60)
    assert dt.timedelta(seconds=3659) < clock.now() - before < dt.timedelta(seconds=3670)
    assert clock.offset() == 3660


def test_a_moved_clock_is_refused_outside_the_demo(settings) -> None:
    clock.advance(60)
    settings.DEMO = False
    assert "portal.E004" in {found.id for found in run_checks(databases=["default"])}
    settings.DEMO = True
    assert "portal.E004" not in {found.id for found in run_checks(databases=["default"])}

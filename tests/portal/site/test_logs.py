"""Errors in the log: frames and types, no quoted data."""

import logging
import sys

import pytest

from integrations.total_expert import TryLater
from portal.site.logs import FramesOnlyFormatter, RepetitionFilter

PERSON = "maria.lopez" + "@example.com"


def logged(error: BaseException) -> str:
    try:
        try:
            raise ValueError(f"Failing row contains ({PERSON})")
        except ValueError as first:
            raise error from first
    except BaseException:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "A job failed.", (), sys.exc_info())
    return FramesOnlyFormatter("{message}", style="{").format(record)


def test_an_error_is_told_by_its_type_and_its_frames() -> None:
    text = logged(RuntimeError(PERSON))
    assert text.startswith("A job failed.")
    assert "builtins.RuntimeError" in text and "builtins.ValueError" in text
    assert "in logged" in text


def test_what_an_error_quotes_is_not_logged() -> None:
    assert PERSON not in logged(RuntimeError(PERSON))


def test_sentences_of_our_own_are_logged() -> None:
    assert "No token slot is free." in logged(TryLater("No token slot is free.", after=1))


def test_a_line_that_repeats_is_left_out_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    bound = RepetitionFilter()
    clock = [0.0]
    monkeypatch.setattr("portal.site.logs.time.monotonic", lambda: clock[0])

    def told(line: int) -> str:
        record = logging.LogRecord(
            "django.request", logging.WARNING, __file__, line, "Not Found: %s", ("/x",), None
        )
        return record.getMessage() if bound.filter(record) else ""

    passed = [told(1) for _ in range(200)]
    assert passed.count("Not Found: /x") == RepetitionFilter.MOST
    assert told(2), "another line is not a repetition"
    clock[0] = 61.0
    assert told(1) == f"Not Found: /x ({200 - RepetitionFilter.MOST} similar lines were left out)"
    assert told(1) == "Not Found: /x"

"""What the headers of an answer say: how long to wait, and what the server calls the request."""

import datetime as dt
import email.utils

import pytest

from integrations.total_expert import TryLater, transport
from tests.integrations.total_expert.conftest import Scripted
from tests.integrations.total_expert.test_transport import failure, http


@pytest.mark.parametrize(
    ("header", "after"),
    [("12", 12.0), ("0.5", 0.5), ("-3", 0.0), ("soon", None), ("", None), ("nan", None), ("1e999", None),
     ("9999999999", transport.LONGEST_RETRY_AFTER), ("Thu, 99 Foo 2099", None),
     ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0)],
)  # fmt: skip
def test_retry_after_is_read_in_both_forms(scripted: Scripted, header: str, after: float | None) -> None:
    scripted.answer(http(b"{}", "429 Too Many", f"Retry-After: {header}"))
    error = failure(scripted)
    assert isinstance(error, TryLater)
    assert error.after == after


def test_retry_after_may_be_a_date(scripted: Scripted) -> None:
    at = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=90)
    header = f"Retry-After: {email.utils.format_datetime(at, usegmt=True)}"
    scripted.answer(http(b"{}", "503 Unavailable", header))
    error = failure(scripted)
    assert isinstance(error, TryLater)
    assert error.after is not None
    assert 80 < error.after <= 90


def test_the_servers_request_id_is_kept_and_cleaned(scripted: Scripted) -> None:
    scripted.answer(http(b"{}", "404 Not Found", "X-Request-Id: ab<c>-1 2" + "x" * 200))
    error = failure(scripted)
    assert error.request_id is not None
    assert error.request_id.startswith("abc-12x")
    assert len(error.request_id) == 100

"""The three errors."""

import copy
import pickle
from typing import Any

import pytest

from integrations.total_expert import (
    AnswerLost,
    NotSent,
    ReconnectRequired,
    Rejected,
    TotalExpertError,
    TryLater,
)

PLACE: dict[str, Any] = {"method": "GET", "path": "/contacts/12", "status": 404, "request_id": "r-1"}


@pytest.mark.parametrize(
    "error",
    [
        TryLater("Wait.", after=3.0, **PLACE),
        NotSent("Not sent.", **PLACE),
        AnswerLost("Lost.", **PLACE),
        ReconnectRequired("Again.", code="invalid_grant", **PLACE),
        Rejected(["No.", "Never."], code="validation", prefix="So:", **PLACE),
    ],
)
def test_errors_can_be_pickled_and_copied(error: TotalExpertError) -> None:
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(other) is type(error)
        assert str(other) == str(error)
        assert vars(other) == vars(error)


def test_errors_identify_the_call() -> None:
    error = Rejected(["No such thing."], code="not_found", **PLACE)
    assert (error.method, error.path, error.status, error.request_id) == ("GET", "/contacts/12", 404, "r-1")
    assert error.code == "not_found"


def test_the_text_of_rejected_is_its_reasons() -> None:
    assert str(Rejected(["One.", "Two."])) == "One. Two."
    assert Rejected("One.").reasons == ["One."]
    assert str(Rejected(["'owner' is unknown"], prefix="Refused:")) == "Refused: 'owner' is unknown"


def test_not_sent_and_answer_lost_are_kinds_of_try_later() -> None:
    assert issubclass(NotSent, TryLater)
    assert issubclass(AnswerLost, TryLater)
    assert not issubclass(NotSent, AnswerLost)
    assert not issubclass(AnswerLost, NotSent)


def test_a_subclass_with_its_own_arguments_can_be_pickled() -> None:
    error = Busy(5)
    assert str(pickle.loads(pickle.dumps(error))) == "Busy for 5 s."
    assert pickle.loads(pickle.dumps(error)).after == 5


class Busy(TryLater):
    """An application's own error."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Busy for {seconds} s.", after=seconds)


def test_errors_have_a_default_message() -> None:
    assert str(TryLater()).endswith(".")
    assert str(ReconnectRequired()).endswith(".")

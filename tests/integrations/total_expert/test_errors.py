"""The three errors: what they carry and what they never show."""

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
        Rejected(["No.", "Never."], code="validation", lead="So:", **PLACE),
    ],
)
def test_errors_survive_pickling_and_copying_whole(error: TotalExpertError) -> None:
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(other) is type(error)
        assert str(other) == str(error)
        assert vars(other) == vars(error)


def test_they_say_where_they_happened() -> None:
    error = Rejected(["No such thing."], code="not_found", **PLACE)
    assert (error.method, error.path, error.status, error.request_id) == ("GET", "/contacts/12", 404, "r-1")
    assert error.code == "not_found"


def test_a_rejection_reads_as_its_reasons() -> None:
    assert str(Rejected(["One.", "Two."])) == "One. Two."
    assert Rejected("One.").reasons == ["One."]
    assert str(Rejected(["'owner' is unknown"], lead="Refused:")) == "Refused: 'owner' is unknown"


def test_not_sent_and_answer_lost_are_both_kinds_of_try_later() -> None:
    assert issubclass(NotSent, TryLater)
    assert issubclass(AnswerLost, TryLater)
    assert not issubclass(NotSent, AnswerLost)
    assert not issubclass(AnswerLost, NotSent)


def test_a_subclass_with_its_own_arguments_survives_pickling() -> None:
    error = Busy(5)
    assert str(pickle.loads(pickle.dumps(error))) == "Busy for 5 s."
    assert pickle.loads(pickle.dumps(error)).after == 5


class Busy(TryLater):
    """As an application would add."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Busy for {seconds} s.", after=seconds)


def test_every_error_has_a_sentence_without_being_given_one() -> None:
    assert str(TryLater()).endswith(".")
    assert str(ReconnectRequired()).endswith(".")

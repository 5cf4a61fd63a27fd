"""The errors of responses, by status and body."""

from typing import Any

import pytest

from integrations.total_expert import (
    AnswerLost,
    ReconnectRequired,
    Rejected,
    TotalExpertError,
    TryLater,
)
from integrations.total_expert.transport.error_mapping import error_for_response, rejects_token
from integrations.total_expert.transport.responses import ApiResponse


def error_of(status: int, data: Any = None, method: str = "GET", **options: Any) -> TotalExpertError | None:
    answer = ApiResponse(
        status=status, data=data, is_json=data is not None, retry_after=options.pop("after", None)
    )
    return error_for_response(answer, method=method, path="/contacts/12", **options)


@pytest.mark.parametrize(
    ("status", "data", "kind", "code"),
    [
        (400, {"error": "invalid_client", "error_description": "…"}, ReconnectRequired, "invalid_client"),
        (400, {"error": "invalid_grant"}, ReconnectRequired, "invalid_grant"),
        (401, {"error": "invalid_client"}, ReconnectRequired, "invalid_client"),
        (400, {"error": "redirect_uri_mismatch"}, Rejected, "redirect_uri_mismatch"),
        (400, {"error": "unsupported_grant_type"}, Rejected, "unsupported_grant_type"),
        (400, {"error": "invalid_scope"}, Rejected, "invalid_scope"),
        (400, {"error": "unauthorized_client"}, Rejected, "unauthorized_client"),
        (400, {"error": "Invalid sort field: 'x'."}, Rejected, "bad_request"),
        (400, None, Rejected, "bad_request"),
        (401, {"error": "insufficient_scope"}, Rejected, "insufficient_scope"),
        (403, {"error": "insufficient_scope"}, Rejected, "insufficient_scope"),
        (401, {"error": "expired_token"}, ReconnectRequired, "unauthorized"),
        (401, None, ReconnectRequired, "unauthorized"),
        (403, {}, Rejected, "forbidden"),
        (404, {}, Rejected, "not_found"),
        (405, {}, Rejected, "method_not_allowed"),
        (408, {}, TryLater, "timeout"),
        (409, {}, Rejected, "rejected"),
        (415, {}, Rejected, "unsupported_media_type"),
        (418, {"status": "short and stout"}, Rejected, "teapot"),
        (422, {"error": "Unable to find target for relationship: 'owner'"}, Rejected, "validation"),
        (422, {"error": "Page requested is outside of result set"}, Rejected, "page_out_of_range"),
        (425, {}, TryLater, "too_early"),
        (429, {}, TryLater, "rate_limited"),
        (500, {}, TryLater, "server_error"),
        (502, None, TryLater, "server_error"),
        (503, None, TryLater, "unavailable"),
        (301, None, Rejected, "redirect"),
        (302, {"items": []}, Rejected, "redirect"),
        (304, None, Rejected, "redirect"),
        (199, None, TryLater, "unexpected"),
        (999, {}, TryLater, "unexpected"),
    ],
)
def test_each_response_has_its_error(status: int, data: Any, kind: type[TotalExpertError], code: str) -> None:
    error = error_of(status, data)
    assert type(error) is kind
    assert (error.code, error.status, error.method, error.path) == (code, status, "GET", "/contacts/12")
    assert str(error)[0].isupper()
    assert str(error)[-1] in ".'t"


def test_a_success_is_not_an_error() -> None:
    assert error_of(200, {"id": 1}) is None
    assert error_of(201, []) is None
    assert error_of(204) is None
    assert error_of(418, {}, success_statuses={418}) is None


def test_another_status_than_the_expected_success_is_unreadable() -> None:
    error = error_of(200, {"id": 1}, success_statuses={418})
    assert (type(error), error and error.code) == (TryLater, "unreadable")


def test_a_read_with_an_unreadable_response_raises_try_later() -> None:
    assert type(error_of(200)) is TryLater


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_a_write_with_an_unreadable_response_raises_answer_lost(method: str) -> None:
    assert type(error_of(200, method=method)) is AnswerLost
    assert type(error_of(502, method=method)) is AnswerLost
    assert type(error_of(500, {"error": "x"}, method=method)) is AnswerLost


def test_a_write_that_was_not_started_raises_try_later() -> None:
    assert type(error_of(503, {}, method="POST")) is TryLater
    assert type(error_of(429, {}, method="POST")) is TryLater


def test_the_wait_is_taken_from_retry_after() -> None:
    error = error_of(429, {}, after=12.0)
    assert isinstance(error, TryLater)
    assert error.after == 12.0
    other = error_of(429, {})
    assert isinstance(other, TryLater)
    assert other.after is None


def test_the_message_of_the_server_is_quoted_without_private_values() -> None:
    error = error_of(
        422, {"error": "Contact Clark Gable (clark@x.example) is locked"}, private_values=["Clark", "Gable"]
    )
    assert isinstance(error, Rejected)
    assert error.reasons == ["Contact … … (…) is locked"]
    assert str(error) == "Total Expert did not accept the data. Its message: Contact … … (…) is locked"


def test_the_code_does_not_depend_on_private_values() -> None:
    error = error_of(
        422, {"error": "Page requested is outside of result set"}, private_values=["Page", "result"]
    )
    assert isinstance(error, Rejected)
    assert error.code == "page_out_of_range"
    assert error.reasons == ["… requested is outside of … set"]


@pytest.mark.parametrize(
    "data", [{"errors": ["One.", "Two."]}, {"message": "One."}, {"errors": [{"x": 1}, "One."]}]
)
def test_messages_are_found_in_every_documented_property(data: Any) -> None:
    error = error_of(422, data)
    assert isinstance(error, Rejected)
    assert error.reasons[0] == "One."


@pytest.mark.parametrize(
    "data", [[], "text", 5, {"error": None}, {"error": 7}, {"error": {"a": []}}, {"error": " "}]
)
def test_an_error_without_a_message_has_the_default_one(data: Any) -> None:
    for status in (400, 401, 403, 404, 422, 500):
        assert str(error_of(status, data)).endswith(".")


def test_only_a_401_that_is_not_about_scope_rejects_the_token() -> None:
    def refused(status: int, data: Any) -> bool:
        return rejects_token(ApiResponse(status=status, data=data, is_json=True))

    assert refused(401, {"error": "expired_token"})
    assert refused(401, None)
    assert not refused(401, {"error": "insufficient_scope"})
    assert not refused(403, {"error": "expired_token"})
    assert not refused(400, {"error": "invalid_client"})

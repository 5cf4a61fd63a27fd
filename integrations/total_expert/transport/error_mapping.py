"""The table that maps a response, by status and body, to an error or to success."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..errors import AnswerLost, NotSent, ReconnectRequired, Rejected, TotalExpertError, TryLater
from .redaction import MAX_LENGTH, MAX_MESSAGES, redact
from .responses import ApiResponse


@dataclass(frozen=True)
class ErrorRule:
    """One row of the table. With `quotes_server`, the reasons are the server's own messages, if there are any."""

    error: type[TryLater] | type[ReconnectRequired] | type[Rejected]
    code: str
    message: str
    quotes_server: bool = False


#: By the `error` property of OAuth (RFC 6749, sections 4.1.2.1 and 5.2; RFC 6750, section 3.1). Takes precedence over a
#: status of 400 to 499, unless that says to wait.
OAUTH_RULES = {
    "insufficient_scope": ErrorRule(
        Rejected,
        "insufficient_scope",
        "This connection does not have the scope that this call needs. Ask Total Expert to add the scope to the "
        "client, then connect again.",
    ),
    "invalid_client": ErrorRule(
        ReconnectRequired,
        "invalid_client",
        "Total Expert does not know this client id and secret. Check both, and that they belong to this "
        "environment.",
    ),
    "invalid_grant": ErrorRule(
        ReconnectRequired,
        "invalid_grant",
        "Total Expert did not accept the authorization code or refresh token: it was already used, has expired or was "
        "revoked. Connect again.",
    ),
    "redirect_uri_mismatch": ErrorRule(
        Rejected,
        "redirect_uri_mismatch",
        "The redirect URI differs from the one registered with Total Expert or from the one used to request consent. "
        "Register this application's exact redirect URI.",
    ),
    "unauthorized_client": ErrorRule(
        Rejected,
        "unauthorized_client",
        "Total Expert does not allow this client to connect this way. Ask Total Expert to allow it.",
    ),
    "unsupported_grant_type": ErrorRule(
        Rejected,
        "unsupported_grant_type",
        "Total Expert does not support this way of connecting in this environment.",
    ),
    "invalid_scope": ErrorRule(
        Rejected,
        "invalid_scope",
        "Total Expert does not offer one of the requested scopes. Request fewer scopes, or ask Total Expert to add it "
        "to the client.",
    ),
    "temporarily_unavailable": ErrorRule(
        TryLater, "unavailable", "Total Expert is temporarily unavailable. Try again later."
    ),
    "server_error": ErrorRule(
        TryLater, "server_error", "Total Expert failed to process this request. Try again later."
    ),
}

STATUS_RULES = {
    400: ErrorRule(Rejected, "bad_request", "Total Expert could not process this request.", True),
    401: ErrorRule(
        ReconnectRequired,
        "unauthorized",
        "Total Expert does not accept this connection's access token. Connect it again.",
    ),
    403: ErrorRule(Rejected, "forbidden", "This connection is not allowed to do that in Total Expert."),
    404: ErrorRule(
        Rejected,
        "not_found",
        "Total Expert has no such record, or this connection can't see it. Check the id.",
    ),
    405: ErrorRule(
        Rejected, "method_not_allowed", "Total Expert does not support this action on this resource."
    ),
    407: ErrorRule(
        NotSent,
        "proxy_refused",
        "The proxy did not accept its user name and password. Nothing reached Total Expert.",
    ),
    408: ErrorRule(TryLater, "timeout", "Total Expert timed out waiting for the request. Try again later."),
    415: ErrorRule(
        Rejected, "unsupported_media_type", "Total Expert does not accept this format for this resource."
    ),
    418: ErrorRule(
        Rejected, "teapot", "Total Expert answered 418, which only its credential check should return."
    ),
    422: ErrorRule(Rejected, "validation", "Total Expert did not accept the data.", True),
    425: ErrorRule(TryLater, "too_early", "Total Expert is not ready for this request. Try again later."),
    429: ErrorRule(TryLater, "rate_limited", "Total Expert's rate limit was reached. Try again later."),
    503: ErrorRule(TryLater, "unavailable", "Total Expert is temporarily unavailable. Try again later."),
}

#: By the first digit of the status, for statuses without a rule of their own.
STATUS_CLASS_RULES = {
    3: ErrorRule(
        Rejected,
        "redirect",
        "Total Expert redirected this call, and redirects are never followed. Check the environment's URL.",
    ),
    4: ErrorRule(Rejected, "rejected", "Total Expert rejected this request.", True),
    5: ErrorRule(TryLater, "server_error", "Total Expert failed to process this request. Try again later."),
}

UNEXPECTED_STATUS = ErrorRule(
    TryLater, "unexpected", "Total Expert sent an invalid response. Try again later."
)

_OUT_OF_RANGE = "page requested is outside of result set"


def error_for_response(
    response: ApiResponse,
    *,
    method: str,
    path: str,
    private_values: Iterable[str] = (),
    success_statuses: Iterable[int] = (),
) -> TotalExpertError | None:
    """Return the error for a response, or None for a usable success.

    `private_values` are the values of the request, which are removed from the server's messages.
    `success_statuses` replace 2xx as the statuses of success.
    """
    successes = frozenset(success_statuses)
    if response.status in successes:
        return None
    if 200 <= response.status < 300:
        usable = not successes and (response.is_json or response.status == 204)
        return None if usable else unreadable_response(method, path, response)
    rule = find_rule(response)
    if issubclass(rule.error, TryLater):
        kind = AnswerLost if _may_have_taken_effect(method, response.status) else rule.error
        return kind(
            rule.message,
            after=response.retry_after,
            code=rule.code,
            method=method,
            path=path,
            status=response.status,
            request_id=response.request_id,
        )
    if rule.error is ReconnectRequired:
        return ReconnectRequired(
            rule.message,
            code=rule.code,
            method=method,
            path=path,
            status=response.status,
            request_id=response.request_id,
        )
    messages = _server_messages(response.data) if rule.quotes_server else []
    private = list(private_values) if messages else []
    quoted = [redact(text, private) for text in messages]
    return Rejected(
        quoted or [rule.message],
        prefix=f"{rule.message} Its message:" if quoted else "",
        code="page_out_of_range" if _is_out_of_range(messages) else rule.code,
        method=method,
        path=path,
        status=response.status,
        request_id=response.request_id,
    )


def find_rule(response: ApiResponse) -> ErrorRule:
    """Return the row of the table for a response that is not a success."""
    word = response.data.get("error") if isinstance(response.data, dict) else None
    word = word.strip().lower() if isinstance(word, str) and len(word) <= MAX_LENGTH else ""
    says_more = 400 <= response.status < 500 and response.status not in (407, 408, 425, 429)
    if says_more and word in OAUTH_RULES:
        return OAUTH_RULES[word]
    by_class = STATUS_CLASS_RULES.get(response.status // 100, UNEXPECTED_STATUS)
    return STATUS_RULES.get(response.status, by_class)


def rejects_token(response: ApiResponse) -> bool:
    """Return whether this is a 401 about the token. A 401 about scope is not: a new token would not help."""
    return response.status == 401 and find_rule(response).code != "insufficient_scope"


def unreadable_response(method: str, path: str, response: ApiResponse | None = None) -> TryLater:
    """Return the error for a success whose body is empty, truncated, not JSON, or not in the documented format."""
    status, request_id = (response.status, response.request_id) if response else (None, None)
    if method == "GET":
        return TryLater(
            "Total Expert's response was empty, truncated or not in the documented format. Try again later.",
            code="unreadable",
            method=method,
            path=path,
            status=status,
            request_id=request_id,
        )
    return AnswerLost(
        "Total Expert accepted this request, but its response is unreadable. The request may have taken effect. Check "
        "before you repeat it.",
        code="unreadable",
        method=method,
        path=path,
        status=status,
        request_id=request_id,
    )


def _may_have_taken_effect(method: str, status: int) -> bool:
    """Return whether a write may have been executed. A 503 or 429 means that it was not started."""
    return method != "GET" and status >= 500 and status != 503


def _is_out_of_range(messages: list[str]) -> bool:
    return bool(messages) and messages[0].strip().lower() == _OUT_OF_RANGE


def _server_messages(data: Any) -> list[str]:
    """Return the server's messages from whichever property holds them. They must be redacted before use."""
    if not isinstance(data, dict):
        return []
    for name in ("error_description", "error", "errors", "message"):
        value = data.get(name)
        texts = value if isinstance(value, list) else [value]
        found = [text for text in texts if isinstance(text, str) and text.strip()]
        if found:
            return found[:MAX_MESSAGES]
    return []

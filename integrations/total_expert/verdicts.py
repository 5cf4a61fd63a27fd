"""The one table that maps what a server answered, by status and body, to an error or to none."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .errors import AnswerLost, NotSent, ReconnectRequired, Rejected, TotalExpertError, TryLater
from .redaction import MOST, redact


@dataclass(frozen=True)
class Answer:
    """What came back: `data` is the JSON value, or None where the body was empty or could not be read."""

    status: int
    data: Any
    readable: bool
    retry_after: float | None = None
    request_id: str | None = None


@dataclass(frozen=True)
class Verdict:
    """One line of the table. `quotes`: the server's own words become the reasons, where it gave any."""

    error: type[TryLater] | type[ReconnectRequired] | type[Rejected]
    code: str
    sentence: str
    quotes: bool = False


#: Words of OAuth's `error` property, looked at before the status of a 400, 401 or 403.
BY_WORD = {
    "insufficient_scope": Verdict(
        Rejected,
        "insufficient_scope",
        "This connection was not granted the scope that this call needs. Ask Total Expert to add the scope "
        "to the "
        "client, then connect again.",
    ),
    "invalid_client": Verdict(
        ReconnectRequired,
        "invalid_client",
        "Total Expert does not know this client id and secret. Check both, and that they belong to this "
        "environment.",
    ),
    "invalid_grant": Verdict(
        ReconnectRequired,
        "invalid_grant",
        "Total Expert did not take the code or refresh token: it was used before, ran out or was revoked. "
        "Consent "
        "again.",
    ),
    "redirect_uri_mismatch": Verdict(
        Rejected,
        "redirect_uri_mismatch",
        "The return address differs from the one that Total Expert has registered, or from the one that "
        "consent was "
        "asked with. Register exactly this application's return address.",
    ),
    "unauthorized_client": Verdict(
        Rejected,
        "unauthorized_client",
        "Total Expert does not let this client connect in this way. Ask Total Expert to allow it.",
    ),
    "unsupported_grant_type": Verdict(
        Rejected,
        "unsupported_grant_type",
        "Total Expert does not offer this way to connect in this environment.",
    ),
    "invalid_scope": Verdict(
        Rejected,
        "invalid_scope",
        "Total Expert does not offer a scope that was asked for. Ask for fewer scopes, or have the client "
        "extended.",
    ),
}

BY_STATUS = {
    400: Verdict(Rejected, "bad_request", "Total Expert could not use this request.", quotes=True),
    401: Verdict(
        ReconnectRequired,
        "unauthorized",
        "Total Expert does not accept this connection's token. Connect it again.",
    ),
    403: Verdict(Rejected, "forbidden", "This connection may not do that in Total Expert."),
    404: Verdict(
        Rejected,
        "not_found",
        "Total Expert has no such record: it was deleted, or this connection may not see it. Check the id.",
    ),
    405: Verdict(Rejected, "method_not_allowed", "Total Expert does not offer this action on this resource."),
    407: Verdict(
        NotSent,
        "proxy_refused",
        "The proxy on the way did not accept its user name and password. Nothing reached Total Expert.",
    ),
    408: Verdict(TryLater, "timeout", "Total Expert gave up waiting for the request. Try again later."),
    415: Verdict(
        Rejected, "unsupported_media_type", "Total Expert takes this resource in another format only."
    ),
    418: Verdict(
        Rejected, "teapot", "Total Expert answered as a teapot: this address only tests credentials."
    ),
    422: Verdict(Rejected, "validation", "Total Expert refused the data.", quotes=True),
    425: Verdict(TryLater, "too_early", "Total Expert is not ready for this request. Try again later."),
    429: Verdict(TryLater, "rate_limited", "Total Expert's limit of requests is used up. Try again later."),
    503: Verdict(TryLater, "unavailable", "Total Expert is unavailable at the moment. Try again later."),
}

BY_HUNDRED = {
    3: Verdict(
        Rejected,
        "redirect",
        "Total Expert sent this call to another address, which is never followed. Check the environment's "
        "address.",
    ),
    4: Verdict(Rejected, "rejected", "Total Expert refused this request.", quotes=True),
    5: Verdict(TryLater, "server_error", "Total Expert failed to answer this request. Try again later."),
}

UNKNOWN = Verdict(
    TryLater, "unexpected", "Total Expert gave an answer that can't be understood. Try again later."
)

_OUT_OF_RANGE = "page requested is outside of result set"


def judge(
    answer: Answer, *, method: str, path: str, sent: Iterable[str] = (), only: Iterable[int] = ()
) -> TotalExpertError | None:
    """The error that `answer` means, or None when it is a success that can be used.

    `sent` are the values of the request, which are taken out of the server's words; `only` are the
    statuses that count as success in the place of 2xx.
    """
    successes = frozenset(only)
    if answer.status in successes:
        return None
    if 200 <= answer.status < 300:
        usable = not successes and (answer.readable or answer.status == 204)
        return None if usable else unreadable(method, path, answer)
    verdict = look_up(answer)
    if issubclass(verdict.error, TryLater):
        kind = AnswerLost if _may_have_worked(method, answer.status) else verdict.error
        return kind(
            verdict.sentence,
            after=answer.retry_after,
            code=verdict.code,
            method=method,
            path=path,
            status=answer.status,
            request_id=answer.request_id,
        )
    if verdict.error is ReconnectRequired:
        return ReconnectRequired(
            verdict.sentence,
            code=verdict.code,
            method=method,
            path=path,
            status=answer.status,
            request_id=answer.request_id,
        )
    words = _words(answer.data) if verdict.quotes else []
    private = list(sent) if words else []
    quoted = [redact(text, private) for text in words]
    return Rejected(
        quoted or [verdict.sentence],
        lead=f"{verdict.sentence} It says:" if quoted else "",
        code="page_out_of_range" if words and words[0].strip().lower() == _OUT_OF_RANGE else verdict.code,
        method=method,
        path=path,
        status=answer.status,
        request_id=answer.request_id,
    )


def look_up(answer: Answer) -> Verdict:
    """The line of the table for an answer that is not a success."""
    word = answer.data.get("error") if isinstance(answer.data, dict) else None
    if answer.status in (400, 401, 403) and isinstance(word, str) and word in BY_WORD:
        return BY_WORD[word]
    return BY_STATUS.get(answer.status) or BY_HUNDRED.get(answer.status // 100) or UNKNOWN


def refuses_token(answer: Answer) -> bool:
    """Whether this is a 401 about the token, which a new token can mend; one about scope can't be mended."""
    return answer.status == 401 and look_up(answer).code != "insufficient_scope"


def unreadable(method: str, path: str, answer: Answer | None = None) -> TryLater:
    """The error for a success whose body is empty, cut off, not JSON, or not of the documented shape."""
    status, request_id = (answer.status, answer.request_id) if answer else (None, None)
    if method == "GET":
        sentence = "Total Expert's answer was empty, cut off or not in its documented form. Try again later."
        return TryLater(
            sentence, code="unreadable", method=method, path=path, status=status, request_id=request_id
        )
    return AnswerLost(
        "Total Expert took this request but its answer can't be read. It may have taken effect: look before "
        "repeating.",
        code="unreadable",
        method=method,
        path=path,
        status=status,
        request_id=request_id,
    )


def _may_have_worked(method: str, status: int) -> bool:
    """After a 500, 502 or 504 nobody knows what happened; a 503 or 429 was not taken on."""
    return method != "GET" and status >= 500 and status != 503


def _words(data: Any) -> list[str]:
    """The server's own words about a refusal, wherever it put them: not to be shown as they are."""
    if not isinstance(data, dict):
        return []
    for name in ("error_description", "error", "errors", "message"):
        value = data.get(name)
        texts = value if isinstance(value, list) else [value]
        found = [text for text in texts if isinstance(text, str) and text.strip()]
        if found:
            return found[:MOST]
    return []

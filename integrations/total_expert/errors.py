"""The three errors, named for what the caller must do: try later, reconnect, or change the request.

They carry method, path, status and the server's request id; never headers, bodies, query strings or secrets,
so they may be shown and logged. Whatever goes wrong between here and Total Expert ends as one of them.
"""

from collections.abc import Sequence


class TotalExpertError(Exception):
    """What all three have in common. ``str()`` is a sentence that may be shown to a person.

    `method` and `path` (relative to the environment's base address, without its query) name the call,
    `status` is the HTTP status if there was an answer, `request_id` the server's name for the request if it
    sent one, `code` a short word for the kind of failure.
    """

    code: str = "error"

    def __init__(
        self,
        sentence: str,
        *,
        code: str | None = None,
        method: str | None = None,
        path: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        # Exception's own constructor is not called: `args` keeps what subclasses were given, so they can be
        # pickled.
        self.sentence = sentence
        self.method = method
        self.path = path
        self.status = status
        self.request_id = request_id
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return self.sentence


class TryLater(TotalExpertError):
    """The request is fine and may be repeated later. `after`: seconds to wait, None when unknown."""

    code = "try_later"

    def __init__(
        self,
        sentence: str = "Total Expert can't answer now. Try again later.",
        *,
        after: float | None = None,
        code: str | None = None,
        method: str | None = None,
        path: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(sentence, code=code, method=method, path=path, status=status, request_id=request_id)
        self.after = after


class NotSent(TryLater):
    """Total Expert was never reached (connection refused or timed out, unknown host): nothing happened."""

    code = "not_sent"


class AnswerLost(TryLater):
    """The request went out and its answer did not come back whole: it may or may not have taken effect.

    Look before repeating a write. A token request that ends so has probably spent its code or refresh token.
    """

    code = "answer_lost"


class ReconnectRequired(TotalExpertError):
    """The grant is dead or the credentials are wrong: waiting won't help, somebody has to connect again."""

    code = "reconnect_required"

    def __init__(
        self,
        sentence: str = "Total Expert no longer accepts this connection. Connect it again.",
        *,
        code: str | None = None,
        method: str | None = None,
        path: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(sentence, code=code, method=method, path=path, status=status, request_id=request_id)


class Rejected(TotalExpertError):
    """The request was understood and refused, by the server or before it was sent: it must change to succeed.

    `reasons` are sentences for a person. Words of the server are among them with every value that the request
    itself contained taken out. `code` says which kind: "insufficient_scope", "not_found", "validation",
    "redirect", …
    """

    code = "rejected"

    def __init__(
        self,
        reasons: Sequence[str],
        *,
        code: str | None = None,
        lead: str = "",
        method: str | None = None,
        path: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        self.reasons = [reasons] if isinstance(reasons, str) else list(reasons)
        sentence = " ".join(part for part in (lead, *self.reasons) if part)
        super().__init__(sentence, code=code, method=method, path=path, status=status, request_id=request_id)

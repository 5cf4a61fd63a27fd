"""The three errors, named for what the caller must do: try later, reconnect, or change the request.

Every failure between this package and Total Expert ends as one of them. They carry the method, path, status and the
server's request id, and never headers, bodies, query strings or secrets, so they are safe to show and to log.
"""

from collections.abc import Sequence


class TotalExpertError(Exception):
    """The base of the three errors. ``str(error)`` is a sentence that can be shown to a person.

    `method` and `path` identify the call; `path` is relative to the environment's base URL and has no query string.
    `status` is the HTTP status, or None without a response. `request_id` is the server's id for the request, if it
    sent one. `code` is a short identifier of the kind of failure.
    """

    code: str = "error"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        method: str | None = None,
        path: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        # Don't call Exception.__init__: it would overwrite `args`, which keeps the subclass's own arguments and
        # makes instances picklable.
        self.message = message
        self.method = method
        self.path = path
        self.status = status
        self.request_id = request_id
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return self.message


class TryLater(TotalExpertError):
    """The request is valid and can be sent again later. `after` is the seconds to wait, or None if unknown."""

    code = "try_later"

    def __init__(
        self,
        message: str = "Total Expert is unavailable right now. Try again later.",
        *,
        after: float | None = None,
        code: str | None = None,
        method: str | None = None,
        path: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, code=code, method=method, path=path, status=status, request_id=request_id)
        self.after = after


class NotSent(TryLater):
    """The request never reached Total Expert (connection refused, connect timeout, unknown host). Nothing happened."""

    code = "not_sent"


class AnswerLost(TryLater):
    """The request was sent, but its response did not arrive intact. It may or may not have taken effect.

    Check before you repeat a write. A token request that ends this way has probably used up its authorization code
    or refresh token.
    """

    code = "answer_lost"


class ReconnectRequired(TotalExpertError):
    """The connection was revoked or expired, or the credentials are wrong. Someone has to connect again."""

    code = "reconnect_required"

    def __init__(
        self,
        message: str = "Total Expert no longer accepts this connection. Connect it again.",
        *,
        code: str | None = None,
        method: str | None = None,
        path: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, code=code, method=method, path=path, status=status, request_id=request_id)


class Rejected(TotalExpertError):
    """The request was refused, by the server or before it was sent. It must change to succeed.

    `reasons` are sentences for a person. They include the server's messages, with every value from the request
    removed. `code` identifies the kind: "insufficient_scope", "not_found", "validation", "redirect", …
    `prefix` is put before the reasons in ``str(error)``.
    """

    code = "rejected"

    def __init__(
        self,
        reasons: Sequence[str],
        *,
        code: str | None = None,
        prefix: str = "",
        method: str | None = None,
        path: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        self.reasons = [reasons] if isinstance(reasons, str) else list(reasons)
        message = " ".join(part for part in (prefix, *self.reasons) if part)
        super().__init__(message, code=code, method=method, path=path, status=status, request_id=request_id)


def invalid(reason: str, *, code: str = "invalid_request") -> Rejected:
    """Return the error for a request that was refused before it was sent."""
    return Rejected([reason], code=code)

"""Errors that clients of the API see, with the wording that the vendor documents."""

from __future__ import annotations

from .responses import ApiResponse


class ApiError(Exception):
    """Raised to end a request with an error response.

    The body is `{name: error}`, and `error_description` if there is one.
    """

    def __init__(
        self,
        status: int,
        error: str,
        description: str = "",
        *,
        headers: dict[str, str] | None = None,
        name: str = "error",
    ) -> None:
        super().__init__(error)
        self.status = status
        self.body = {name: error} | ({"error_description": description} if description else {})
        self.headers = headers or {}

    def response(self) -> ApiResponse:
        """Return the error as a response."""
        return ApiResponse(self.status, self.body, self.headers)


def not_found() -> ApiError:
    """Return the error for an unknown address or id."""
    return ApiError(404, "Not Found")


def insufficient_scope() -> ApiError:
    """Return the error for a token that lacks the scope, or the kind of access, that a request needs."""
    return ApiError(
        401,
        "insufficient_scope",
        "The request requires higher privileges than provided by the access token",
    )


def in_use(reason: str) -> ApiError:
    """Return the error for deleting a record that is still needed. Neither status nor wording is documented."""
    return ApiError(409, f"Unable to delete: {reason}")


def target_not_found(relationship: str) -> ApiError:
    """Return the error for a write that refers to a record that does not exist."""
    return ApiError(422, f"Unable to find target for relationship: '{relationship}'")

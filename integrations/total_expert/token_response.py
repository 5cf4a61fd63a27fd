"""Token responses (RFC 6749, section 5.1), read as servers really send them."""

import math
from dataclasses import dataclass
from typing import TypeGuard

from . import parse
from .transport import responses
from .transport.error_mapping import unreadable_response

#: The lifetime of an access token, in seconds, if the response does not state one.
DEFAULT_LIFETIME = 3600
#: The longest lifetime that is believed, in seconds.
MAX_LIFETIME = 366 * 86400
#: A token is replaced this many seconds before it expires, so that it does not expire during a call.
EXPIRY_MARGIN = 60
#: The shortest such margin, unless the token lives less than twice as long.
MIN_EXPIRY_MARGIN = 5
#: The most granted scopes that are kept, and the longest of each, in characters.
MAX_SCOPES, MAX_SCOPE_LENGTH = 200, 100
#: A longer token does not fit into a header.
MAX_TOKEN_LENGTH = 8_000
#: The path of the token endpoint, as errors show it.
PATH = "/token"


@dataclass(frozen=True, repr=False)
class TokenResponse:
    """A successful token response (RFC 6749, section 5.1). `expires_in` is in seconds.

    `scope` holds the granted scopes, which may be fewer than requested. A response that does not state them grants those
    that were requested. `refresh_token` is None if none was issued: always for client credentials, and after a refresh
    that leaves the old refresh token valid.
    """

    access_token: str
    expires_in: int
    scope: frozenset[str]
    refresh_token: str | None = None

    @property
    def usable_seconds(self) -> float:
        """For how many seconds to use the access token. 0 means once."""
        return usable_seconds(self.expires_in)

    def __repr__(self) -> str:
        return f"TokenResponse(expires_in={self.expires_in}, scope={sorted(self.scope)}, tokens hidden)"


def usable_seconds(lifetime: float) -> float:
    """Return for how many seconds to use an access token with this lifetime: a little less, in case a call takes long."""
    least = min(MIN_EXPIRY_MARGIN, lifetime / 2)
    return lifetime - min(EXPIRY_MARGIN, max(least, lifetime / 10))


def parse_token_response(
    response: responses.ApiResponse, requested_scopes: frozenset[str] = frozenset()
) -> TokenResponse:
    """Return the tokens in a successful response. Raise AnswerLost if there are none: they were issued and lost.

    `requested_scopes` were granted if the response states none (RFC 6749, section 5.1). The token type is not looked
    at: the API takes bearer tokens only, whatever their response calls them.
    """
    data = response.data if isinstance(response.data, dict) else {}
    access, refresh = data.get("access_token"), data.get("refresh_token") or None
    if not is_valid_token(access) or not (refresh is None or is_valid_token(refresh)):
        raise unreadable_response("POST", PATH, response)
    scope = _scope(data.get("scope")) or requested_scopes
    return TokenResponse(access, _lifetime(data.get("expires_in")), scope, refresh)


def is_valid_token(value: object) -> TypeGuard[str]:
    """Return whether a value can be sent in an Authorization header."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= MAX_TOKEN_LENGTH
        and value.isascii()
        and value.isprintable()
        and " " not in value
    )


def _lifetime(value: object) -> int:
    if isinstance(value, str):
        value = value[: parse.MAX_LENGTH]
    try:
        seconds = (
            float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
        )
    except (ValueError, OverflowError):
        seconds = math.nan
    return min(max(int(seconds), 0), MAX_LIFETIME) if math.isfinite(seconds) else DEFAULT_LIFETIME


def _scope(value: object) -> frozenset[str]:
    """Return granted scopes, sent as text separated by spaces or commas, or as a list. Keep whole words only."""
    texts = [value] if isinstance(value, str) else parse.array(value) or []
    words = " ".join(text for text in texts if isinstance(text, str)).replace(",", " ").split()
    kept = [word for word in words if word.isascii() and word.isprintable() and len(word) <= MAX_SCOPE_LENGTH]
    return frozenset(kept[:MAX_SCOPES])

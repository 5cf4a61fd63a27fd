"""Keeps the secrets that travel in addresses out of the log: links of invitations, resets and the like, codes."""

import logging
import re

#: A slash, a question mark, also as one address stands percent-encoded in another (?next=), however often.
_SLASH, _MARK = r"(?:/|%(?:25)*2F)", r"(?:\?|%(?:25)*3F)"
#: Whoever reads one of these addresses can use it.
_SECRETS = re.compile(
    rf"({_SLASH}(?:invitations|accounts{_SLASH}confirm-email|accounts{_SLASH}password{_SLASH}reset{_SLASH}key)"
    rf"{_SLASH})[^/\s\"']+"
    rf"|({_SLASH}(?:oauth|single-sign-on){_SLASH}callback{_SLASH}?{_MARK})[^\s\"']+",
    re.IGNORECASE,
)


class LinkRedactionFilter(logging.Filter):
    """Blacks out the secret part of such an address in whatever is logged.

    A line whose arguments do not fit goes on without them: neither lost, nor an error where it was logged.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except Exception:
            message, record.args = record.msg if isinstance(record.msg, str) else "", ()
        redacted = _SECRETS.sub(lambda found: f"{found[1] or found[2]}***", message)
        if redacted != message:
            record.msg, record.args = redacted, ()
        return True

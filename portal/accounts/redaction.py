"""Remove secrets in URLs, such as invitation links, password reset links and codes, from the logs."""

import logging
import re

#: A slash and a question mark, also percent-encoded any number of times, as in the value of ?next=.
_SLASH, _MARK = r"(?:/|%(?:25)*2F)", r"(?:\?|%(?:25)*3F)"
#: URLs that give access to anybody who reads them.
_SECRETS = re.compile(
    rf"({_SLASH}(?:invitations|accounts{_SLASH}confirm-email|accounts{_SLASH}password{_SLASH}reset{_SLASH}key)"
    rf"{_SLASH})[^/\s\"']+"
    rf"|({_SLASH}(?:oauth|single-sign-on){_SLASH}callback(?:{_SLASH}[\w-]{{1,50}})?{_SLASH}?{_MARK})[^\s\"']+",
    re.IGNORECASE,
)


class LinkRedactionFilter(logging.Filter):
    """Replace the secret part of such URLs in every log record.

    A record whose arguments don't match its format is logged without its arguments.
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

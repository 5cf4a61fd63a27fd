"""Keeps the secrets that travel in addresses out of the log: links of invitations, resets and the like, codes."""

import logging
import re

#: Whoever reads one of these addresses can use it.
_SECRETS = re.compile(
    r"(/(?:invitations|accounts/confirm-email|accounts/password/reset/key)/)[^/\s\"']+"
    r"|(/oauth/callback/\?|/single-sign-on/callback/\?)[^\s\"']+"
)


class WithoutLinks(logging.Filter):
    """Blacks out the secret part of such an address in whatever is logged."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        redacted = _SECRETS.sub(lambda found: f"{found[1] or found[2]}***", message)
        if redacted != message:
            record.msg, record.args = redacted, ()
        return True

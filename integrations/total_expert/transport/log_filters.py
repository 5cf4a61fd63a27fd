"""Logging filters that keep secrets and personal data out of the logs of the HTTP libraries.

requests-oauthlib logs whole token requests and responses at DEBUG. urllib3 logs URLs with their query strings, and
filters in those contain names and email addresses.
"""

import logging

_OAUTH_LOGGERS = (
    "requests_oauthlib.oauth2_session",
    "requests_oauthlib.oauth2_auth",
    "oauthlib",
    "oauthlib.oauth2",
    "oauthlib.oauth2.rfc6749",
)


def install() -> None:
    """Add the filters, which hold whatever level an application sets later. Calling it again changes nothing."""
    for name in _OAUTH_LOGGERS:
        logging.getLogger(name).addFilter(_drop_debug)
    logging.getLogger("urllib3.connectionpool").addFilter(_remove_query_strings)


def _drop_debug(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG


def _remove_query_strings(record: logging.LogRecord) -> bool:
    if isinstance(record.args, tuple):
        record.args = tuple(arg.partition("?")[0] if isinstance(arg, str) else arg for arg in record.args)
    return True

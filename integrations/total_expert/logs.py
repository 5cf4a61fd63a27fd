"""Keeping secrets and personal data out of the logs of the libraries underneath.

requests-oauthlib logs whole token requests and answers at DEBUG; urllib3 logs addresses with their query,
where filters hold names and e-mail addresses.
"""

import logging


def _drop_debug(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG


def _cut_query(record: logging.LogRecord) -> bool:
    if isinstance(record.args, tuple):
        record.args = tuple(arg.partition("?")[0] if isinstance(arg, str) else arg for arg in record.args)
    return True


def silence() -> None:
    """Filter these loggers, whatever an application sets later. May be called more than once."""
    for name in (
        "requests_oauthlib.oauth2_session",
        "requests_oauthlib.oauth2_auth",
        "oauthlib",
        "oauthlib.oauth2",
        "oauthlib.oauth2.rfc6749",
    ):
        logging.getLogger(name).addFilter(_drop_debug)
    logging.getLogger("urllib3.connectionpool").addFilter(_cut_query)

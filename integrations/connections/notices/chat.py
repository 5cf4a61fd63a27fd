"""Send notices to a chat's incoming webhook.

The webhook's URL is a setting and can't be changed in the browser. This is the only module that sends outgoing webhooks.
"""

import re

import requests
from django.conf import settings

#: Connect and read timeouts, in seconds.
TIMEOUT = (5, 10)
#: How much of a response is read, in bytes.
MAX_RESPONSE_BYTES = 4096


class DeliveryFailed(Exception):
    """The chat did not accept a message. The text says why, without the webhook's URL."""


def is_configured() -> bool:
    """Return whether a chat webhook is set."""
    return bool(settings.CHAT_WEBHOOK_URL)


def escape(text: str) -> str:
    """Return text so that no chat reads it as markup or as a mention of everyone in the room."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([@*_~`|\[\]])", "\u200b\\1\u200b", escaped)


def send(text: str) -> None:
    """Send a message, without following redirects and without a proxy. Raise DeliveryFailed."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            with session.post(
                settings.CHAT_WEBHOOK_URL,
                json={"text": text},
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=True,
            ) as response:
                next(response.iter_content(MAX_RESPONSE_BYTES), b"")
                status = response.status_code
        except (requests.RequestException, OSError, ValueError) as problem:
            raise DeliveryFailed(f"The chat can't be reached ({type(problem).__name__}).") from None
    if not 200 <= status < 300:
        raise DeliveryFailed(f"The chat did not accept a message (status {status}).")

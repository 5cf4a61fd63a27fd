"""The chat: one message a notice to the incoming webhook that was set where the portal is installed.

Its address is a setting and never typed in a browser. This is the one delivery module for outgoing webhooks.
"""

import re

import requests
from django.conf import settings

#: Connect and read, in seconds.
TIMEOUT = (5, 10)
#: As much of an answer is read, in bytes.
MAX_RESPONSE_BYTES = 4096


class DeliveryFailed(Exception):
    """The chat did not take a message. Says how, never where."""


def is_configured() -> bool:
    """Whether there is a chat."""
    return bool(settings.CHAT_WEBHOOK_URL)


def escape(text: str) -> str:
    """Text that somebody else wrote, so that no chat takes it for markup or for a call to everybody in the room."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([@*_~`|\[\]])", "\u200b\\1\u200b", escaped)


def send(text: str) -> None:
    """Send a message. Follows no redirect and uses no proxy of the environment. Raises NotTaken."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            with session.post(
                settings.CHAT_WEBHOOK_URL,
                json={"text": text},
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=True,
            ) as answer:
                next(answer.iter_content(MAX_RESPONSE_BYTES), b"")
                status = answer.status_code
        except (requests.RequestException, OSError, ValueError) as problem:
            raise DeliveryFailed(f"The chat can't be reached ({type(problem).__name__}).") from None
    if not 200 <= status < 300:
        raise DeliveryFailed(f"The chat did not take a message (status {status}).")

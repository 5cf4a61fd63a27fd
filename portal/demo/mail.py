"""The demo's mail: files in a folder, shown on a page. Only while DEMO is on."""

import datetime as dt
import email
import email.policy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path

from django.core.mail import EmailMessage
from django.core.mail.backends.filebased import EmailBackend

from portal.core import clock

SEPARATOR = b"-" * 79
EARLIEST = dt.datetime.min.replace(tzinfo=dt.UTC)


class DemoEmailBackend(EmailBackend):
    """Writes mail to files, dated by the portal's clock: the demo moves it, so the machine's would contradict it."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            message.extra_headers.setdefault("Date", formatdate(clock.now().timestamp(), usegmt=True))
        return super().send_messages(email_messages)


@dataclass(frozen=True)
class Mail:
    """One mail. ``parts`` splits its text into words and links."""

    number: int
    sender: str
    to: str
    subject: str
    sent_at: dt.datetime | None
    text: str

    @property
    def parts(self) -> list[tuple[str, str]]:
        pieces = re.split(r"(https?://\S+)", self.text)
        return [(piece, "link" if piece.startswith("http") else "text") for piece in pieces if piece]

    @property
    def links(self) -> list[str]:
        return [piece for piece, kind in self.parts if kind == "link"]


def read(folder: Path) -> list[Mail]:
    """Return every mail of a folder, oldest first. A mail without its separator is still being written: leave it out.

    One file holds mails of different times, so the order is that of their dates.
    """
    mails: list[Mail] = []
    for file in sorted(folder.glob("*.log"), key=lambda path: (path.stat().st_mtime_ns, path.name)):
        for raw in file.read_bytes().split(SEPARATOR)[:-1]:
            if raw.strip():
                mails.append(_parse(len(mails) + 1, raw.strip()))
    return sorted(mails, key=lambda mail: mail.sent_at or EARLIEST)


def _parse(number: int, raw: bytes) -> Mail:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    body = message.get_body(("plain",))
    return Mail(
        number=number,
        sender=str(message["From"]),
        to=str(message["To"]),
        subject=str(message["Subject"]),
        sent_at=_aware(message["Date"].datetime) if message["Date"] else None,
        text=body.get_content().strip() if body else "",
    )


def _aware(at: dt.datetime) -> dt.datetime:
    """Return the time of a header. One that ends in -0000 is in UTC and tells no zone (RFC 5322)."""
    return at if at.tzinfo else at.replace(tzinfo=dt.UTC)


def latest_link(folder: Path, to: str, containing: str) -> str:
    """Return the newest link that contains ``containing`` and was mailed to ``to``, or an empty string."""
    for mail in reversed(read(folder)):
        if to.lower() in mail.to.lower():
            for link in mail.links:
                if containing in link:
                    return link
    return ""

"""The demo's mail: files in a folder, and a page that shows them. Exists only while DEMO is on."""

import email
import email.policy
import re
from dataclasses import dataclass
from pathlib import Path

SEPARATOR = b"-" * 79


@dataclass(frozen=True)
class Mail:
    """One mail as a reader wants it: the text in parts, each either words or an address to follow."""

    number: int
    to: str
    subject: str
    date: str
    text: str

    @property
    def parts(self) -> list[tuple[str, str]]:
        pieces = re.split(r"(https?://\S+)", self.text)
        return [(piece, "link" if piece.startswith("http") else "text") for piece in pieces if piece]

    @property
    def links(self) -> list[str]:
        return [piece for piece, kind in self.parts if kind == "link"]


def read(folder: Path) -> list[Mail]:
    """Return every mail of a folder, oldest first. A mail without its separator is still being written: leave it out."""
    mails: list[Mail] = []
    for file in sorted(folder.glob("*.log"), key=lambda path: (path.stat().st_mtime_ns, path.name)):
        for raw in file.read_bytes().split(SEPARATOR)[:-1]:
            if raw.strip():
                mails.append(_parse(len(mails) + 1, raw.strip()))
    return mails


def _parse(number: int, raw: bytes) -> Mail:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    body = message.get_body(("plain",))
    return Mail(
        number=number,
        to=str(message["To"]),
        subject=str(message["Subject"]),
        date=str(message["Date"]),
        text=body.get_content().strip() if body else "",
    )


def latest_link(folder: Path, to: str, containing: str) -> str:
    """The newest link to ``containing`` that was mailed to ``to``, or an empty string."""
    for mail in reversed(read(folder)):
        if to.lower() in mail.to.lower():
            for link in mail.links:
                if containing in link:
                    return link
    return ""

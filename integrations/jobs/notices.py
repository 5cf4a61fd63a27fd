"""Telling people about connections: a job of an installation that sends the mails and the chat's messages."""

from itertools import groupby
from smtplib import SMTPRecipientsRefused
from typing import Any

from integrations.connections.models import Connection
from integrations.connections.notices import chat, notices
from integrations.jobs import queue
from integrations.jobs.run import Run
from integrations.total_expert import TryLater

KIND = "connections.notify"


def on_noticed(sender: object, *, connection: Connection, **_: Any) -> None:
    """There is news: a job sends it once the change is committed."""
    queue.start(KIND, installation=connection.installation)


def advance(run: Run) -> bool:
    """One slice: a mail a person with all their news, then the chat. What is not taken is tried again later."""
    connections = Connection.objects.filter(installation=run.job.installation)
    trouble = ""
    for _, waiting in groupby(notices.unsent(connections), key=lambda row: row.user_id):
        mails = list(waiting)
        try:
            notices.mail(mails[0].user, mails)
        except SMTPRecipientsRefused as refused:
            if _for_good(refused):
                notices.give_up(mails)
                run.note(
                    "The mail server refuses a mailbox for good, so one person was not told.", level="warning"
                )
            else:
                trouble = "The mail server did not take a mail."
        except OSError:
            trouble = "The mail server did not take a mail."
        run.checkpoint()
    try:
        notices.tell_chat(connections)
    except chat.NotTaken as refused:
        trouble = trouble or str(refused)
    if trouble:
        raise TryLater(trouble)
    return True


def _for_good(refused: SMTPRecipientsRefused) -> bool:
    """Whether no later try helps: every code is of the 5xx kind (RFC 5321, 4.2.1)."""
    return all(500 <= code < 600 for code, _ in refused.recipients.values())


def tell_what_waits() -> None:
    """A job for whatever waits to be told, also where an earlier one failed or was cancelled."""
    for installation in notices.installations_with_news():
        queue.start(KIND, installation=installation)

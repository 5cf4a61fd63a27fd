"""The job that sends connection alerts of an installation, by mail and to the chat."""

from itertools import groupby
from smtplib import SMTPRecipientsRefused
from typing import Any

from integrations.connections.models import Connection
from integrations.connections.notices import chat, delivery
from integrations.jobs import queue
from integrations.jobs.run import Run
from integrations.total_expert import TryLater
from portal.core.daily_limits import LimitReached

KIND = "connections.notify"
#: Seconds to wait when somebody got as many mails as we send in a day.
LIMIT_RETRY = 3600.0


def on_noticed(sender: object, *, connection: Connection, **_: Any) -> None:
    """Start a job that sends a new notice once its transaction commits."""
    queue.start(KIND, installation=connection.installation)


def advance(run: Run) -> bool:
    """Send one mail per person with all their alerts, then the chat messages. Retry later what was not accepted."""
    connections = Connection.objects.filter(installation=run.job.installation)
    problem = limit = ""
    for _, waiting in groupby(delivery.pending_mails(connections), key=lambda row: row.user_id):
        mails = list(waiting)
        try:
            delivery.send_mails(mails[0].user, mails)
        except SMTPRecipientsRefused as refused:
            if _is_permanent(refused):
                delivery.discard(mails)
                run.log(
                    "The mail server permanently rejects one address, so that person was not notified.",
                    level="warning",
                )
            else:
                problem = "The mail server did not accept a message."
        except OSError:
            problem = "The mail server did not accept a message."
        except LimitReached as reached:
            limit = str(reached)
        run.checkpoint()
    try:
        delivery.send_to_chat(connections)
    except chat.DeliveryFailed as refused:
        problem = problem or str(refused)
    if problem:
        raise TryLater(problem)
    if limit:
        raise TryLater(limit, after=LIMIT_RETRY)
    return True


def _is_permanent(refused: SMTPRecipientsRefused) -> bool:
    """Return whether all reply codes are permanent failures (5yz, RFC 5321, section 4.2.1)."""
    return all(500 <= code < 600 for code, _ in refused.recipients.values())


def start_pending_deliveries() -> None:
    """Start a job for every installation with unsent notices, even if an earlier job failed or was canceled."""
    for installation in delivery.installations_with_pending():
        queue.start(KIND, installation=installation)

"""The steps of a pass, in order.

Each step reads a page or a few records, stores them, and says in the pass which page or step comes next.
"""

from collections.abc import Callable

from integrations.connections.client import client_for
from integrations.directory.models import UNKNOWN_TIME
from integrations.directory.sync.passes import Pass
from integrations.directory.sync.steps import completion, contacts, lists, lookups
from integrations.total_expert import Client

#: The steps by the names that a pass keeps in its cursor.
STEPS: dict[str, Callable[[Pass, Client], None]] = {
    "owner": lists.read_owner,
    "owners": lists.read_owners,
    "groups": lists.read_groups,
    "gone_groups": lookups.check_groups,
    "archived": contacts.read_archived,
    "contacts": contacts.read_contacts,
    "missing": lookups.check_missing,
    "unread_pages": contacts.read_unread_pages,
    "unread_contacts": lookups.read_unread,
    "counts": completion.compare_counts,
    "finish": completion.finish,
}


def advance(pass_: Pass) -> bool:
    """Continue a pass until it is complete (return True) or the time slice is over. Raise the client's errors."""
    stale_since = pass_.sync_state.finished_at or UNKNOWN_TIME
    with client_for(pass_.connection, stale_since=stale_since) as client:
        while pass_.state["step"] != "done":
            if not pass_.run.time_left():
                return False
            STEPS[pass_.state["step"]](pass_, client)
    return True

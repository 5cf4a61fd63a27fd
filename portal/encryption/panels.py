"""The encryption keys panel in Settings."""

from typing import Any

from django.http import HttpRequest

from portal.core import panels
from portal.encryption import key_status, known_keys
from portal.encryption.key_status import KeyState

#: The tone and label of each state.
BADGES = {
    KeyState.ACTIVE: ("ok", "Active"),
    KeyState.DECRYPT_ONLY: ("run", "Decrypts only"),
    KeyState.NEXT: ("wait", "Next"),
    KeyState.UNUSED: ("idle", "Unused"),
    KeyState.MISSING: ("bad", "Missing"),
}


@panels.register("settings", name="keys", template="encryption/keys.html", order=70)
def encryption_keys(request: HttpRequest, subject: object) -> dict[str, Any] | None:
    """Show operators every key."""
    if not getattr(request.user, "is_operator", False):
        return None
    statuses = key_status.survey()
    active, *rest = statuses
    others = sum(status.values for status in rest if status.state == KeyState.DECRYPT_ONLY)
    rows = [
        {
            "status": status,
            "tone": BADGES[status.state][0],
            "label": BADGES[status.state][1],
            "next": key_status.next_step(status, others),
        }
        for status in statuses
    ]
    return {"keys": rows, "processes": known_keys.processes_without(active.id), "active": active}

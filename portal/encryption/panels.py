"""The panel of encryption keys on Settings: what each is for, and what to do next."""

from typing import Any

from django.http import HttpRequest

from portal.core import panels
from portal.encryption import known_keys, status
from portal.encryption.status import Stand

#: How each stand looks: tone and word.
LOOKS = {
    Stand.SEALS: ("ok", "Seals"),
    Stand.OPENS: ("run", "Only opens"),
    Stand.NEXT: ("wait", "Comes next"),
    Stand.UNUSED: ("idle", "Not used"),
    Stand.MISSING: ("bad", "Missing"),
}


@panels.register("settings", name="keys", template="encryption/keys.html", order=70)
def encryption_keys(request: HttpRequest, subject: object) -> dict[str, Any] | None:
    """Every key, for operators."""
    if not getattr(request.user, "is_operator", False):
        return None
    states = status.survey()
    sealing, *rest = states
    others = sum(state.values for state in rest if state.stand == Stand.OPENS)
    rows = [
        {
            "state": state,
            "tone": LOOKS[state.stand][0],
            "word": LOOKS[state.stand][1],
            "next": status.next_step(state, others),
        }
        for state in states
    ]
    return {"keys": rows, "unaware": known_keys.without(sealing.id), "sealing": sealing}

"""How each state looks: always a word, an icon and a tone, never colour alone."""

from dataclasses import dataclass
from typing import Literal

Tone = Literal["ok", "run", "wait", "warn", "bad", "idle"]


@dataclass(frozen=True)
class Look:
    """What a badge shows. ``icon`` is a name of Material Symbols."""

    word: str
    icon: str
    tone: Tone


_LOOKS: dict[str, Look] = {
    # connections
    "pending": Look("Not connected yet", "link", "idle"),
    "active": Look("Active", "check_circle", "ok"),
    "waiting_for_token": Look("Waiting for a token", "hourglass_top", "wait"),
    "needs_reconnect": Look("Needs reconnect", "link_off", "bad"),
    "quarantined": Look("Quarantined", "gpp_maybe", "bad"),
    "revoked": Look("Revoked", "block", "idle"),
    # jobs
    "waiting": Look("Waiting", "hourglass_top", "wait"),
    "running": Look("Running", "autorenew", "run"),
    "paused": Look("Paused", "pause_circle", "warn"),
    "done": Look("Done", "check_circle", "ok"),
    "failed": Look("Failed", "error", "bad"),
    "cancelled": Look("Cancelled", "cancel", "idle"),
    # the way of an organization from invitation to live
    "new": Look("New", "fiber_new", "idle"),
    "invited": Look("Invited", "mail", "wait"),
    "opened": Look("Opened", "drafts", "wait"),
    "consented": Look("Consented", "how_to_reg", "run"),
    "verified": Look("Verified", "verified", "run"),
    "first_sync": Look("First sync", "sync", "run"),
    "live": Look("Live", "check_circle", "ok"),
    # invitations
    "open": Look("Open", "mail", "wait"),
    "accepted": Look("Accepted", "check_circle", "ok"),
    "expired": Look("Expired", "event_busy", "warn"),
    "withdrawn": Look("Withdrawn", "block", "idle"),
    # token requests
    "reserved": Look("Reserved", "event_available", "wait"),
    "granted": Look("Granted", "check_circle", "ok"),
    "refused": Look("Refused", "do_not_disturb_on", "bad"),
    "lost": Look("Answer lost", "question_mark", "warn"),
    "released": Look("Never sent", "undo", "idle"),
    # flags that may be unknown
    "yes": Look("Yes", "check", "ok"),
    "no": Look("No", "close", "idle"),
    "unknown": Look("Unknown", "help", "idle"),
    # tones by their own names, for badges with a word given by the screen
    "ok": Look("OK", "check_circle", "ok"),
    "run": Look("Under way", "autorenew", "run"),
    "wait": Look("Waiting", "hourglass_top", "wait"),
    "warn": Look("Warning", "warning", "warn"),
    "bad": Look("Problem", "error", "bad"),
    "idle": Look("Idle", "radio_button_unchecked", "idle"),
}
_FLAGS = {True: "yes", False: "no", None: "unknown"}


def look(value: object) -> Look:
    """How ``value`` is shown: a state of a row, True / False / None, or the name of a tone.

    A value without a look of its own is shown by its word, in the quiet tone.
    """
    name = _FLAGS[value] if value is None or isinstance(value, bool) else str(value)
    known = _LOOKS.get(name)
    return known or Look(name.replace("_", " ").capitalize(), "radio_button_unchecked", "idle")


def is_known(value: object) -> bool:
    """Whether this state has a look of its own."""
    return str(value) in _LOOKS

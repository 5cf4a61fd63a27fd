"""How each state looks: always a word, an icon and a color, never color alone."""

from dataclasses import dataclass
from typing import Literal

Tone = Literal["ok", "run", "wait", "warn", "bad", "idle"]


@dataclass(frozen=True)
class Badge:
    """What a badge shows. ``icon`` names a symbol of `icons.svg`."""

    word: str
    icon: str
    tone: Tone


KNOWN: dict[str, Badge] = {
    # connections
    "pending": Badge("Not connected yet", "link", "idle"),
    "active": Badge("Active", "check_circle", "ok"),
    "waiting_for_token": Badge("Waiting for a token", "hourglass_top", "wait"),
    "needs_reconnect": Badge("Needs reconnect", "link_off", "bad"),
    "quarantined": Badge("Quarantined", "gpp_maybe", "bad"),
    "revoked": Badge("Revoked", "block", "idle"),
    # jobs
    "waiting": Badge("Waiting", "hourglass_top", "wait"),
    "running": Badge("Running", "autorenew", "run"),
    "paused": Badge("Paused", "pause_circle", "warn"),
    "done": Badge("Done", "check_circle", "ok"),
    "failed": Badge("Failed", "error", "bad"),
    "canceled": Badge("Canceled", "cancel", "idle"),
    # stages of an organization, from invitation to live
    "new": Badge("New", "fiber_new", "idle"),
    "invited": Badge("Invited", "mail", "wait"),
    "opened": Badge("Opened", "drafts", "wait"),
    "consented": Badge("Consented", "how_to_reg", "run"),
    "verified": Badge("Verified", "verified", "run"),
    "first_sync": Badge("First sync", "sync", "run"),
    "live": Badge("Live", "check_circle", "ok"),
    # invitations
    "open": Badge("Open", "mail", "wait"),
    "accepted": Badge("Accepted", "check_circle", "ok"),
    "expired": Badge("Expired", "event_busy", "warn"),
    "withdrawn": Badge("Withdrawn", "block", "idle"),
    # token requests
    "reserved": Badge("Reserved", "event_available", "wait"),
    "granted": Badge("Granted", "check_circle", "ok"),
    "refused": Badge("Refused", "do_not_disturb_on", "bad"),
    "lost": Badge("Answer lost", "question_mark", "warn"),
    "released": Badge("Never sent", "undo", "idle"),
    # bulk edits and their rows
    "building": Badge("Being prepared", "autorenew", "run"),
    "ready": Badge("Ready to review", "visibility", "wait"),
    "pilot": Badge("Applying the first rows", "autorenew", "run"),
    "pilot_done": Badge("First rows applied", "visibility", "wait"),
    "applying": Badge("Being applied", "autorenew", "run"),
    "applied": Badge("Applied", "check_circle", "ok"),
    "planned": Badge("Will change", "edit", "run"),
    "sending": Badge("Being sent", "autorenew", "run"),
    "unchanged": Badge("Nothing to do", "check", "idle"),
    "set_aside": Badge("Changed since the plan", "warning", "warn"),
    # flags that may be unknown
    "yes": Badge("Yes", "check", "ok"),
    "no": Badge("No", "close", "idle"),
    "unknown": Badge("Unknown", "help", "idle"),
    # tones by their own names, for badges with a word of their own
    "ok": Badge("OK", "check_circle", "ok"),
    "run": Badge("In progress", "autorenew", "run"),
    "wait": Badge("Waiting", "hourglass_top", "wait"),
    "warn": Badge("Warning", "warning", "warn"),
    "bad": Badge("Problem", "error", "bad"),
    "idle": Badge("Idle", "radio_button_unchecked", "idle"),
}
_FLAGS = {True: "yes", False: "no", None: "unknown"}


def badge(value: object) -> Badge:
    """Return the badge of ``value``: a state, True / False / None, or the name of a tone.

    An unknown state shows its own name in the neutral tone.
    """
    name = _FLAGS[value] if value is None or isinstance(value, bool) else str(value)
    known = KNOWN.get(name)
    return known or Badge(name.replace("_", " ").capitalize(), "radio_button_unchecked", "idle")


def is_known(value: object) -> bool:
    """Return whether this state has a badge."""
    return str(value) in KNOWN

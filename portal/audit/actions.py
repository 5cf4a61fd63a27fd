"""The actions that the audit log records, and their labels.

An app declares its actions in its ``AppConfig``: ``audit_actions = {"invitation.sent": "Invitation sent"}``.
"""

from functools import cache

from django.apps import apps


@cache
def labels() -> dict[str, str]:
    """Return the labels of all declared actions, by action."""
    found: dict[str, str] = {}
    for config in apps.get_app_configs():
        found.update(getattr(config, "audit_actions", {}))
    return found


def label_of(action: str) -> str:
    """Return the label of an action. An undeclared "thing.changed" is labeled "Thing changed"."""
    return labels().get(action) or action.replace(".", " ").replace("_", " ").capitalize()


def choices() -> list[tuple[str, str]]:
    """Return all declared actions as (action, label), by label."""
    return sorted(labels().items(), key=lambda item: item[1])

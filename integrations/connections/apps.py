"""The connections app."""

from typing import ClassVar

from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    name = "integrations.connections"
    label = "connections"
    verbose_name = "Connections"
    audit_actions: ClassVar[dict[str, str]] = {
        "application.set": "Application credentials saved",
        "budget.allowance": "Call budget changed",
        "connection.active": "Connection activated",
        "connection.granted": "Access granted",
        "connection.needs_reconnect": "Connection needs reconnect",
        "connection.paused": "Connection paused",
        "connection.pending": "Connection reset",
        "connection.prioritized": "Connection prioritized",
        "connection.quarantined": "Connection quarantined",
        "connection.rerouted": "Connection moved to another outbound IP address",
        "connection.revoked": "Connection revoked",
        "egress.added": "Outbound IP address added",
        "egress.changed": "Outbound IP address changed",
        "environment.saved": "Environment saved",
        "everything.released": "Calls to Total Expert resumed",
        "everything.stopped": "Calls to Total Expert stopped",
    }

    def ready(self) -> None:
        from integrations.connections import admin, signals  # noqa: F401
        from integrations.connections.grants import member_left
        from integrations.connections.limits import capacity
        from integrations.connections.notices import records
        from integrations.connections.views import panels  # noqa: F401
        from portal.organizations import warnings
        from portal.organizations.signals import member_removed

        warnings.register("connections.capacity", capacity.invitation_warning)
        member_removed.connect(member_left.on_member_removed, dispatch_uid="connections.member_left")
        signals.state_changed.connect(records.on_state_changed, dispatch_uid="connections.notices")

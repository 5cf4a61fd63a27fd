"""The connections app."""

from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    name = "integrations.connections"
    label = "connections"
    verbose_name = "Connections"

    def ready(self) -> None:
        from integrations.connections import signals
        from integrations.connections.grants import member_left
        from integrations.connections.limits import capacity
        from integrations.connections.notices import records
        from integrations.connections.views import panels  # noqa: F401
        from portal.organizations import warnings
        from portal.organizations.signals import member_removed

        warnings.register("connections.capacity", capacity.invitation_warning)
        member_removed.connect(member_left.on_member_removed, dispatch_uid="connections.member_left")
        signals.state_changed.connect(records.on_state_changed, dispatch_uid="connections.notices")

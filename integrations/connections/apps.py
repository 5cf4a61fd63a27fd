"""The connections app."""

from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    name = "integrations.connections"
    label = "connections"
    verbose_name = "Connections"

    def ready(self) -> None:
        from integrations.connections import capacity, checks, departures, panels  # noqa: F401
        from portal.organizations import cautions
        from portal.organizations.signals import member_removed

        cautions.register("connections.capacity", capacity.caution)
        member_removed.connect(departures.on_member_removed, dispatch_uid="connections.departures")

"""The connections app."""

from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    name = "integrations.connections"
    label = "connections"
    verbose_name = "Connections"

    def ready(self) -> None:
        from integrations.connections import checks, departures, panels  # noqa: F401
        from portal.organizations.signals import member_removed

        member_removed.connect(departures.on_member_removed, dispatch_uid="connections.departures")

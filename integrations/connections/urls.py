"""Addresses of the connections app."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from integrations.connections.views import calls, connection, consent, limits, organization, queue, settings


class ConnectionVerb(StringConverter):
    """What people do with a connection."""

    regex = "pause|resume|revoke"


register_converter(ConnectionVerb, "connection_verb")

urlpatterns = [
    path(
        "organizations/<slug:slug>/connections/",
        organization.organization_connections,
        name="organization_connections",
    ),
    path("organizations/<slug:slug>/connections/<uuid:pk>/", connection.connection_screen, name="connection"),
    path("organizations/<slug:slug>/connections/<uuid:pk>/calls/", calls.calls, name="calls"),
    path(
        "organizations/<slug:slug>/connections/<uuid:pk>/tokens/",
        connection.token_requests,
        name="token_requests",
    ),
    path(
        "organizations/<slug:slug>/connections/<uuid:pk>/<connection_verb:verb>/",
        connection.change_connection,
        name="change_connection",
    ),
    path("organizations/<slug:slug>/my-connection/", connection.my_connection, name="my_connection"),
    path(
        "organizations/<slug:slug>/consent/<slug:environment>/",
        consent.begin_consent,
        name="begin_consent",
    ),
    path("oauth/callback/<slug:environment>/", consent.oauth_callback, name="oauth_callback"),
    path("settings/limits/", limits.limits_screen, name="limits"),
    path("settings/limits/help/", limits.limits_help, name="limits_help"),
    path("settings/limits/<int:pk>/", limits.allowance_screen, name="allowance"),
    path("settings/addresses/new/", limits.new_egress, name="new_egress"),
    path("settings/addresses/<slug:name>/", limits.egress_screen, name="egress"),
    path("settings/queue/", queue.queue_screen, name="token_queue"),
    path("settings/queue/<uuid:pk>/", queue.prioritize_connection, name="prioritize_connection"),
    path("settings/connections/<uuid:pk>/", limits.reroute_connection, name="reroute_connection"),
    path("settings/capacity/", limits.capacity_screen, name="capacity"),
    path("settings/stop/", limits.stop_everything, name="stop_everything"),
    path("settings/environments/new/", settings.new_environment, name="new_environment"),
    path("settings/environments/<slug:name>/", settings.environment_screen, name="environment"),
    path(
        "settings/environments/<slug:name>/application/",
        settings.application_screen,
        name="application",
    ),
]

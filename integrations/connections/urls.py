"""Addresses of the connections app."""

from django.urls import path, re_path

from integrations.connections import call_screens, limits_screens, screens, settings_screens

urlpatterns = [
    path("organizations/<slug:slug>/connections/<uuid:pk>/", screens.connection_screen, name="connection"),
    path("organizations/<slug:slug>/connections/<uuid:pk>/calls/", call_screens.calls, name="calls"),
    re_path(
        r"^organizations/(?P<slug>[-\w]+)/connections/(?P<pk>[0-9a-f-]{36})/(?P<verb>pause|resume|revoke)/$",
        screens.change_connection,
        name="change_connection",
    ),
    path("organizations/<slug:slug>/my-connection/", screens.my_connection, name="my_connection"),
    path(
        "organizations/<slug:slug>/consent/<slug:environment>/", screens.begin_consent, name="begin_consent"
    ),
    path("oauth/callback/", screens.oauth_callback, name="oauth_callback"),
    path("settings/limits/", limits_screens.limits_screen, name="limits"),
    path("settings/limits/help/", limits_screens.limits_help, name="limits_help"),
    path("settings/limits/<int:pk>/", limits_screens.allowance_screen, name="allowance"),
    path("settings/addresses/new/", limits_screens.new_egress, name="new_egress"),
    path("settings/addresses/<slug:name>/", limits_screens.egress_screen, name="egress"),
    path("settings/queue/", limits_screens.queue_screen, name="token_queue"),
    path("settings/queue/<uuid:pk>/", limits_screens.forward_connection, name="forward_connection"),
    path("settings/connections/<uuid:pk>/", limits_screens.reroute_connection, name="reroute_connection"),
    path("settings/capacity/", limits_screens.capacity_screen, name="capacity"),
    path("settings/stop/", limits_screens.stop_everything, name="stop_everything"),
    path("settings/environments/new/", settings_screens.new_environment, name="new_environment"),
    path("settings/environments/<slug:name>/", settings_screens.environment_screen, name="environment"),
    path(
        "settings/environments/<slug:name>/application/",
        settings_screens.application_screen,
        name="application",
    ),
]

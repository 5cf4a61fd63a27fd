"""Addresses of the connections app."""

from django.urls import path, re_path

from integrations.connections import screens, settings_screens

urlpatterns = [
    path("organizations/<slug:slug>/connections/<uuid:pk>/", screens.connection_screen, name="connection"),
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
    path("settings/environments/new/", settings_screens.new_environment, name="new_environment"),
    path("settings/environments/<slug:name>/", settings_screens.environment_screen, name="environment"),
    path(
        "settings/environments/<slug:name>/application/",
        settings_screens.application_screen,
        name="application",
    ),
]

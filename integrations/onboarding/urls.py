"""Addresses of the onboarding app."""

from django.urls import path

from integrations.onboarding import screens

urlpatterns = [
    path("organizations/", screens.organizations, name="organizations"),
    path("organizations/<slug:slug>/connect/", screens.connect, name="connect"),
    path("organizations/<slug:slug>/connect/mail/", screens.mail_me, name="mail_me"),
    path(
        "organizations/<slug:slug>/connections/<uuid:pk>/progress/",
        screens.connect_result,
        name="connect_result",
    ),
    path(
        "organizations/<slug:slug>/connections/<uuid:pk>/test/",
        screens.test_connection,
        name="test_connection",
    ),
]

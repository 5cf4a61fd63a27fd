"""Every address of the portal."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from portal.site import home, switcher

urlpatterns = [
    path("", home.home, name="home"),
    path("choose-organization/", switcher.choose_organization, name="choose_organization"),
    # before those of organizations: /organizations/imports/ is none
    path("", include("integrations.onboarding.urls")),
    path("", include("portal.accounts.urls")),
    path("", include("portal.organizations.urls")),
    path("", include("integrations.connections.urls")),
    path("", include("integrations.directory.urls")),
    path("", include("integrations.jobs.urls")),
    path("admin/", admin.site.urls),
    path("settings/", home.settings_screen, name="settings"),
]

if settings.DEMO:
    urlpatterns.append(path("demo/", include("portal.demo.urls")))

"""Every address of the portal."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from portal.site import home, switcher
from portal.site.branding import views as branding_settings

urlpatterns = [
    path("", home.home, name="home"),
    path("choose-organization/", switcher.choose_organization, name="choose_organization"),
    # before those of organizations: /organizations/imports/ is none
    path("", include("integrations.onboarding.urls")),
    path("", include("portal.branding.urls")),
    path("", include("portal.accounts.urls")),
    path("", include("portal.organizations.urls")),
    path("", include("integrations.connections.urls")),
    path("", include("integrations.bulk.contact.urls")),
    path("", include("integrations.directory.urls")),
    path("", include("integrations.bulk.urls")),
    path("", include("integrations.jobs.urls")),
    path("admin/", admin.site.urls),
    path("settings/", home.settings_screen, name="settings"),
    path("settings/branding/", branding_settings.edit, name="branding"),
    path("settings/branding/reset/", branding_settings.reset, name="reset_branding"),
]

if settings.DEMO:
    urlpatterns.append(path("demo/", include("portal.demo.urls")))

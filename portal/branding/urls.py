"""URLs of the logo and of the accent color's style sheet."""

from django.urls import re_path

from portal.branding import views

urlpatterns = [
    re_path(r"^branding/logo-(?P<digest>[0-9a-f]{32})\.png$", views.logo, name="brand_logo"),
    re_path(
        r"^branding/accent-(?P<color>[0-9a-f]{6})-(?P<digest>[0-9a-f]{12})\.css$",
        views.accent,
        name="brand_colors",
    ),
]

"""Addresses of the onboarding app."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []

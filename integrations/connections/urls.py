"""Addresses of the connections app."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []

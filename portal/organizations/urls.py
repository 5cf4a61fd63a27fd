"""Addresses of the organizations app."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []

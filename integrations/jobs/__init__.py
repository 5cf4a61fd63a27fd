"""Durable background jobs with progress, run by django-q2."""

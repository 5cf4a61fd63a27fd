"""Durable units of work with progress, run by django-q2."""

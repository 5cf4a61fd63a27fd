"""Searching, filtering and showing synced contacts."""

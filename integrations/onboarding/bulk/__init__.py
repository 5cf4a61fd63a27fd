"""Onboarding many organizations from one file."""

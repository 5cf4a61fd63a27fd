"""Environments, installations, credentials, tokens, budgets and the consent flow."""

"""Environments, installations, connections, tokens, rate limits, and the OAuth flows."""

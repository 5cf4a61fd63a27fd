"""Environments, installations, connections, token requests and calls in Django's admin."""

from integrations.connections.admin import calls, connections, environments, token_requests

__all__ = ["calls", "connections", "environments", "token_requests"]

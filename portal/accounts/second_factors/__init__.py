"""Passkeys, authenticator apps and recovery codes."""

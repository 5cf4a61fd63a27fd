"""Encrypted fields, their keys and their rotation."""

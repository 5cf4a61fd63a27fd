"""The pages of connections, limits, and settings."""

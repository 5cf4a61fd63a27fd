"""Access and refresh tokens of connections."""

"""Pages about connections, limits and settings."""

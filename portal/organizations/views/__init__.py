"""Pages about organizations, their members and invitations."""

"""Organizations, members, invitations and the audit log in Django's admin."""

from portal.organizations.admin import audit, invitations, members, organizations

__all__ = ["audit", "invitations", "members", "organizations"]

"""The organizations app."""

from typing import ClassVar

from django.apps import AppConfig


class OrganizationsConfig(AppConfig):
    name = "portal.organizations"
    label = "organizations"
    verbose_name = "Organizations"
    audit_actions: ClassVar[dict[str, str]] = {
        "account.deleted": "Account deleted",
        "audit.exported": "Audit log exported",
        "invitation.accepted": "Invitation accepted",
        "invitation.resent": "Invitation resent",
        "invitation.sent": "Invitation sent",
        "invitation.withdrawn": "Invitation withdrawn",
        "member.removed": "Member removed",
        "member.role_changed": "Member role changed",
        "organization.created": "Organization created",
        "organization.account_owner_changed": "Account owner changed",
        "organization.renamed": "Organization renamed",
    }

    def ready(self) -> None:
        from portal.organizations import admin, header, panels  # noqa: F401

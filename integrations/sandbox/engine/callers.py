"""Who calls the API: an organization with its own credentials, or one of its users."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import insufficient_scope
from .schema.hooks import Organization
from .schema.resource import Resource

SCOPES: dict[str, str] = {
    "crm": "Use the CRM",
    "leadInteraction": "Read and change contacts and their groups",
    "leadSurveyInteraction": "Read and change surveys and responses",
    "getUsers": "Read the list of users",
    "loanInteraction": "Read and change loans",
    "postLeads": "Submit new leads",
    "describeSchema": "Read custom field definitions",
    "emailInteraction": "Render emails and read the email archive",
    "leadOpportunitiesSalesPipelineInteraction": "Read and change the sales pipeline",
    "leadOpportunityInteraction": "Read and change lead opportunities",
}


@dataclass(frozen=True)
class Caller:
    """The owner of an access token.

    `user` is None for client credentials, which see every record of the organization. A user sees only the records they
    own.
    """

    organization: Organization
    user: int | None
    scopes: frozenset[str]
    client_id: str

    @property
    def is_admin(self) -> bool:
        """Whether the caller sees every record of the organization."""
        return self.user is None

    def require(self, resource: Resource) -> None:
        """Raise `ApiError` (401) if the token lacks the scope, or the admin rights, for a resource."""
        if resource.scope not in self.scopes or (resource.admin_only and not self.is_admin):
            raise insufficient_scope()

"""Installations of organizations in environments."""

from integrations.connections.models import Environment, Installation
from portal.core import clock
from portal.organizations.models import Organization


def get_or_create(organization: Organization, environment: Environment) -> Installation:
    """Return the installation of an organization in an environment. Create it if needed."""
    installation, _ = Installation.objects.get_or_create(
        organization=organization, environment=environment, defaults={"created_at": clock.now()}
    )
    return installation

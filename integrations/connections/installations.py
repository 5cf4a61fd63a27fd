"""Installations: an organization's place in one environment."""

from integrations.connections.models import Environment, Installation
from portal.core import clock
from portal.organizations.models import Organization


def get_or_create(organization: Organization, environment: Environment) -> Installation:
    """The installation of ``organization`` in ``environment``, made when there is none."""
    installation, _ = Installation.objects.get_or_create(
        organization=organization, environment=environment, defaults={"created_at": clock.now()}
    )
    return installation

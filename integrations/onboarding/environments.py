"""Which environment a customer is connected to when they need not choose."""

from integrations.connections.models import Environment
from portal.organizations.models import Organization


def for_consent(organization: Organization) -> Environment | None:
    """Where somebody of ``organization`` consents: where it is installed already, or else production."""
    able = Environment.objects.filter(application__isnull=False).order_by("-is_production", "pk")
    return able.filter(installations__organization=organization).first() or able.first()

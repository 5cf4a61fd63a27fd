"""Pages of the directory as a browser gets them."""

from typing import Any

from django.test import Client

from integrations.connections.models import Connection


def address(connection: Connection, path: str = "contacts/") -> str:
    """Return the address of a page of the organization that a connection belongs to."""
    return f"/organizations/{connection.installation.organization.slug}/{path}"


def page(client: Client, url: str, **options: Any) -> str:
    """Return the HTML at an address, which must answer 200."""
    response = client.get(url, **options)
    assert response.status_code == 200, response.status_code
    return str(response.content.decode())

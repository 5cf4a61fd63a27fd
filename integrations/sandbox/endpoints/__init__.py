"""Parts of the API that are not plain resources, by path."""

from .email_archive import EMAIL_ARCHIVE
from .email_rendering import EMAIL_RENDERING
from .endpoint import Endpoint
from .lead_opportunities import LEAD_OPPORTUNITIES
from .leads import LEADS
from .user_images import USER_IMAGES

__all__ = ["ENDPOINTS"]

ENDPOINTS: dict[str, Endpoint] = {
    endpoint.path: endpoint
    for endpoint in (LEAD_OPPORTUNITIES, LEADS, EMAIL_ARCHIVE, EMAIL_RENDERING, USER_IMAGES)
}

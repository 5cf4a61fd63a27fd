"""The content security policy: strict for our own screens, relaxed only where Django's tables are drawn.

The theme behind the settings tables evaluates expressions in attributes and sets styles inline. Our own screens need
neither, so the relaxation goes by the namespace of the resolved address and reaches operators only.
"""

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest
from django.http.response import HttpResponseBase

TABLES = "admin"
RELAXED = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}


class PolicyMiddleware(CSPMiddleware):
    """django-csp's middleware with the one exception that this portal makes."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        match = request.resolver_match
        if match is not None and TABLES in match.namespaces:
            parts.replace = {**RELAXED, **(parts.replace or {})}
        return parts

"""The resources by their path: filled by the package `resources`, read by everything else.

It stands apart so that a resource's own rules can look up other resources.
"""

from __future__ import annotations

from .resource import Resource

RESOURCES: dict[str, Resource] = {}

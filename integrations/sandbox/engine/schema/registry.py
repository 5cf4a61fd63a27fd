"""The registry of resources by path.

The package `resources` fills it. It is separate so that the engine and the resources themselves can look up other
resources.
"""

from __future__ import annotations

from .resource import Resource

RESOURCES: dict[str, Resource] = {}

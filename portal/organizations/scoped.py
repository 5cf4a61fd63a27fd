"""Tables of the admin site, for operators only.

`portal.site.PortalSite` answers 404 to everybody else before any of a table's pages is reached; the tables ask for the
role once more themselves, so that one of them mounted elsewhere would not be open either.
"""

from typing import Any

from django.db import models
from django.http import HttpRequest
from unfold.admin import ModelAdmin


class OperatorsTable(ModelAdmin):
    """A table that operators may see and edit."""

    def _is_operator(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and getattr(request.user, "is_operator", False))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._is_operator(request)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self._is_operator(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._is_operator(request)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self._is_operator(request)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self._is_operator(request)


class ReadOnlyTable(OperatorsTable):
    """A table that operators may only read."""

    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

"""Leave local variables out of error reports: they may hold a decrypted secret or personal data."""

from collections.abc import ItemsView
from typing import Any

from django.views.debug import SafeExceptionReporterFilter


class NoLocalsFilter(SafeExceptionReporterFilter):
    def get_traceback_frame_variables(self, request: Any, tb_frame: Any) -> ItemsView[str, Any]:
        nothing: dict[str, Any] = {}
        return nothing.items()

    def get_post_parameters(self, request: Any) -> dict[str, Any]:
        return {} if request is None else dict.fromkeys(request.POST, self.cleansed_substitute)

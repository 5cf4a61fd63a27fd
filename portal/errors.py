"""Error reports that carry no local variables: those may hold an opened secret or a person's data."""

from typing import Any

from django.views.debug import SafeExceptionReporterFilter


class NothingLocal(SafeExceptionReporterFilter):
    def get_traceback_frame_variables(self, request: Any, tb_frame: Any) -> list[tuple[str, Any]]:
        return []

    def get_post_parameters(self, request: Any) -> dict[str, Any]:
        return {} if request is None else dict.fromkeys(request.POST, self.cleansed_substitute)

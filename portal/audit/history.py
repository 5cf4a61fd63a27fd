"""The History page of an object in the admin: what the audit log has about it."""

from typing import Any

from django.contrib.admin.utils import unquote
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from portal.audit.models import Entry
from portal.core.admin.read_only import ReadOnlyAdmin

#: Audit rows on a History page, the latest ones.
SHOWN = 100


class AuditedAdmin(ReadOnlyAdmin):
    """A read-only admin with the audit log as its history. The admin itself writes no log entries of its own."""

    has_history = True

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        entries = Entry.objects.filter(object_type=self.opts.label_lower, object_id=str(row.pk))
        context = {
            **self.admin_site.each_context(request),
            "title": f"History of {self.title_of(row)}",
            "object": row,
            "opts": self.opts,
            "module_name": str(self.opts.verbose_name_plural).capitalize(),
            "entries": entries.select_related("actor").order_by("-id")[:SHOWN],
            "shown": SHOWN,
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/object_history.html", context)

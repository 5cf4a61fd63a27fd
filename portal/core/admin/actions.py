"""Actions of the admin: what operators may do to rows, confirmed on a page that states the consequence.

An action calls the function that the portal's own pages call. It runs on rows that are selected in a list, or on the one
object that is open. Nothing here opens a transaction: each function decides for itself what belongs together.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.core.exceptions import ValidationError
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import capfirst

from portal.core.admin import display
from portal.core.errors import Refused

if TYPE_CHECKING:
    from django.contrib import admin

    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = object

#: Rows that one action takes, which is a page of a list.
MOST = 100


@dataclass(frozen=True)
class Action:
    """Something that operators may do to a row.

    ``label`` is the verb on buttons ("Pause"), ``consequence`` the sentences on the confirmation page. ``refusal`` says
    why a row is in no state for it, in a sentence, and nothing where it is in one. ``run`` does it and returns what
    happened as a sentence, or raises `Refused` with the reason. No sentence names a person: all are kept with the
    messages of a session. ``is_destructive`` is for what takes something away that does not come back by itself.
    """

    name: str
    label: str
    consequence: str
    run: Callable[[HttpRequest, Any], str]
    refusal: Callable[[Any], str] = lambda row: ""
    is_destructive: bool = False


_registered: dict[str, list[Action]] = {}


def register(label: str, action: Action) -> None:
    """Add an action to the admin of a lower app's model, such as "connections.connection"."""
    others = [each for each in _registered.get(label, []) if each.name != action.name]
    _registered[label] = [*others, action]


class ActionsMixin(_ModelAdmin):
    """A model admin whose actions are `Action`s, in its list and on the pages of its objects."""

    row_actions: Sequence[Action] = ()

    def all_actions(self) -> list[Action]:
        """Return this admin's actions and those that upper apps have added."""
        return [*self.row_actions, *_registered.get(self.opts.label_lower, [])]

    def get_actions(self, request: HttpRequest) -> Any:
        """Return the choices of the list's action menu. `response_action` runs them, not the functions in here."""
        return {each.name: (None, each.name, each.label) for each in self.all_actions()}

    def get_urls(self) -> list[URLPattern]:
        """Return the stock addresses, and one for the actions where there are any."""
        if not self.all_actions():
            return super().get_urls()
        name = f"{self.opts.app_label}_{self.opts.model_name}_action"
        view = self.admin_site.admin_view(self.action_view)
        return [path("<path:object_id>/action/<slug:action>/", view, name=name), *super().get_urls()]

    def tools(self, row: models.Model) -> list[dict[str, str]]:
        """Return the buttons of an object's page: the actions that it is in a state for."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_action"
        return [
            {"label": each.label, "url": reverse(name, args=[row.pk, each.name])}
            for each in self.all_actions()
            if not each.refusal(row)
        ]

    def response_action(
        self, request: HttpRequest, queryset: "models.QuerySet[Any]", *args: Any, **kwargs: Any
    ) -> HttpResponse | None:
        """Confirm, then run, what was chosen in the list, on the rows that were selected in it."""
        chosen = next(filter(None, request.POST.getlist("action")), "")
        action = next((each for each in self.all_actions() if each.name == chosen), None)
        if action is None:
            messages.warning(request, "Choose an action first.")
            return None
        rows = list(queryset.filter(pk__in=self._keys(request))[: MOST + 1])
        if not rows or len(rows) > MOST:
            messages.warning(request, f"Select between 1 and {MOST} rows. Nothing was changed.")
            return None
        if "confirmed" not in request.POST:
            return self._confirm(request, action, rows)
        self._run(request, action, rows)
        return HttpResponseRedirect(request.get_full_path())

    def _keys(self, request: HttpRequest) -> list[Any]:
        """Return the primary keys that are selected, without what is none."""
        keys = []
        for text in request.POST.getlist(ACTION_CHECKBOX_NAME)[: MOST + 1]:
            try:
                keys.append(self.opts.pk.to_python(text))
            except ValidationError:
                continue
        return keys

    def action_view(self, request: HttpRequest, object_id: str, action: str) -> HttpResponse:
        """Confirm, then run, an action on the object that is open."""
        chosen = next((each for each in self.all_actions() if each.name == action), None)
        row = self.get_object(request, unquote(object_id)) if chosen else None
        if chosen is None or row is None:
            raise Http404
        if request.method != "POST":
            return self._confirm(request, chosen, [row], is_open=True)
        self._run(request, chosen, [row])
        return HttpResponseRedirect(display.page_of(row))

    def _run(self, request: HttpRequest, action: Action, rows: list[Any]) -> None:
        """Run an action on each row, and say for each what came of it."""
        for row in rows:
            try:
                refusal = action.refusal(row)
                if refusal:
                    raise Refused(refusal)
                said = action.run(request, row)
            except Refused as refused:
                messages.error(request, f"{self.neutral_title_of(row)}: {refused}")
            else:
                messages.success(request, f"{self.neutral_title_of(row)}: {said}")

    def neutral_title_of(self, row: Any) -> str:
        """Return what messages call an object: nothing about a person."""
        return str(capfirst(str(row)))

    def title_of(self, row: Any) -> str:
        """Return what pages call an object."""
        return self.neutral_title_of(row)

    def _confirm(
        self, request: HttpRequest, action: Action, rows: list[Any], *, is_open: bool = False
    ) -> HttpResponse:
        count = len(rows)
        noun = self.opts.verbose_name if count == 1 else f"{count} {self.opts.verbose_name_plural}"
        context = {
            **self.admin_site.each_context(request),
            "title": f"{action.label} {noun}?",
            "opts": self.opts,
            "action": action,
            "button": f"{action.label} {noun}",
            "rows": [{"key": row.pk, "link": display.link(row, self.title_of(row))} for row in rows],
            "is_open": is_open,
            "checkbox": ACTION_CHECKBOX_NAME,
            "back": display.page_of(rows[0]) if is_open else request.get_full_path(),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/confirm_action.html", context)

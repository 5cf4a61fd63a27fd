"""Panels: what apps show on pages of apps below them. They register here, in ``AppConfig.ready()``.

A panel whose function returns None is left out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

Screen = Literal[
    "home",
    "organization",
    "connection",
    "contact",
    "settings",
    "groups",
    "group",
    "group-name",
    "group-member",
    "required-groups",
    "required-group",
]
#: Where a panel is on its page: above the two columns, in the wide one, in the narrow one, or below both, beside the title,
#: or in the menu "More".
Place = Literal["top", "main", "aside", "bottom", "actions", "more"]
Build = Callable[[HttpRequest, Any], dict[str, Any] | None]


@dataclass(frozen=True)
class Panel:
    screen: Screen
    name: str
    template: str
    build: Build
    order: int
    place: Place


_panels: list[Panel] = []


def register(
    screen: Screen, *, name: str, template: str, order: int = 50, place: Place = "main"
) -> Callable[[Build], Build]:
    """Decorate ``build(request, subject)``: its context is drawn with ``template`` on ``screen``, by ascending order."""

    def decorate(build: Build) -> Build:
        _panels[:] = [panel for panel in _panels if (panel.screen, panel.name) != (screen, name)]
        _panels.append(Panel(screen, name, template, build, order, place))
        return build

    return decorate


def draw(
    screen: Screen, request: HttpRequest, subject: Any = None, *, place: Place | None = None
) -> list[SafeString]:
    """Return the rendered panels of a page for one subject, in order: all of them, or those of one place."""
    drawn = []
    wanted = [panel for panel in _panels if panel.screen == screen and place in (None, panel.place)]
    for panel in sorted(wanted, key=lambda panel: (panel.order, panel.name)):
        context = panel.build(request, subject)
        if context is not None:
            drawn.append(render_to_string(panel.template, {**context, "subject": subject}, request=request))
    return drawn

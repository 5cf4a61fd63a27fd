"""What upper apps show on lower apps' screens: they register panels here, in ``AppConfig.ready()``.

A panel is drawn when its function returns a context for the subject and the person looking, and left out on None.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

Screen = Literal["home", "organization", "connection", "contact", "settings"]
Build = Callable[[HttpRequest, Any], dict[str, Any] | None]


@dataclass(frozen=True)
class Panel:
    screen: Screen
    name: str
    template: str
    build: Build
    order: int


_panels: list[Panel] = []


def register(screen: Screen, *, name: str, template: str, order: int = 50) -> Callable[[Build], Build]:
    """Decorate ``build(request, subject)``: its context is drawn with ``template`` on ``screen``, by ascending order."""

    def decorate(build: Build) -> Build:
        _panels[:] = [panel for panel in _panels if (panel.screen, panel.name) != (screen, name)]
        _panels.append(Panel(screen, name, template, build, order))
        return build

    return decorate


def draw(screen: Screen, request: HttpRequest, subject: Any = None) -> list[SafeString]:
    """The rendered panels of a screen for one subject, in order."""
    drawn = []
    for panel in sorted((p for p in _panels if p.screen == screen), key=lambda p: (p.order, p.name)):
        context = panel.build(request, subject)
        if context is not None:
            drawn.append(render_to_string(panel.template, {**context, "subject": subject}, request=request))
    return drawn

"""Forms as a browser sees and sends them."""

from html.parser import HTMLParser
from typing import Any

from django.test import Client
from django.urls import reverse

from integrations.bulk.models import Plan
from integrations.connections.models import Connection
from integrations.directory.models import Contact
from portal.accounts.models import User


def browser(user: User) -> Client:
    made = Client()
    made.force_login(user)
    return made


def at(name: str, row: Connection | Contact | Plan, *parts: object) -> str:
    return reverse(name, args=[row.installation.organization.slug, *parts])


class Form(HTMLParser):
    """The inputs of the main form of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self.options: dict[str, list[str]] = {}
        self._labels: dict[str, str] = {}
        self._select = self._area = self._label = ""
        self._is_inside = False
        self.feed(html)

    def filled(self, **changes: Any) -> dict[str, list[str]]:
        """Return what a browser sends after a person changed some inputs."""
        given = {name: value if isinstance(value, list) else [value] for name, value in changes.items()}
        return self.values | given

    def named(self, label: str) -> str:
        """Return the name of the input with a label."""
        return self._labels[label].removeprefix("id_")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._is_inside = "form" in found.get("class", "").split()
        if not self._is_inside:
            return
        name = found.get("name", "")
        if tag == "input" and "disabled" not in found:
            if found.get("type") not in ("checkbox", "radio") or "checked" in found:
                self.values.setdefault(name, []).append(found.get("value", ""))
        elif tag == "select":
            self._select = name
            if "multiple" not in found:
                self.values[name] = [""]
        elif tag == "option" and self._select:
            self.options.setdefault(self._select, []).append(found["value"])
            if "selected" in found:
                self.values[self._select] = [found["value"]]
        elif tag == "textarea":
            self._area = name
            self.values[name] = [""]
        elif tag == "label":
            self._label = found.get("for", "")

    def handle_data(self, data: str) -> None:
        if self._label and data.strip():
            self._labels.setdefault(data.strip(), self._label)
        if self._area:
            self.values[self._area] = [data.strip()]

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""
        elif tag == "label":
            self._label = ""
        elif tag == "form":
            self._is_inside = False


def form_of(answer: Any) -> Form:
    """Return the form of a page."""
    return Form(answer.content.decode())

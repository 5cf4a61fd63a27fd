"""A scripted visitor: opens pages, keeps cookies, fills in forms and submits them, without a browser."""

import http.cookiejar
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """A form on a page: its target, its current values, and its buttons as (name, value, own action, text)."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str, str, str]] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open: Form | None = None
        self._button: tuple[str, str, str, list[str]] | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(found.get("action", ""), found.get("method", "get").lower())
            self.forms.append(self._open)
        elif self._open is None:
            return
        elif tag == "button":
            self._button = (found.get("name", ""), found.get("value", ""), found.get("formaction", ""), [])
        elif tag == "select":
            self._select = found.get("name", "")
        elif tag == "option" and self._select and "selected" in found:
            self._open.values[self._select] = found.get("value", "")
        elif tag == "input" and found.get("name"):
            unchecked = found.get("type") in ("radio", "checkbox") and "checked" not in found
            if not unchecked:
                self._open.values[found["name"]] = found.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._button is not None:
            self._button[3].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "button" and self._button is not None and self._open is not None:
            name, value, action, text = self._button
            self._open.buttons.append((name, value, action, " ".join("".join(text).split())))
            self._button = None
        elif tag == "select":
            self._select = ""
        elif tag == "form":
            self._open = None


class UnexpectedPage(Exception):
    """A page is not what the visitor expects. The message names the page and what is missing."""


class Visitor:
    """One person, with cookies of their own."""

    def __init__(self) -> None:
        jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(jar)
        )
        self.address = ""
        self.page = ""

    def open(self, address: str, data: dict[str, str] | None = None) -> "Visitor":
        """Open a page, following redirects. Raise UnexpectedPage on an error status."""
        target = urllib.parse.urljoin(self.address, address)
        body = urllib.parse.urlencode(data).encode() if data is not None else None
        request = urllib.request.Request(
            target, data=body, headers={"Referer": self.address} if self.address else {}
        )
        try:
            with self._opener.open(request, timeout=60) as answer:
                self.address = answer.geturl()
                self.page = answer.read().decode(errors="replace")
        except urllib.error.HTTPError as refused:
            raise UnexpectedPage(f"{urllib.parse.urlsplit(target).path} answered {refused.code}.") from None
        return self

    def offers(self, text: str) -> bool:
        """Return whether the page has a button called ``text``."""
        return self._find(text) is not None

    def press(self, text: str, **values: str) -> "Visitor":
        """Press the button called ``text``, with these fields filled in. Raise UnexpectedPage if there is none."""
        found = self._find(text)
        if found is None:
            raise UnexpectedPage(f"{urllib.parse.urlsplit(self.address).path} has no button called {text!r}.")
        form, name, value, action = found
        chosen = {name: value} if name else {}
        return self._send(form, action or form.action, {**form.values, **values, **chosen})

    def _find(self, text: str) -> tuple[Form, str, str, str] | None:
        """Return the form of the first button called ``text``, with the button's name, value and own action."""
        parser = _Forms()
        parser.feed(self.page)
        for form in parser.forms:
            for name, value, action, label in form.buttons:
                if text in label:
                    return form, name, value, action
        return None

    def _send(self, form: Form, action: str, data: dict[str, str]) -> "Visitor":
        if form.method == "get":
            return self.open(f"{action}?{urllib.parse.urlencode(data)}")
        return self.open(action or self.address, data)

    def has(self, text: str) -> bool:
        """Return whether the page shows ``text``."""
        return text in self.page

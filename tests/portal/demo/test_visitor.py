"""The scripted visitor: what it sends when it presses a button."""

import pytest

from portal.demo.visitor import UnexpectedPage, Visitor

PAGE = """
<form action="/search"><button>Search</button></form>
<form method="post" action="/create">
  <input type="hidden" name="token" value="t"><input name="name" value="">
  <input type="checkbox" name="agree" value="on"><input type="radio" name="plan" value="a">
  <input type="radio" name="plan" value="b" checked>
  <select name="owner"><option value="">No one</option><option value="7" selected>Olivia</option></select>
  <select name="role"><option value="">Choose</option><option value="admin">Admin</option></select>
  <button name="step" value="1">Create</button>
</form>
"""


class OfflineVisitor(Visitor):
    """A visitor on one page who only notes what it opens."""

    def __init__(self) -> None:
        super().__init__()
        self.page = PAGE
        self.opened: list[tuple[str, dict[str, str] | None]] = []

    def open(self, address: str, data: dict[str, str] | None = None) -> Visitor:
        self.opened.append((address, data))
        return self


def test_a_pressed_button_sends_its_form_as_a_browser_does() -> None:
    visitor = OfflineVisitor()
    visitor.press("Create", name="Cedar")
    sent = {"token": "t", "name": "Cedar", "plan": "b", "owner": "7", "step": "1"}
    assert visitor.opened == [("/create", sent)]


def test_a_missing_button_is_named() -> None:
    with pytest.raises(UnexpectedPage, match="no button called 'Delete'"):
        OfflineVisitor().press("Delete")

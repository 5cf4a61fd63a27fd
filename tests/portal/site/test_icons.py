"""The sprite of icons holds what the portal uses, and nothing else."""

import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.template import engines
from django.template.base import FilterExpression, Node
from django.template.library import SimpleNode

from portal.core import badges
from portal.core.templatetags import portal_ui

TEMPLATES = Path(settings.BASE_DIR) / "templates"
STATIC = Path(settings.BASE_DIR) / "portal" / "site" / "static" / "portal"
CODE = [Path(settings.BASE_DIR) / "portal", Path(settings.BASE_DIR) / "integrations"]
#: Where a tag takes the name of an icon: position and keyword.
TAGS = {portal_ui.icon: (0, "name"), portal_ui.empty: (4, "symbol")}
#: Levels of a job's log that are shown by an icon of the same name.
LEVELS = {"warning", "error"}


def in_sprite() -> set[str]:
    return set(re.findall(r'<symbol id="(\w+)"', (STATIC / "icons.svg").read_text()))


def in_style_sheets() -> set[str]:
    return {
        name for path in STATIC.glob("css/*.css") for name in re.findall(r"#mask-(\w+)", path.read_text())
    }


def in_templates() -> Iterator[str]:
    for path in TEMPLATES.rglob("*.html"):
        template = engines["django"].from_string(path.read_text()).template  # type: ignore[attr-defined]
        for node in template.nodelist.get_nodes_by_type(SimpleNode):
            yield from names_in(node)


def names_in(node: Node) -> Iterator[str]:
    """The names of icons that are written into a tag."""
    assert isinstance(node, SimpleNode)
    if node.func not in TAGS:
        return
    position, keyword = TAGS[node.func]
    given = node.kwargs.get(keyword) or (node.args[position] if len(node.args) > position else None)
    if isinstance(given, FilterExpression) and isinstance(given.var, str):
        yield str(given.var)


def in_code() -> Iterator[str]:
    """Names that Python gives to a badge, an empty state or a menu entry: a quoted name of a symbol."""
    known = in_sprite()
    for root in CODE:
        for path in root.rglob("*.py"):
            yield from (name for name in re.findall(r'"([a-z0-9_]+)"', path.read_text()) if name in known)


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    assert set(in_templates()) | LEVELS <= in_sprite()


def test_every_badge_has_its_icon_in_the_sprite() -> None:
    assert {badge.icon for badge in badges.KNOWN.values()} <= in_sprite()


def test_the_sprite_holds_no_icon_that_nobody_uses() -> None:
    used = set(in_templates()) | LEVELS | set(in_code()) | in_style_sheets()
    assert in_sprite() - used == set()


def test_the_sprite_has_a_view_for_each_icon_of_the_style_sheets_and_no_other() -> None:
    assert set(re.findall(r'<view id="mask-(\w+)"', (STATIC / "icons.svg").read_text())) == in_style_sheets()

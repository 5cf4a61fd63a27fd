"""What mails are made of. Each tag draws itself as HTML or as text, whichever is being drawn.

Only `button` makes links, and only to the portal. Everything else is text, whatever its variables contain.
"""

from typing import Any

from django import template
from django.conf import settings
from django.template import Context, Node, NodeList
from django.template.base import FilterExpression, Parser, Token
from django.utils.safestring import SafeString, mark_safe

from portal.branding import plain_text

register = template.Library()


@register.filter
def plain(text: object) -> str:
    """Make text that people typed safe outside of the tags below."""
    return plain_text.plain(str(text))


class _Part(Node):
    """A part of a mail: text between two tags, with an optional argument."""

    def __init__(self, name: str, nodes: NodeList, argument: FilterExpression | None) -> None:
        self.name, self.nodes, self.argument = name, nodes, argument

    def render(self, context: Context) -> SafeString:
        # already escaped by the template engine where HTML is drawn; what follows adds no markup
        text = self.read(self.nodes.render(context))
        argument = self.argument.resolve(context) if self.argument else None
        if not context["is_html"]:
            return mark_safe(f"\n{self.as_text(text, argument)}\n")  # noqa: S308
        file = context.template.engine.get_template(f"mail/{self.name}.html")  # type: ignore[union-attr]
        with context.push(text=mark_safe(text), argument=argument):  # noqa: S308
            return file.render(context)

    def read(self, text: str) -> str:
        return plain_text.plain(text)

    def as_text(self, text: str, argument: Any) -> str:
        return text


class _Lines(_Part):
    """Short lines below each other."""

    def read(self, text: str) -> str:
        return "\n".join(line for line in map(plain_text.plain, text.splitlines()) if line)


class _Code(_Part):
    """Something to type or copy, which no invisible character may be in."""

    def read(self, text: str) -> str:
        return text.strip()


class _Button(_Part):
    """A link to the portal: its text as a button, and the address spelled out."""

    def as_text(self, text: str, argument: Any) -> str:
        return f"{text}:\n{argument}"

    def render(self, context: Context) -> SafeString:
        assert self.argument is not None
        url = str(self.argument.resolve(context))
        if not url.startswith(f"{settings.PORTAL_URL}/"):
            raise ValueError("A mail may link only to the portal.")
        return super().render(context)


def _tag(name: str, part: type[_Part], *, has_argument: bool = False) -> None:
    def compile_tag(parser: Parser, token: Token) -> Node:
        bits = token.split_contents()[1:]
        if len(bits) != has_argument:
            raise template.TemplateSyntaxError(
                f"{name} takes {'one argument' if has_argument else 'no arguments'}."
            )
        nodes = parser.parse((f"end{name}",))
        parser.delete_first_token()
        return part(name, nodes, parser.compile_filter(bits[0]) if bits else None)

    register.tag(name, compile_tag)


_tag("paragraph", _Part)
_tag("heading", _Part)
_tag("lines", _Lines)
_tag("code", _Code)
_tag("button", _Button, has_argument=True)

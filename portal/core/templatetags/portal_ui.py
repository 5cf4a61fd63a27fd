"""The vocabulary of every screen: icons, states, times, form fields, empty states, numbers and initials."""

import datetime as dt
import secrets
import zlib
from typing import Any

from django import forms, template
from django.forms import BoundField
from django.template import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from portal.core import badges, clock, times

register = template.Library()

NOTHING = mark_safe("")
#: How many hues portal.css has for avatars.
HUES = 6


class _Capture(template.Node):
    def __init__(self, name: str, nodes: template.NodeList) -> None:
        self.name, self.nodes = name, nodes

    def render(self, context: Context) -> SafeString:
        context[self.name] = self.nodes.render(context).strip()
        return NOTHING


@register.tag
def capture(parser: template.base.Parser, token: template.base.Token) -> template.Node:
    """``{% capture heading %}…{% endcapture %}``: what is drawn inside, under that name, so that it can stand twice."""
    _, name = token.split_contents()
    nodes = parser.parse(("endcapture",))
    parser.delete_first_token()
    return _Capture(name, nodes)


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon of Material Symbols. Without ``label`` it is decoration, and silent to a screen reader."""
    if label:
        return format_html(
            '<span class="icon" role="img" aria-label="{}" translate="no">{}</span>', label, name
        )
    return format_html('<span class="icon" aria-hidden="true" translate="no">{}</span>', name)


@register.simple_tag
def state(value: object, label: str = "") -> SafeString:
    """A badge for a state (or True, False, None): word, icon and colour. ``label`` replaces the usual word."""
    look = badges.badge(value)
    return format_html(
        '<span class="state" data-tone="{}"{}>{}{}</span>',
        look.tone,
        mark_safe(' data-moving="yes"') if str(value) == "running" else NOTHING,
        icon(look.icon),
        label or look.word,
    )


@register.simple_tag(takes_context=True)
def when(context: Context, moment: dt.datetime | None, never: str = "never") -> SafeString:
    """A moment as “3 min ago”; a tap shows it exactly, in the viewer's zone (`portal.js`) and in UTC.

    Fits into running text. ``data-age`` is in seconds and negative for what is to come: from it the browser keeps the
    words true without trusting its own clock.
    """
    if moment is None:
        return format_html('<span class="muted">{}</span>', never)
    now = _now(context)
    return format_html(
        '<button type="button" class="when" popovertarget="{id}">'
        '<time datetime="{iso}" data-age="{age}">{words}</time></button>'
        '<span class="moment" id="{id}" popover><span data-local="{iso}"></span><span>{exact}</span></span>',
        id=f"t{secrets.token_hex(4)}",
        iso=moment.astimezone(dt.UTC).isoformat(timespec="seconds"),
        age=round((now - moment).total_seconds()),
        words=times.relative(moment, now),
        exact=times.exact(moment),
    )


def _now(context: Context) -> dt.datetime:
    """The clock, asked once a request (by attribute: a template may well call something else ``request``)."""
    request = getattr(context, "request", None)
    if request is None:
        return clock.now()
    if not hasattr(request, "portal_now"):
        request.portal_now = clock.now()
    now: dt.datetime = request.portal_now
    return now


@register.simple_tag
def field(bound: BoundField) -> SafeString:
    """A form field with label, help and errors, wired for screen readers. Groups of choices become a fieldset."""
    if bound.is_hidden:
        return bound.as_hidden()
    notes = _Notes(bound)
    if isinstance(bound.field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return _choices(bound, notes)
    control = bound.as_widget(attrs=notes.attributes)
    if isinstance(bound.field.widget, forms.CheckboxInput):
        line = format_html('<label class="choice">{} <span>{}</span></label>', control, bound.label)
    else:
        line = format_html(
            '<label for="{}">{}{}</label>{}', bound.id_for_label, bound.label, _optional(bound), control
        )
    return format_html('<div class="field"{}>{}{}{}</div>', notes.invalid, line, notes.help, notes.errors)


def _choices(bound: BoundField, notes: "_Notes") -> SafeString:
    options = format_html_join(
        "",
        '<label class="choice">{} <span>{}</span></label>',
        ((o.tag(), o.choice_label) for o in bound.subwidgets),
    )
    described = notes.attributes.get("aria-describedby")
    return format_html(
        '<fieldset class="field"{}{}><legend>{}{}</legend>{}{}{}</fieldset>',
        format_html(' aria-describedby="{}"', described) if described else NOTHING,
        notes.invalid,
        bound.label,
        _optional(bound),
        options,
        notes.help,
        notes.errors,
    )


def _optional(bound: BoundField) -> SafeString:
    return NOTHING if bound.field.required else mark_safe(' <span class="optional">optional</span>')


class _Notes:
    """Help and errors of a field, and the attributes that tie the control to them."""

    def __init__(self, bound: BoundField) -> None:
        name = bound.auto_id or bound.html_name
        self.help = self.errors = self.invalid = NOTHING
        self.attributes: dict[str, Any] = {}
        described = []
        if bound.errors:
            described.append(f"{name}_error")
            self.invalid = mark_safe(' data-invalid="yes"')
            self.attributes["aria-invalid"] = "true"
            sentences = format_html_join(" ", "{}", ((sentence,) for sentence in bound.errors))
            self.errors = format_html(
                '<p class="error" id="{}_error">{} {}</p>', name, icon("error"), sentences
            )
        if bound.help_text:
            described.append(f"{name}_help")
            self.help = format_html('<p class="help" id="{}_help">{}</p>', name, bound.help_text)
        if described:
            self.attributes["aria-describedby"] = " ".join(described)


@register.simple_tag
def empty(title: str, text: str = "", url: str = "", label: str = "", symbol: str = "inbox") -> SafeString:
    """What a screen shows when there is nothing yet: what that means, and the next step as a button."""
    return format_html(
        '<div class="empty">{}<p class="empty-title">{}</p>{}{}</div>',
        icon(symbol),
        title,
        format_html("<p>{}</p>", text) if text else NOTHING,
        format_html('<p><a class="button" href="{}">{}</a></p>', url, label or title) if url else NOTHING,
    )


@register.filter
def exact(number: float | str | None) -> str:
    """A number in full with thousands separators: 12,431. None, or a name the template does not know, is “unknown”."""
    if number is None or number == "":
        return "unknown"
    return f"{number:,}"


@register.filter
def counted(number: int, noun: str) -> str:
    """“1 contact”, “12,431 contacts”; an irregular plural after a comma: ``counted:"person,people"``."""
    singular, _, plural = noun.partition(",")
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


@register.filter
def initials(person: object) -> str:
    """At most two letters for a person (anything with ``display_name``) or a name."""
    words = _name(person).split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"


@register.simple_tag
def avatar(person: object) -> SafeString:
    """A disc with somebody's initials, always in the same hue. Decoration: write the name beside it."""
    hue = zlib.crc32(_name(person).encode()) % HUES
    return format_html(
        '<span class="avatar" data-hue="{}" aria-hidden="true">{}</span>', hue, initials(person)
    )


def _name(person: object) -> str:
    return str(getattr(person, "display_name", person) or "").strip()

"""The components of every page: icons, states, times, tables, pages of lists, form fields, empty states, numbers."""

import datetime as dt
import secrets
import zlib
from collections.abc import Iterable
from typing import Any

from django import forms, template
from django.forms import BoundField
from django.http import QueryDict
from django.template import Context
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from portal.core import badges, clock, times
from portal.core import text as texts
from portal.core.paging import POSITION, Page

register = template.Library()

NOTHING = mark_safe("")
#: How many hues the style sheets have for avatars.
HUES = 6


class _Capture(template.Node):
    def __init__(self, name: str, nodes: template.NodeList) -> None:
        self.name, self.nodes = name, nodes

    def render(self, context: Context) -> SafeString:
        # already escaped by the template engine; strip() returns plain text, which would be escaped again
        context[self.name] = mark_safe(self.nodes.render(context).strip())  # noqa: S308
        return NOTHING


@register.tag
def capture(parser: template.base.Parser, token: template.base.Token) -> template.Node:
    """``{% capture heading %}…{% endcapture %}``: render the content into a variable, to print it more than once."""
    _, name = token.split_contents()
    nodes = parser.parse(("endcapture",))
    parser.delete_first_token()
    return _Capture(name, nodes)


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Draw an icon of `icons.svg`. Without ``label`` it is decoration, hidden from screen readers."""
    silence = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="icon" {}><use href="{}#{}"></use></svg>', silence, static("portal/icons.svg"), name
    )


@register.simple_tag
def state(value: object, label: str = "") -> SafeString:
    """Draw a badge for a state (or True, False, None): word, icon and color. ``label`` replaces the usual word."""
    look = badges.badge(value)
    return format_html(
        '<span class="state" data-tone="{}"{}>{}{}</span>',
        look.tone,
        mark_safe(' data-moving="yes"') if str(value) == "running" else NOTHING,
        icon(look.icon),
        label or look.word,
    )


@register.simple_tag
def environment(environment: Any) -> SafeString:
    """Draw a badge that names a Total Expert environment. Production, the usual case, gets none."""
    if environment is None or environment.is_production:
        return NOTHING
    return format_html('<span class="state environment">{}{}</span>', icon("science"), environment.label)


@register.simple_tag(takes_context=True)
def when(context: Context, moment: dt.datetime | None, never: str = "never") -> SafeString:
    """Draw a time as “3 min ago”; a tap shows it exactly, in the viewer's zone and in UTC.

    Fits into running text. ``data-age`` is in seconds, negative for the future: the browser counts on from it, so its
    own clock doesn't matter.
    """
    if moment is None:
        return format_html('<span class="muted">{}</span>', never)
    now = _now(context)
    return format_html(
        '<button type="button" class="when" popovertarget="{id}">'
        '<time datetime="{iso}" data-age="{age}">{words}</time></button>'
        '<span class="moment" id="{id}" popover>{exact}</span>',
        id=f"t{secrets.token_hex(4)}",
        iso=moment.astimezone(dt.UTC).isoformat(timespec="seconds"),
        age=round((now - moment).total_seconds()),
        words=times.relative(moment, now),
        exact=_exact(moment),
    )


def _exact(moment: dt.datetime) -> SafeString:
    """Return the exact time in the viewer's zone, and in UTC if that is another."""
    said = dict.fromkeys([times.exact(moment), times.exact(moment, dt.UTC)])
    return format_html_join("", "<span>{}</span>", ((text,) for text in said))


def _now(context: Context) -> dt.datetime:
    """Return the time, read once a request. Templates may use the name ``request`` for something else."""
    request = getattr(context, "request", None)
    if request is None:
        return clock.now()
    if not hasattr(request, "portal_now"):
        request.portal_now = clock.now()
    now: dt.datetime = request.portal_now
    return now


# --- Tables and pages of lists ---------------------------------------------------------------------------------------


def _address(context: Context, leave_out: Iterable[str] = (), **changes: str) -> str:
    """Return this page's address with another query. Empty values are left out."""
    request = context["request"]
    query = QueryDict(mutable=True)
    for name, values in request.GET.lists():
        if name not in leave_out and name not in changes:
            query.setlist(name, [value for value in values if value])
    for name, value in changes.items():
        query[name] = value
    text = query.urlencode()
    return f"{request.path}?{text}" if text else request.path


@register.simple_tag(takes_context=True)
def sortable(context: Context, key: str, label: str, first: str = "ascending", css: str = "") -> SafeString:
    """Draw a column head that sorts the list; choosing it again reverses the order.

    The current order is ``sort`` in the context (`sorting.Sort` or its text), else ``?sort=``. ``first="descending"``
    puts the latest or largest first; ``css="num"`` is for numbers.
    """
    current = str(context.get("sort") or context["request"].GET.get("sort", ""))
    is_current = current.removeprefix("-") == key
    is_descending = current.startswith("-")
    next_descends = not is_descending if is_current else first == "descending"
    direction = "descending" if is_descending else "ascending"
    return format_html(
        '<th scope="col"{}{}><a class="sort" href="{}">{}{}</a></th>',
        format_html(' class="{}"', css) if css else NOTHING,
        format_html(' aria-sort="{}"', direction) if is_current else NOTHING,
        _address(context, POSITION, sort=f"-{key}" if next_descends else key),
        label,
        icon("arrow_downward" if is_descending else "arrow_upward") if is_current else NOTHING,
    )


@register.inclusion_tag("site/pager.html", takes_context=True)
def pager(context: Context, page: Page[Any]) -> dict[str, Any]:
    """Draw the position in the list, the page sizes, and links to the pages before and after."""
    return {
        "page": page,
        "previous": _address(context, POSITION, **page.previous) if page.previous else "",
        "next": _address(context, POSITION, **page.next) if page.next else "",
        "sizes": [(size, _address(context, POSITION, size=str(size))) for size in page.sizes],
    }


@register.simple_tag(takes_context=True)
def live_filters(context: Context, target: str = "#results") -> SafeString:
    """Write attributes for ``<form method="get">`` that apply its filters as they change and redraw only ``target``.

    The view may answer with the whole page. Put a submit button into ``<noscript>``.
    """
    return format_html(
        'hx-get="{}" hx-target="{target}" hx-select="{target}" hx-swap="outerHTML" hx-push-url="true" '
        'hx-trigger="input delay:300ms target:[type=search], change, submit" hx-sync="this:replace" data-filters',
        context["request"].path,
        target=target,
    )


# --- Forms -----------------------------------------------------------------------------------------------------------


@register.simple_tag
def field(bound: BoundField, optional: bool = True) -> SafeString:
    """Draw a form field with label, help and errors, wired for screen readers. Groups of choices become a fieldset.

    ``optional=False`` leaves out the word for fields that may be empty, where most of a form's fields are.
    """
    if bound.is_hidden:
        return bound.as_hidden()
    notes = _Notes(bound)
    mark = _optional(bound) if optional else NOTHING
    if isinstance(bound.field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return _choices(bound, notes, mark)
    control = bound.as_widget(attrs=notes.attributes)
    if isinstance(bound.field.widget, forms.CheckboxInput):
        line = format_html('<label class="choice">{} <span>{}</span></label>', control, bound.label)
    else:
        line = format_html('<label for="{}">{}{}</label>{}', bound.id_for_label, bound.label, mark, control)
    return format_html('<div class="field"{}>{}{}{}</div>', notes.invalid, line, notes.help, notes.errors)


def _choices(bound: BoundField, notes: "_Notes", mark: SafeString) -> SafeString:
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
        mark,
        options,
        notes.help,
        notes.errors,
    )


def _optional(bound: BoundField) -> SafeString:
    return NOTHING if bound.field.required else mark_safe(' <span class="optional">optional</span>')


class _Notes:
    """Help and errors of a field, and the attributes that connect the control to them."""

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
    """Draw an empty state: what is missing, and the next step as a button."""
    return format_html(
        '<div class="empty">{}<p class="empty-title">{}</p>{}{}</div>',
        icon(symbol),
        title,
        format_html("<p>{}</p>", text) if text else NOTHING,
        format_html('<p><a class="button" href="{}">{}</a></p>', url, label or title) if url else NOTHING,
    )


@register.filter
def exact(number: float | str | None) -> str:
    """Format a number with thousands separators: 12,431. None and undefined variables are “unknown”."""
    if number is None or number == "":
        return "unknown"
    return f"{number:,}"


@register.filter(is_safe=True)
def isolated(text: str) -> str:
    """Isolate the parts of a title in right-to-left scripts: see `portal.core.text.isolated`."""
    return texts.isolated(text)


@register.filter
def counted(number: int, noun: str) -> str:
    """Return “1 contact”, “12,431 contacts”; an irregular plural follows a comma: ``counted:"person,people"``."""
    singular, _, plural = noun.partition(",")
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


@register.filter
def initials(person: object) -> str:
    """Return at most two initials of a person (anything with ``display_name``) or a name."""
    words = _name(person).split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"


@register.simple_tag
def avatar(person: object) -> SafeString:
    """Draw a disc with a person's initials, always in the same hue. Decoration: write the name beside it."""
    hue = zlib.crc32(_name(person).encode()) % HUES
    return format_html(
        '<span class="avatar" data-hue="{}" aria-hidden="true">{}</span>', hue, initials(person)
    )


def _name(person: object) -> str:
    return str(getattr(person, "display_name", person) or "").strip()

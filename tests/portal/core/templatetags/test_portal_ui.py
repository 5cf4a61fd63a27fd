"""The components of pages: template tags."""

import datetime as dt
import re
import zoneinfo
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django import forms
from django.conf import settings
from django.http import QueryDict
from django.template import Context, RequestContext, Template
from django.test import RequestFactory
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from portal.core import clock, paging

STATIC = Path(settings.BASE_DIR) / "portal" / "site" / "static" / "portal"
TEMPLATES = Path(settings.BASE_DIR) / "templates"


def draw(source: str, **context: Any) -> str:
    return Template("{% load portal_ui %}" + source).render(Context(context))


class InvitationForm(forms.Form):
    email = forms.EmailField(label="E-mail", help_text="They get a link.")
    note = forms.CharField(required=False)
    role = forms.ChoiceField(
        choices=[("a", "Admin"), ("v", "Viewer")], widget=forms.RadioSelect, help_text="Can change."
    )
    agree = forms.BooleanField(label="Mail me")
    place = forms.CharField(widget=forms.HiddenInput, required=False)


# --- Tags ------------------------------------------------------------------------------------------------------------


def test_an_icon_is_silent_to_a_screen_reader() -> None:
    assert 'aria-hidden="true"' in draw("{% icon 'sync' %}")


def test_an_icon_with_a_label_is_read_as_the_label() -> None:
    drawn = draw("{% icon 'close' 'Remove' %}")
    assert 'role="img" aria-label="Remove"' in drawn
    assert "aria-hidden" not in drawn


def test_a_state_is_a_word_an_icon_and_a_tone() -> None:
    drawn = draw("{% state 'needs_reconnect' %}")
    assert 'data-tone="bad"' in drawn
    assert "icons.svg#link_off" in drawn
    assert "Needs reconnect" in drawn


def test_a_screen_may_give_a_state_its_own_word_and_it_is_escaped() -> None:
    drawn = draw("{% state 'ok' label %}", label="<b>Own</b>")
    assert "&lt;b&gt;Own" in drawn
    assert "<b>" not in drawn


def test_numbers_are_exact_with_separators_and_none_is_unknown() -> None:
    assert draw("{{ n|exact }} {{ none|exact }}", n=12431, none=None) == "12,431 unknown"


@pytest.mark.parametrize(
    ("n", "noun", "words"),
    [
        (1, "contact", "1 contact"),
        (0, "contact", "0 contacts"),
        (12431, "contact", "12,431 contacts"),
        (2, "person,people", "2 people"),
    ],
)
def test_counts_agree_with_their_nouns(n: int, noun: str, words: str) -> None:
    assert draw("{{ n|counted:noun }}", n=n, noun=noun) == words


def test_an_avatar_shows_first_and_last_initial_and_keeps_its_hue() -> None:
    drawn = draw("{% avatar person %}", person=SimpleNamespace(display_name="Maria del Carmen Lopez"))
    assert ">ML<" in drawn
    assert drawn == draw("{% avatar 'Maria del Carmen Lopez' %}")


def test_somebody_without_a_name_has_an_avatar_too() -> None:
    assert ">?<" in draw("{% avatar '' %}")


def test_an_empty_state_names_the_next_step() -> None:
    drawn = draw("{% empty 'Nothing yet' text '/new/' 'Create' %}", text="Create one & go on.")
    assert '<a class="button" href="/new/">Create</a>' in drawn
    assert "Create one &amp; go on." in drawn


def test_an_empty_state_without_a_step_shows_no_button() -> None:
    assert "button" not in draw("{% empty 'Nothing yet' %}")


def test_an_environment_is_named_unless_it_is_production() -> None:
    ct = SimpleNamespace(is_production=False, label="CT <1>")
    production = SimpleNamespace(is_production=True, label="Production")
    assert "CT &lt;1&gt;" in draw("{% environment it %}", it=ct)
    assert draw("{% environment it %}{% environment none %}", it=production, none=None) == ""


# --- Tables and pages of lists -----------------------------------------------------------------------------------------


def draw_at(address: str, source: str, **context: Any) -> str:
    """Draw on the page of this address."""
    request = RequestFactory().get(address)
    return Template("{% load portal_ui %}" + source).render(RequestContext(request, context))


def test_a_head_sorts_by_its_column_keeps_the_filters_and_starts_at_the_first_page() -> None:
    drawn = draw_at("/jobs/?state=failed&page=4&q=", "{% sortable 'kind' 'Job' %}")
    assert 'href="/jobs/?state=failed&amp;sort=kind"' in drawn
    assert "aria-sort" not in drawn


def test_the_head_of_the_current_order_says_so_and_turns_it_round() -> None:
    drawn = draw_at("/jobs/?sort=kind", "{% sortable 'kind' 'Job' %}{% sortable 'at' 'When' 'descending' %}")
    assert 'aria-sort="ascending"' in drawn and drawn.count("aria-sort") == 1
    assert 'href="/jobs/?sort=-kind"' in drawn
    assert 'href="/jobs/?sort=-at"' in drawn
    assert 'href="/jobs/?sort=kind"' in draw_at("/jobs/?sort=-kind", "{% sortable 'kind' 'Job' %}")


def test_the_order_that_a_view_chose_goes_before_the_address() -> None:
    assert 'aria-sort="descending"' in draw_at("/jobs/", "{% sortable 'at' 'When' %}", sort="-at")


def test_a_pager_says_where_one_is_and_leads_to_the_pages_beside() -> None:
    page = paging.numbered(range(2000), QueryDict("page=2&size=100"))
    drawn = draw_at("/jobs/?state=failed&page=2&size=100", "{% pager page %}", page=page)
    assert re.sub(r"<[^>]+>", "", drawn).split("Rows")[0].strip() == "101–200 of 2,000"
    assert 'rel="prev" href="/jobs/?state=failed&amp;size=100&amp;page=1"' in drawn
    assert 'rel="next" href="/jobs/?state=failed&amp;size=100&amp;page=3"' in drawn
    assert 'href="/jobs/?state=failed&amp;size=25"' in drawn
    assert 'aria-current="true">100<' in drawn


def test_a_pager_of_a_short_list_offers_nothing_to_choose() -> None:
    drawn = draw_at("/jobs/", "{% pager page %}", page=paging.numbered(range(7), QueryDict()))
    assert "href" not in drawn
    assert re.sub(r"<[^>]+>", "", drawn).strip() == "1–7 of 7"


def test_a_pager_does_not_pretend_to_know_a_total() -> None:
    capped = paging.Page(rows=["row"] * 25, size=25, total=1000, is_capped=True)
    assert "more than" in draw_at("/", "{% pager page %}", page=capped)
    assert " of " not in draw_at("/", "{% pager page %}", page=paging.Page(rows=["row"], size=25))


def test_filters_apply_as_they_change() -> None:
    drawn = draw_at("/jobs/?state=failed", "<form {% live_filters %}>")
    assert 'hx-get="/jobs/"' in drawn and 'hx-target="#results"' in drawn and "data-filters" in drawn


# --- Times -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> dt.datetime:
    moment = dt.datetime(2026, 3, 12, 14, 32, 5, tzinfo=dt.UTC)
    monkeypatch.setattr(clock, "now", lambda: moment)
    return moment


def test_a_time_is_relative_with_the_exact_one_a_tap_away(now: dt.datetime) -> None:
    drawn = draw("{% when at %}", at=now - dt.timedelta(minutes=3))
    assert "3 min ago" in drawn
    assert drawn.count("Thu, Mar 12, 2026, 14:29:05 UTC") == 1
    assert 'data-age="180"' in drawn
    opened = re.search(r'popovertarget="(\w+)"', drawn)
    assert opened and f'id="{opened[1]}" popover' in drawn


def test_the_exact_time_is_in_the_viewers_zone_and_in_utc(now: dt.datetime) -> None:
    with timezone.override(zoneinfo.ZoneInfo("America/Chicago")):
        drawn = draw("{% when at %}", at=now)
    assert "<span>Thu, Mar 12, 2026, 09:32:05 CDT</span><span>Thu, Mar 12, 2026, 14:32:05 UTC</span>" in drawn


def test_no_time_is_said_in_words(now: dt.datetime) -> None:
    assert "never" in draw("{% when at %}", at=None)
    assert "not yet" in draw("{% when at 'not yet' %}", at=None)


def test_a_page_of_times_asks_the_clock_once(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    times = [dt.datetime(2026, 1, 1, hour, tzinfo=dt.UTC) for hour in range(20)]
    template = Template("{% load portal_ui %}{% for request in times %}{% when request %}{% endfor %}")
    with django_assert_num_queries(1):
        template.render(RequestContext(RequestFactory().get("/"), {"times": times}))


def test_the_browser_says_times_in_the_same_words() -> None:
    script = (STATIC / "portal.js").read_text()
    for words in ("just now", "in a moment", "} min`", "} h`", " day$", "} ago`", "`in ${"):
        assert words in script


# --- Fields ----------------------------------------------------------------------------------------------------------


def test_a_field_ties_its_help_to_the_control() -> None:
    drawn = draw("{% field form.email %}", form=InvitationForm())
    assert '<label for="id_email">E-mail</label>' in drawn
    assert 'aria-describedby="id_email_help"' in drawn
    assert '<p class="help" id="id_email_help">They get a link.</p>' in drawn


def test_a_refused_field_is_marked_and_tied_to_its_error() -> None:
    drawn = draw("{% field form.email %}", form=InvitationForm({"email": "nonsense"}))
    assert 'aria-invalid="true"' in drawn
    assert 'aria-describedby="id_email_error id_email_help"' in drawn
    assert 'id="id_email_error"' in drawn
    assert "valid email" in drawn


def test_only_what_may_stay_empty_is_marked() -> None:
    assert "optional" in draw("{% field form.note %}", form=InvitationForm())
    assert "optional" not in draw("{% field form.email %}", form=InvitationForm())


def test_choices_are_a_fieldset_with_its_question_as_legend() -> None:
    drawn = draw("{% field form.role %}", form=InvitationForm())
    assert '<fieldset class="field" aria-describedby="id_role_help"><legend>Role</legend>' in drawn
    assert drawn.count('type="radio"') == 2


def test_a_checkbox_is_inside_its_label() -> None:
    drawn = draw("{% field form.agree %}", form=InvitationForm())
    assert re.search(
        r'<label class="choice"><input type="checkbox"[^>]*> <span>Mail me</span></label>', drawn
    )


def test_a_hidden_field_is_only_its_control() -> None:
    assert draw("{% field form.place %}", form=InvitationForm()).startswith('<input type="hidden"')


def test_an_error_that_repeats_what_was_typed_is_escaped() -> None:
    form = InvitationForm({"email": "x@example.com"})
    form.add_error("email", "<script> is no name")
    assert "<script>" not in draw("{% field form.email %}", form=form)

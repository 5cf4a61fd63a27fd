"""One contact: its profile, its tabs, and who may open it."""

import html as html_module
import re
from collections.abc import Callable

import pytest
from django.test import Client

from integrations.connections.models import Connection
from integrations.directory.models import Contact, ContactGroup, Membership
from integrations.jobs.models import Job
from portal.accounts.models import User
from tests.integrations.directory.visits import address, page
from tests.world import World

Run = Callable[..., Job]
Browser = Callable[[User], Client]


def test_the_profile_shows_what_people_look_for_in_order(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    run_sync(admin)
    contact = (
        Contact.objects.filter(memberships__isnull=False)
        .exclude(phone_cell="")
        .exclude(email="")
        .exclude(city="")
        .select_related("owner")[0]
    )
    html = page(browser(world.operator), address(admin, f"contacts/{contact.pk}/"))
    group = ContactGroup.objects.filter(memberships__contact=contact, gone_at=None)[0]
    assert contact.owner is not None
    wanted = [contact.phone_cell, contact.email, contact.city, contact.owner.display_name, group.name]
    wanted += [
        "OK to call",
        "OK to email",
        "Silenced by their owner",
        "Do not contact",
        "Consent to AI calls",
    ]
    main = html.partition('<div class="columns">')[2]
    places = [main.index(text) for text in wanted]
    assert places == sorted(places)
    assert main.count(contact.phone_cell) == 1, "nothing is printed twice"
    assert main.count("Unknown") >= 3


@pytest.mark.parametrize(
    ("tab", "shows"), [("groups/", "Editable in Total Expert"), ("fields/", "All fields")]
)
def test_each_tab_has_its_own_address(
    world: World, admin: Connection, run_sync: Run, browser: Browser, tab: str, shows: str
) -> None:
    run_sync(admin)
    contact = Contact.objects.filter(memberships__isnull=False)[0]
    url = address(admin, f"contacts/{contact.pk}/{tab}")
    html = page(browser(world.operator), url)
    assert shows in html
    assert f'<a href="{url}" aria-current="page">' in html


def test_every_label_has_one_value_beside_it(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    run_sync(admin)
    contact = Contact.objects.order_by("pk")[0]
    Contact.objects.filter(pk=contact.pk).update(
        phone_cell="1", phone_home="2", email="a@b.example", email_work="c@d.example"
    )
    html = page(browser(world.operator), address(admin, f"contacts/{contact.pk}/"))
    marks = re.findall(r"<(dt|dd)[ >]", html)
    assert marks == ["dt", "dd"] * (len(marks) // 2)


def test_there_are_no_other_tabs(world: World, admin: Connection, run_sync: Run, browser: Browser) -> None:
    run_sync(admin)
    client = browser(world.operator)
    contact = Contact.objects.filter(memberships=None)[0]
    assert client.get(address(admin, f"contacts/{contact.pk}/nonsense/")).status_code == 404
    assert ">Groups <" not in page(client, address(admin, f"contacts/{contact.pk}/"))


def test_the_groups_of_a_contact_say_how_many_contacts_they_have(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    run_sync(admin)
    group = ContactGroup.objects.filter(memberships__isnull=False).order_by("pk")[0]
    membership = Membership.objects.filter(group=group)[0]
    client, members = browser(world.operator), Membership.objects.filter(group=group).count()
    html = page(client, address(admin, f"contacts/{membership.contact_id}/groups/"))
    row = next(row for row in html.split("<tr ") if f">{group.name}</a>" in row)
    assert f'<td class="num">{members}</td>' in row
    opened = html_module.unescape(re.findall(r'data-href="([^"]+)"', "<tr " + row)[0])
    assert opened == address(admin, f"groups/{group.pk}/")
    assert f'<dt>Contacts</dt><dd class="num">{members}</dd>' in page(client, opened)


def test_all_fields_show_times_in_the_viewers_zone_and_nothing_raw(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    run_sync(admin)
    contact = Contact.objects.select_related("document")[0]
    contact.document.raw["internal_created_at"] = "2026-03-12 03:00:00"
    contact.document.save()
    client = browser(world.operator)
    client.cookies["portal_zone"] = "America/Chicago"
    html = page(client, address(admin, f"contacts/{contact.pk}/fields/"))
    assert "2026-03-12 03:00:00" not in html
    assert "Wed, Mar 11, 2026, 22:00:00 CDT" in html


def test_the_page_links_the_connections_that_see_the_contact(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    run_sync(admin)
    contact = Contact.objects.order_by("pk")[0]
    html = page(browser(world.operator), address(admin, f"contacts/{contact.pk}/"))
    assert f"/connections/{admin.pk}/" in html


def test_every_link_on_an_officers_page_works(world: World, run_sync: Run, browser: Browser) -> None:
    person = world.member("officer")
    own = world.consented(person)
    run_sync(own)
    contact = Contact.objects.filter(memberships__isnull=False)[0]
    client = browser(person)
    html = page(client, address(own, f"contacts/{contact.pk}/"))
    links = set(re.findall(r'href="(/[^"#]*)"', html))
    assert f"/organizations/cedar-home-lending/connections/{own.pk}/" in links
    for link in links:
        if not link.startswith("/static/"):
            assert client.get(link.replace("&amp;", "&")).status_code in (200, 302), link


def test_syncing_from_a_contact_leads_back_to_it(
    world: World, admin: Connection, officer: Connection, run_sync: Run, browser: Browser
) -> None:
    run_sync(admin)
    contact = Contact.objects.order_by("pk")[0]
    client = browser(world.operator)
    before = set(Job.objects.values_list("pk", flat=True))
    answer = client.post(address(admin, "sync/sandbox/"), {"contact": str(contact.pk)})
    assert answer.headers["Location"] == address(admin, f"contacts/{contact.pk}/")
    started = Job.objects.exclude(pk__in=before)
    assert [job.connection for job in started] == [admin], "only connections that see the contact"


def test_a_contact_that_an_officer_does_not_see_is_not_found(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    person = world.member("officer")
    own = world.consented(person)
    run_sync(admin)
    run_sync(own)
    mine = set(Contact.objects.filter(visibilities__connection=own).values_list("pk", flat=True))
    other = Contact.objects.exclude(pk__in=mine).order_by("pk")[0]
    for tab in ("", "groups/", "fields/"):
        assert browser(person).get(address(admin, f"contacts/{other.pk}/{tab}")).status_code == 404
        assert browser(person).get(address(admin, f"contacts/{min(mine)}/{tab}")).status_code == 200


def test_a_loan_officer_sees_how_many_of_their_own_contacts_are_in_a_group(
    world: World, admin: Connection, officer: Connection, run_sync: Run, browser: Browser
) -> None:
    run_sync(admin)
    run_sync(officer)
    mine = Contact.objects.filter(visibilities__connection=officer)
    contact = mine.filter(memberships__isnull=False)[0]
    group = ContactGroup.objects.filter(memberships__contact=contact, gone_at=None)[0]
    others = Contact.objects.exclude(pk__in=mine.values("pk"))[:3]
    Membership.objects.bulk_create(Membership(contact=other, group=group) for other in others)
    assert officer.user is not None
    url = address(admin, f"contacts/{contact.pk}/groups/")
    everyone = group.memberships.filter(contact__gone_at=None).count()
    for user, count in ((officer.user, everyone - 3), (world.operator, everyone)):
        row = re.search(rf">{re.escape(group.name)}</a>.*?</tr>", page(browser(user), url))
        assert row is not None
        assert f'<td class="num">{count}</td>' in row[0]


@pytest.mark.parametrize("tab", ["", "fields/", "groups/"])
def test_marks_in_a_record_that_would_reorder_a_page_are_not_on_it(
    world: World, admin: Connection, run_sync: Run, browser: Browser, tab: str
) -> None:
    run_sync(admin)
    contact = Contact.objects.select_related("document")[0]
    odd = "\u202eEve\u2066\u200f\x07\u2028"
    raw = contact.document.raw
    names = ("nickname", "suffix", "address", "employer_name", odd)
    raw |= dict.fromkeys(names, odd) | {"custom": [{"field_name": odd, "value": [odd]}]}
    contact.document.save()
    html = page(browser(world.operator), address(admin, f"contacts/{contact.pk}/{tab}"))
    assert not set(html) & set("\u202e\u2066\u200f\x07\u2028")
    assert "Eve" in html or tab == "groups/"


def test_a_title_isolates_a_name_in_a_right_to_left_script(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    run_sync(admin)
    contact = Contact.objects.order_by("pk")[0]
    Contact.objects.filter(pk=contact.pk).update(first_name="شركة", last_name="24 <قرض>")
    html = page(browser(world.operator), address(admin, f"contacts/{contact.pk}/"))
    assert re.search(
        "<title>\u2068شركة\u2069 24 &lt;\u2068قرض\u2069&gt;|<title>\u2068شركة 24 &lt;قرض\u2069&gt;", html
    ), html[:400]


def test_a_contact_leads_to_its_neighbors_in_the_list_it_was_opened_from(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    run_sync(admin)
    client = browser(world.operator)
    found = list(Contact.objects.filter(ok_to_email=True).order_by("-sort_name", "-pk"))

    def led_to(contact: Contact, query: str) -> list[tuple[str, int]]:
        html = page(client, address(admin, f"contacts/{contact.pk}/neighbors/?{query}"))
        links = re.findall(
            r'rel="(prev|next)" href="/organizations/cedar-home-lending/contacts/(\d+)/"', html
        )
        return [(rel, int(pk)) for rel, pk in links]

    query = "ok_to_email=yes&sort=-name&size=25&after=abc&from=26"
    assert led_to(found[0], query) == [("next", found[1].pk)]
    assert led_to(found[3], query) == [("prev", found[2].pk), ("next", found[4].pk)]
    assert led_to(found[-1], query) == [("prev", found[-2].pk)]
    elsewhere = Contact.objects.exclude(ok_to_email=True)[0]
    assert led_to(elsewhere, query) == [], "it isn't in that list"


def test_a_loan_officer_is_led_to_no_contact_of_others(
    world: World, admin: Connection, officer: Connection, run_sync: Run, browser: Browser
) -> None:
    run_sync(admin)
    run_sync(officer)
    assert officer.user is not None
    client = browser(officer.user)
    own = list(Contact.objects.filter(visibilities__connection=officer).order_by("sort_name", "pk"))
    seen, contact = [own[0].pk], own[0].pk
    while found := re.search(
        r'rel="next" href="[^"]*/(\d+)/"', page(client, address(admin, f"contacts/{contact}/neighbors/"))
    ):
        contact = int(found[1])
        seen.append(contact)
    assert seen == [row.pk for row in own]
    other = Contact.objects.exclude(pk__in=seen)[0]
    assert client.get(address(admin, f"contacts/{other.pk}/neighbors/")).status_code == 404


def test_a_contact_opens_in_total_expert_where_its_page_is_known(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    run_sync(admin)
    contact = Contact.objects.all()[0]
    client, url = browser(world.operator), address(admin, f"contacts/{contact.pk}/")
    assert "Open in Total Expert" not in page(client, url)
    environment = admin.installation.environment
    environment.web_url = "https://public.totalexpert.net/contacts/{id}?tab=1&x=2"
    environment.save()
    html = page(client, url)
    assert f'href="https://public.totalexpert.net/contacts/{contact.remote_id}?tab=1&amp;x=2"' in html
    assert 'rel="noopener noreferrer"' in html


def test_refreshing_a_contact_shows_the_sync_and_leads_back_to_it(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    run_sync(admin)
    contact = Contact.objects.all()[0]
    client, url = browser(world.operator), address(admin, f"contacts/{contact.pk}/")
    assert "Refresh</button>" in page(client, url) and 'id="sync"' not in page(client, url)
    client.post(address(admin, "sync/sandbox/"), {"contact": contact.pk})
    html = page(client, url)
    assert f"progress/?contact={contact.pk}" in html and "Refresh</button>" not in html
    Job.objects.filter(finished_at=None).update(state="done", finished_at=contact.synced_at)
    shown = page(client, address(admin, f"sync/sandbox/progress/?contact={contact.pk}"))
    assert f'href="{url}">Show the latest values' in shown

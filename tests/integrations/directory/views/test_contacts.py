"""The list of contacts: search, filters, order, pages, and what each role sees."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from integrations.connections.models import Connection
from integrations.directory.browse import filters, owners
from integrations.directory.browse.selection import ORDERS
from integrations.directory.models import Contact, ContactGroup, Owner, SyncState, Visibility
from integrations.jobs.models import Job
from portal.accounts.models import User
from portal.core import clock, paging
from tests.integrations.directory.visits import address, page
from tests.world import BLUEWATER, World

Run = Callable[..., Job]
Browser = Callable[[User], Client]


def opened(html: str) -> list[int]:
    """Return the contacts that the rows of a list open, in order."""
    return [int(pk) for pk in re.findall(r'<tr data-href="/organizations/[^"]*/contacts/(\d+)/"', html)]


def position(html: str) -> str:
    """Return the position in the list as the pager says it: "1–50 of 2,000"."""
    return re.sub(
        r"<[^>]+>", "", re.search(r'aria-label="Pages">\s*<p>(.*?)</p>', html, re.DOTALL)[1]
    ).strip()  # type: ignore[index]


def test_the_list_shows_contacts_and_says_whose_they_are(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    run_sync(admin)
    html = page(browser(world.operator), address(admin))
    assert (
        f"{Contact.objects.count()} contacts of all {owners.of(admin.installation).count()} owners." in html
    )
    for contact in Contact.objects.all():
        assert f"contacts/{contact.pk}/" in html


@pytest.mark.parametrize("order", list(ORDERS))
def test_the_list_costs_the_same_queries_however_many_contacts_in_every_order(
    world: World,
    admin: Connection,
    run_sync: Run,
    browser: Browser,
    django_assert_max_num_queries: Any,
    order: str,
) -> None:
    run_sync(admin)
    client = browser(world.operator)
    page(client, address(admin) + f"?sort={order}")
    assert Contact.objects.count() > 20
    with django_assert_max_num_queries(27):
        page(client, address(admin) + f"?sort={order}")


def test_search_as_you_type_returns_only_the_results_and_the_clean_address(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    run_sync(admin)
    contact = Contact.objects.exclude(last_name="").order_by("pk")[0]
    word = contact.last_name[:5].lower()
    answer = browser(world.operator).get(
        address(admin), {"q": word, "owner": "", "sort": "name"}, headers={"HX-Request": "true"}
    )
    html = answer.content.decode()
    assert "<html" not in html
    assert f"contacts/{contact.pk}/" in html
    assert answer["HX-Push-Url"].endswith(f"?{urlencode({'q': word})}")


def test_the_url_alone_restores_search_filters_and_order(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    run_sync(admin)
    owner = Owner.objects.filter(contacts__isnull=False).order_by("pk")[0]
    html = page(browser(world.operator), address(admin) + f"?owner={owner.pk}&ok_to_email=yes&sort=-updated")
    assert f'value="{owner.pk}" selected' in html
    assert 'value="-updated" selected' in html
    assert "OK to email: yes" in html
    shown = set(map(int, re.findall(r"contacts/(\d+)/", html)))
    assert shown == set(Contact.objects.filter(owner=owner, ok_to_email=True).values_list("pk", flat=True))


def test_a_filter_in_use_is_a_chip_that_removes_it(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    run_sync(admin)
    html = page(browser(world.operator), address(admin) + "?q=smith&archived=no")
    assert 'href="/organizations/cedar-home-lending/contacts/?archived=no"' in html
    assert 'href="/organizations/cedar-home-lending/contacts/?q=smith"' in html


def test_next_and_previous_lead_through_all_pages(
    world: World, admin: Connection, run_sync: Run, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_sync(admin)
    monkeypatch.setattr(paging, "SIZES", (7, 50))
    client, url, seen, positions = browser(world.operator), address(admin) + "?sort=city&size=7", [], []
    while True:
        html = page(client, url)
        seen.append(opened(html))
        positions.append(position(html))
        following = re.search(r'rel="next" href="([^"]+)"', html)
        if not following:
            break
        url = following[1].replace("&amp;", "&")
    assert sorted(int(pk) for pks in seen for pk in pks) == sorted(
        Contact.objects.values_list("pk", flat=True)
    )
    total = Contact.objects.count()
    assert positions == [f"{start}–{min(start + 6, total)} of {total}" for start in range(1, total + 1, 7)]
    previous = re.search(r'rel="prev" href="([^"]+)"', html)
    assert previous
    html = page(client, previous[1].replace("&amp;", "&"))
    assert (opened(html), position(html)) == (seen[-2], positions[-2])


@pytest.mark.parametrize(
    "query",
    [
        "after=%00",
        "before=e30",
        "owner=abc",
        "owner=99999999999999999999",
        "sort=; drop",
        "updated=2026-99-99",
        "q=%00%00%00",
    ],
)
def test_an_address_that_makes_no_sense_still_shows_the_list(
    world: World, admin: Connection, run_sync: Run, browser: Browser, query: str
) -> None:
    run_sync(admin)
    page(browser(world.operator), address(admin) + f"?{query}")


@pytest.mark.parametrize(("header", "is_page"), [({}, False), ({"HX-History-Restore-Request": "true"}, True)])
def test_going_back_restores_the_whole_page(
    world: World, admin: Connection, run_sync: Run, browser: Browser, header: dict[str, str], is_page: bool
) -> None:
    run_sync(admin)
    response = browser(world.operator).get(address(admin), headers={"HX-Request": "true", **header})
    assert ("<html" in response.content.decode()) is is_page
    assert "HX-History-Restore-Request" in response["Vary"]


def test_updated_since_begins_at_midnight_where_the_viewer_is(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    run_sync(admin)
    before, after = Contact.objects.order_by("pk")[:2]
    Contact.objects.update(remote_updated_at="2026-01-01T00:00:00Z")
    Contact.objects.filter(pk=before.pk).update(remote_updated_at="2026-03-02T05:59:59Z")
    Contact.objects.filter(pk=after.pk).update(remote_updated_at="2026-03-02T06:00:00Z")
    client = browser(world.operator)
    client.cookies["portal_zone"] = "America/Chicago"
    html = page(client, address(admin) + "?updated=2026-03-02")
    assert opened(html) == [after.pk]
    assert "Updated since Mar 2, 2026" in html


def test_filters_with_many_options_offer_a_few_and_find_the_others(
    world: World,
    admin: Connection,
    run_sync: Run,
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_sync(admin)
    client = browser(world.operator)
    known = list(owners.of(admin.installation))
    assert "Find an owner" not in page(client, address(admin))
    monkeypatch.setattr(filters.owner_options, "__kwdefaults__", {"search": "", "limit": 3})
    html = page(client, address(admin) + f"?owner={known[-1].pk}")
    assert "Find an owner" in html
    offered = re.findall(r'<input type="radio" name="owner" value="(\d+)"', html)
    assert offered == [str(known[-1].pk), *(str(owner.pk) for owner in known[:3])]
    found = page(client, address(admin, "contacts/filters/owner/"), data={"find": known[-2].last_name})
    assert known[-2].display_name in found
    assert known[0].display_name not in found
    assert client.get(address(admin, "contacts/filters/state/")).status_code == 404


def test_a_loan_officer_finds_only_their_own_options(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    person = world.member("officer")
    own = world.consented(person)
    run_sync(admin)
    run_sync(own)
    own.refresh_from_db()
    html = page(browser(person), address(admin, "contacts/filters/owner/"), data={"find": ""})
    assert re.findall(r'value="(\d+)"', html) == [str(own.sync_state.owner_id)]
    groups = page(browser(person), address(admin, "contacts/filters/group/"), data={"find": ""})
    mine = ContactGroup.objects.filter(owner=own.sync_state.owner).values_list("name", flat=True)
    assert sorted(re.findall(r'value="([^"]+)"', groups)) == sorted(set(mine))


def test_a_contact_of_a_colleague_shows_a_loan_officer_only_its_own_groups(
    world: World, admin: Connection, officer: Connection, run_sync: Run, browser: Browser
) -> None:
    run_sync(admin)
    run_sync(officer)
    own = SyncState.objects.get(connection=officer).owner
    assert own is not None and officer.user is not None
    colleague = Owner.objects.filter(contacts__memberships__isnull=False).exclude(pk=own.pk)[0]
    shared = Contact.objects.filter(owner=colleague, memberships__isnull=False)[0]
    Visibility.objects.create(connection=officer, contact=shared, pass_number=1, seen_at=clock.now())
    of_contact = ContactGroup.objects.filter(memberships__contact=shared)[0]
    of_contact.name = "Of the shared contact"
    of_contact.save()
    elsewhere = ContactGroup.objects.create(
        installation=admin.installation,
        remote_id=990001,
        name="Of other contacts",
        owner=colleague,
        synced_at=clock.now(),
    )
    html = page(browser(officer.user), address(admin, "contacts/filters/group/"), data={"find": "Of "})
    assert "Of the shared contact" in html
    assert elsewhere.name not in html


def test_nothing_found_offers_to_clear_the_filters(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    run_sync(admin)
    html = page(browser(world.operator), address(admin) + "?q=noonehasthisname")
    assert "No contacts match" in html
    assert "Clear all filters" in html


def test_before_the_first_sync_the_list_says_what_to_do(
    world: World, admin: Connection, browser: Browser
) -> None:
    html = page(browser(world.operator), address(admin))
    assert "No contacts yet" in html
    assert html.count("Sync now") == 2, "in the header and as the next step"


def test_without_a_connection_the_next_step_is_to_connect(world: World, browser: Browser) -> None:
    html = page(browser(world.operator), f"/organizations/{world.organization().slug}/contacts/")
    assert "/organizations/cedar-home-lending/connect/" in html


def test_a_loan_officer_sees_only_their_own_contacts(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    person = world.member("officer")
    own = world.consented(person)
    run_sync(admin)
    run_sync(own)
    html = page(browser(person), address(admin))
    shown = set(map(int, re.findall(r"contacts/(\d+)/", html)))
    mine = set(Contact.objects.filter(visibilities__connection=own).values_list("pk", flat=True))
    assert shown == mine
    assert 0 < len(mine) < Contact.objects.count()


def test_a_loan_officer_is_offered_no_owners_or_groups_of_others(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    person = world.member("officer")
    own = world.consented(person)
    run_sync(admin)
    run_sync(own)
    html = page(browser(person), address(admin))
    for owner in Owner.objects.exclude(pk=own.sync_state.owner_id):
        assert owner.display_name not in html


def test_contacts_of_another_organization_do_not_exist(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    run_sync(admin)
    contact = Contact.objects.order_by("pk")[0]
    stranger = browser(world.member("admin", BLUEWATER))
    assert stranger.get(address(admin)).status_code == 404
    assert stranger.get(f"/organizations/bluewater-mortgage/contacts/{contact.pk}/").status_code == 404
    assert stranger.post(address(admin, "sync/sandbox/")).status_code == 404
    assert stranger.get(address(admin, "sync/sandbox/progress/")).status_code == 404


def test_a_filter_tells_a_loan_officer_no_other_owners_name(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    run_sync(admin)
    officer = world.member("officer")
    own = world.consented(officer)
    run_sync(own)
    mine = SyncState.objects.get(connection=own).owner
    client = browser(officer)
    for owner in Owner.objects.filter(contacts__isnull=False).distinct():
        html = page(client, address(admin) + f"?owner={owner.pk}")
        assert (f"Owner: {owner.display_name}" in html) is (owner == mine)


def test_people_who_can_act_on_contacts_choose_them_by_checkboxes(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    run_sync(admin)
    html = page(browser(world.operator), address(admin) + "?sort=-city&ok_to_email=yes&size=25")
    picks = re.findall(r'<input type="checkbox" name="contact" value="(\d+)" form="selection"', html)
    assert list(map(int, picks)) == opened(html)
    total = Contact.objects.filter(ok_to_email=True).count()
    assert f"All {total} that match" in html
    assert '<input type="hidden" name="query" value="ok_to_email=yes&amp;sort=-city&amp;size=25">' in html
    assert 'formaction="/organizations/cedar-home-lending/contacts/export/sandbox/csv/"' in html


def test_people_who_can_only_read_get_no_checkboxes(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    run_sync(admin)
    html = page(browser(world.member("viewer")), address(admin))
    assert opened(html)
    assert 'name="contact"' not in html
    assert "selection.js" not in html

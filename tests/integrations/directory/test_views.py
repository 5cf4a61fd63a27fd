"""The Contacts and Contact screens, the sync button, and what the directory shows elsewhere."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from integrations.connections.models import Connection
from integrations.directory import panels
from integrations.directory.browse import keyset
from integrations.directory.browse.selection import ORDERS
from integrations.directory.models import Contact, ContactGroup, Membership, Owner, SyncState
from integrations.jobs.models import Job
from portal.accounts.models import User
from tests.world import BLUEWATER, CEDAR, World

Run = Callable[..., Job]
Browser = Callable[[User], Client]


def address(connection: Connection, path: str = "contacts/") -> str:
    return f"/organizations/{connection.installation.organization.slug}/{path}"


def page(client: Client, url: str, **options: Any) -> str:
    answer = client.get(url, **options)
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


def test_the_list_shows_contacts_and_whose_they_are(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    run_sync(admin)
    html = page(browser(world.operator), address(admin))
    assert "all there are in Total Expert" in html
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
    with django_assert_max_num_queries(26):
        page(client, address(admin) + f"?sort={order}")


def test_search_as_you_type_answers_the_rows_only_and_says_the_address(
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
    assert "OK to e-mail: yes" in html
    shown = set(map(int, re.findall(r"contacts/(\d+)/", html)))
    assert shown == set(Contact.objects.filter(owner=owner, ok_to_email=True).values_list("pk", flat=True))


def test_a_filter_in_use_is_a_chip_that_takes_it_away(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    run_sync(admin)
    html = page(browser(world.operator), address(admin) + "?q=smith&archived=no")
    assert 'href="/organizations/cedar-home-lending/contacts/?archived=no"' in html
    assert 'href="/organizations/cedar-home-lending/contacts/?q=smith"' in html


def test_next_and_previous_walk_through_all_pages(
    world: World, admin: Connection, run_sync: Run, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_sync(admin)
    monkeypatch.setattr(keyset, "PAGE", 7)
    client, url, seen = browser(world.operator), address(admin) + "?sort=city", []
    while True:
        html = page(client, url)
        seen.append(re.findall(r'href="/organizations/[^"]*/contacts/(\d+)/"', html))
        following = re.search(r'rel="next" href="([^"]+)"', html)
        if not following:
            break
        url = following[1].replace("&amp;", "&")
    assert sorted(int(pk) for pks in seen for pk in pks) == sorted(
        Contact.objects.values_list("pk", flat=True)
    )
    previous = re.search(r'rel="prev" href="([^"]+)"', html)
    assert previous
    html = page(client, previous[1].replace("&amp;", "&"))
    assert re.findall(r'href="/organizations/[^"]*/contacts/(\d+)/"', html) == seen[-2]


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
def test_an_address_that_makes_no_sense_shows_the_list_all_the_same(
    world: World, admin: Connection, run_sync: Run, browser: Browser, query: str
) -> None:
    run_sync(admin)
    page(browser(world.operator), address(admin) + f"?{query}")


def test_nothing_found_offers_to_clear_the_filters(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    run_sync(admin)
    html = page(browser(world.operator), address(admin) + "?q=nobodyiscalledthis")
    assert "No contact matches" in html
    assert "Clear all filters" in html


def test_before_the_first_sync_the_list_says_what_to_do(
    world: World, admin: Connection, browser: Browser
) -> None:
    html = page(browser(world.operator), address(admin))
    assert "Nothing was synced yet" in html
    assert "Sync now" in html


def test_without_a_connection_the_list_leads_to_connect(world: World, browser: Browser) -> None:
    html = page(browser(world.operator), f"/organizations/{world.organization().slug}/contacts/")
    assert "/organizations/cedar-home-lending/connect/" in html


def test_an_officer_sees_their_own_book_only(
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
    other = Contact.objects.exclude(pk__in=mine).order_by("pk")[0]
    assert browser(person).get(address(admin, f"contacts/{other.pk}/")).status_code == 404
    assert browser(person).get(address(admin, f"contacts/{min(mine)}/")).status_code == 200


def test_an_officer_is_offered_no_owners_states_or_groups_of_others(
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


@pytest.mark.parametrize("tab", ["profile", "groups", "seen", "nonsense"])
def test_a_contact_shows_owner_and_each_consent_flag_by_its_own_name(
    world: World, admin: Connection, run_sync: Run, browser: Browser, tab: str
) -> None:
    run_sync(admin)
    contact = Contact.objects.filter(memberships__isnull=False).select_related("owner")[0]
    html = page(browser(world.operator), address(admin, f"contacts/{contact.pk}/?tab={tab}"))
    assert contact.owner is not None
    assert contact.owner.display_name in html
    for flag in (
        "OK to call",
        "OK to e-mail",
        "Silenced by the owner",
        "Do not contact",
        "Consent to AI calls",
    ):
        assert flag in html
    assert "Unknown" in html


def test_the_groups_of_a_contact_are_listed_with_their_sizes(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    run_sync(admin)
    group = ContactGroup.objects.filter(memberships__isnull=False).order_by("pk")[0]
    membership = Membership.objects.filter(group=group)[0]
    html = page(browser(world.operator), address(admin, f"contacts/{membership.contact_id}/?tab=groups"))
    assert group.name in html
    assert f'<td class="num">{Membership.objects.filter(group=group).count()}</td>' in html


def test_where_seen_names_the_connections(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    run_sync(admin)
    contact = Contact.objects.order_by("pk")[0]
    html = page(browser(world.operator), address(admin, f"contacts/{contact.pk}/?tab=seen"))
    assert f"/connections/{admin.pk}/" in html


@pytest.mark.parametrize("role", ["operator", "admin", "viewer", "officer"])
def test_home_counts_the_contacts_that_this_person_may_see(
    world: World, admin: Connection, run_sync: Run, browser: Browser, role: str
) -> None:
    person = world.operator if role == "operator" else world.member(role)
    own = world.consented(person) if role == "officer" else None
    run_sync(admin)
    if own is not None:
        run_sync(own)
    number = own.visibilities.count() if own is not None else Contact.objects.count()
    assert f'<span class="big">{number}</span>' in page(browser(person), "/")


def test_home_lists_the_least_fresh_first_and_counts_the_rest(
    world: World, admin: Connection, run_sync: Run, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_sync(admin)
    world.sandbox.pass_time(60)
    run_sync(world.connected(BLUEWATER))
    monkeypatch.setattr(panels, "LATEST", 1)
    html = page(browser(world.operator), "/")
    assert f"{CEDAR}, Sandbox" in html
    assert f"{BLUEWATER}, Sandbox" not in html
    assert "and 1 more environment" in html
    assert f'<span class="big">{Contact.objects.count()}</span>' in html


def test_the_organization_shows_which_owners_consented(world: World, run_sync: Run, browser: Browser) -> None:
    connection = world.consented(world.member("officer"))
    run_sync(connection)
    html = page(browser(world.operator), f"/organizations/{connection.installation.organization.slug}/")
    assert "Own connection" in html
    assert connection.sync_state.owner.display_name in html


def test_a_connection_says_what_it_can_and_cannot_see(world: World, run_sync: Run, browser: Browser) -> None:
    connection = world.consented(world.member("officer"))
    run_sync(connection)
    html = page(browser(world.operator), address(connection, f"connections/{connection.pk}/"))
    assert f'<span class="big">{connection.sync_state.contacts}</span>' in html
    assert "Only client credentials (as admin) can see other owners" in html


def test_an_officer_learns_no_other_owners_name_from_a_filter(
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

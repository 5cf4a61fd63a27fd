"""The list of groups and the page of one: names, owners, counts, marks, filters, and what each role sees."""

import html
import re
from urllib.parse import quote_plus

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from integrations.connections.models import Installation
from integrations.directory import required_groups
from integrations.directory.browse import groups
from integrations.directory.models import Contact, ContactGroup, Owner
from portal.accounts.models import User
from portal.audit import log
from tests.integrations.directory.group_rows import (
    make_connection,
    make_contact,
    make_group,
    make_installation,
    make_member,
    make_owner,
    show,
)
from tests.integrations.directory.visits import page

pytestmark = pytest.mark.django_db

PAGE = "/organizations/cedar/groups/"


class Scene:
    """Two owners with groups, some of the same name; Maria has connected."""

    def __init__(self) -> None:
        self.installation: Installation = make_installation()
        self.maria = make_owner(self.installation, "Maria Lopez")
        self.tom = make_owner(self.installation, "Tom Hale")
        self.past: ContactGroup = make_group(self.installation, "Past clients", self.maria)
        self.past_of_tom = make_group(self.installation, "past Clients", self.tom, user_editable=False)
        self.leads = make_group(self.installation, "Leads", self.tom, user_editable=True)
        self.vip = make_group(self.installation, "VIP", self.maria, user_editable=False)
        self.zoe = make_contact(
            self.installation, self.past, self.vip, owner=self.maria, email="zoe@x.example"
        )
        self.bob = make_contact(self.installation, self.past_of_tom, self.leads, owner=self.tom)
        make_contact(self.installation, self.past, gone_at=self.past.synced_at, owner=self.maria)
        self.admin: User = make_member(self.installation, "admin")
        self.officer: User = make_member(self.installation, "officer")
        make_connection(self.installation)
        own = make_connection(self.installation, owner=self.maria, user=self.officer)
        show(own, self.zoe)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def lines(text: str) -> list[list[str]]:
    """The rows of the list, each with the texts of its cells without the times."""
    body = text.partition("<tbody>")[2].partition("</tbody>")[0]
    rows = re.findall(r"<tr.*?</tr>", body, re.DOTALL)
    cells = [re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)[:4] for row in rows]
    return [[text_of(cell) for cell in row] for row in cells]


def text_of(markup: str) -> str:
    seen = re.sub(r'<span class="visually-hidden">.*?</span>', "", markup, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", seen)).split())


def listed(user: User, query: str = "") -> list[list[str]]:
    return lines(page(browser(user), PAGE + query))


LOCKED = "Not editable in Total Expert"


def test_groups_of_one_name_are_one_line_with_its_owners_and_contacts(scene: Scene) -> None:
    required_groups.require(scene.installation, "past clients", scene.admin)
    assert listed(scene.admin) == [
        ["Leads", "Tom Hale", "1", ""],
        ["Past clients", "2 owners", "2", "Required 1 of 2 not editable in Total Expert"],
        ["VIP", "Maria Lopez", "1", LOCKED],
    ]


def test_a_line_opens_to_the_groups_of_its_owners(scene: Scene) -> None:
    text = page(browser(scene.admin), PAGE + "?sort=-name")
    assert 'aria-expanded="false"' in text
    address = re.search(r'href="([^"]*open=[^"]*)" aria-expanded', text)
    assert address and "sort=-name" in address[1], "the order stays"
    opened = page(browser(scene.admin), PAGE + html.unescape(address[1]))
    assert lines(opened) == [
        ["VIP", "Maria Lopez", "1", LOCKED],
        ["Past clients", "2 owners", "2", "1 of 2 not editable in Total Expert"],
        ["past Clients", "Tom Hale", "1", LOCKED],
        ["Past clients", "Maria Lopez", "1", ""],
        ["Add contacts Rename all 2 Delete all 2", "", "", ""],
        ["Leads", "Tom Hale", "1", ""],
    ]
    assert 'aria-expanded="true"' in opened and f'data-href="{PAGE}{scene.past.pk}/"' in opened


def test_a_contact_in_groups_of_several_owners_counts_once(scene: Scene) -> None:
    third = make_group(scene.installation, "PAST CLIENTS", scene.tom)
    for group in (scene.past_of_tom, third):
        scene.zoe.memberships.create(group=group)
    assert ["PAST CLIENTS", "2 owners, 3 groups", "2"] in [row[:3] for row in listed(scene.admin)]
    tom = listed(scene.admin, f"?owner={scene.tom.pk}")
    assert ["PAST CLIENTS", "1 owner, 2 groups", "2"] in [row[:3] for row in tom]
    assert [row[2] for row in listed(scene.admin, "?name=past+clients")] == ["2", "1", "1"]


def test_a_long_line_shows_some_of_its_groups_and_leads_to_all(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "OPENED", 1)
    text = page(browser(scene.admin), PAGE + "?open=past+clients&page=1")
    address = re.search(r'href="([^"]*)">All 2 groups called Past clients', text)
    assert address
    alone = page(browser(scene.admin), PAGE + html.unescape(address[1]))
    assert [row[1] for row in lines(alone)] == ["Tom Hale", "Maria Lopez"]
    assert "Name: past Clients" in alone


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?q=past", ["Past clients"]),
        ("?q=CLI", ["Past clients"]),
        ("?q=nothing", []),
        ("?mark=required", ["VIP"]),
        ("?mark=locked", ["past Clients", "VIP"]),
        ("?mark=nonsense", ["Leads", "Past clients", "VIP"]),
        ("?owner=TOM", ["Leads", "past Clients"]),
        ("?owner=TOM&q=lea", ["Leads"]),
        ("?owner=99999999999999999999999", ["Leads", "Past clients", "VIP"]),
        ("?owner=%00", ["Leads", "Past clients", "VIP"]),
        ("?sort=-name", ["VIP", "Past clients", "Leads"]),
        ("?sort=owner", ["Leads", "Past clients", "VIP"]),
        ("?sort=-owner", ["VIP", "Leads", "Past clients"]),
        ("?sort=synced", ["Past clients", "Leads", "VIP"]),
        ("?sort=contacts&size=7&page=99", ["Leads", "Past clients", "VIP"]),
        ("?name=past+clients", ["past Clients", "Past clients"]),
        ("?name=nothing", []),
        ("?open=%00&name=%00&q=%00", ["Leads", "Past clients", "VIP"]),
    ],
)
def test_filters_and_orders_list_these_groups(scene: Scene, query: str, names: list[str]) -> None:
    required_groups.require(scene.installation, "vip", scene.admin)
    assert [row[0] for row in listed(scene.admin, query.replace("TOM", str(scene.tom.pk)))] == names


def test_a_page_of_groups_costs_the_same_queries_however_many_there_are(scene: Scene) -> None:
    client = browser(scene.admin)
    page(client, PAGE)  # the first request of a session also records its activity
    few, _ = queries_of(client)
    for number in range(60):
        owner = make_owner(scene.installation, f"Owner Number{number:02}")
        for name in ("Past clients", f"Wedding {number:02}"):
            make_contact(scene.installation, make_group(scene.installation, name, owner), owner=owner)
    many, opened = queries_of(client)
    assert many <= few < 40
    assert len([row for row in lines(opened) if row[0].casefold() == "past clients"]) == 21
    assert "1–50 of 63" in re.sub(r"<[^>]+>", "", opened)


def queries_of(client: Client) -> tuple[int, str]:
    with CaptureQueriesContext(connection) as asked:
        text = page(client, PAGE + "?open=past+clients")
    return len(asked), text


def test_counting_the_contacts_of_a_page_stops_at_a_limit(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        make_contact(scene.installation, scene.leads, scene.past)
    monkeypatch.setattr(groups, "LISTED", 3)
    monkeypatch.setattr(groups, "READ", 5)
    monkeypatch.setattr(groups, "COUNTED", 3)
    with CaptureQueriesContext(connection) as asked:
        counts = {row[0]: row[2] for row in listed(scene.admin)}
    counting = [each["sql"] for each in asked if "counted" in each["sql"]]
    assert len(counting) == 2 and all("LIMIT 4)" in sql or "LIMIT 5)" in sql for sql in counting)
    assert counts == {"Leads": "more than 3", "Past clients": "more than 3", "VIP": "1"}
    assert "more than 3" in page(browser(scene.admin), f"{PAGE}{scene.leads.pk}/")


@pytest.mark.parametrize("read", [1, 2, 3, 4, 5, 6])
def test_a_count_that_stops_early_never_says_too_much(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, read: int
) -> None:
    """Two contacts are in both groups of a name, so four memberships are two contacts."""
    scene.zoe.memberships.create(group=scene.past_of_tom)
    scene.bob.memberships.create(group=scene.past)
    monkeypatch.setattr(groups, "READ", read)
    shown = {row[0]: row[2] for row in listed(scene.admin)}["Past clients"]
    assert shown == "2" if read > 4 else shown in ("more than 0", "more than 1")


def test_an_officer_sees_groups_of_their_contacts_with_their_own_counts(scene: Scene) -> None:
    make_contact(scene.installation, scene.past, scene.vip, owner=scene.maria)  # not shown to the officer
    shared = make_group(scene.installation, "Shared", scene.tom)
    scene.zoe.memberships.create(group=shared)
    assert listed(scene.officer) == [
        ["Past clients", "Maria Lopez", "1", ""],
        ["Shared", "Unknown", "1", ""],
        ["VIP", "Maria Lopez", "1", LOCKED],
    ]
    client = browser(scene.officer)
    assert client.get(f"{PAGE}{scene.leads.pk}/").status_code == 404
    assert "Hale" not in page(client, PAGE) + page(client, f"{PAGE}{shared.pk}/")
    assert [row[0] for row in lines(page(client, f"{PAGE}{scene.past.pk}/"))] == ["Contact001"]


def test_the_page_of_a_group_shows_its_facts_its_contacts_and_its_history(scene: Scene) -> None:
    required_groups.require(scene.installation, "Past Clients", scene.admin)
    log.record("directory.group_released", actor=None, target=scene.vip)  # about another group
    text = page(browser(scene.admin), f"{PAGE}{scene.past.pk}/")
    seen = text_of(text)
    for words in (
        "Maria Lopez",
        "Required",
        "1 other group",
        "Group marked as required",
        scene.admin.display_name,
    ):
        assert words in seen
    assert "no longer required" not in seen.lower().replace("new contacts no longer need", "")
    assert lines(text) == [["Contact001", "zoe@x.example", "–", "Remove"]]
    assert f"?environment=production&amp;group_id={scene.past.pk}" in text


def test_the_contact_list_shows_the_contacts_of_this_very_group(scene: Scene) -> None:
    """Tom's contact is in Maria's group too, as after a transfer: filters by name and owner would miss one."""
    scene.bob.memberships.create(group=scene.past)
    text = page(browser(scene.admin), f"/organizations/cedar/contacts/?group_id={scene.past.pk}")
    assert set(re.findall(r'data-href="/organizations/cedar/contacts/(\d+)/"', text)) == {
        str(scene.zoe.pk),
        str(scene.bob.pk),
    }
    assert "Group: Past clients" in text
    assert 'type="hidden" name="group_id"' in text, "other filters keep it"


@pytest.mark.parametrize("value", ["0", "x", "-1", "%00", "99999999999999999999", "٣"])
def test_a_group_that_does_not_exist_shows_no_name(scene: Scene, value: str) -> None:
    other = make_group(make_installation("harbor"), "Foreign group")
    foreign = make_contact(other.installation, other)
    client = browser(scene.admin)
    assert "Foreign" not in page(client, f"/organizations/cedar/contacts/?group_id={other.pk}")
    text = page(client, f"/organizations/cedar/contacts/?group_id={value}")
    assert f"contacts/{foreign.pk}/" not in text
    assert client.get(f"{PAGE}{other.pk}/").status_code == 404


def test_names_that_show_nothing_or_look_like_markup_are_listed(scene: Scene) -> None:
    for name in ("", "", "<b>bold</b> & co", "a=1&b=2", "100% / #1 ?", "🏡"):
        make_group(scene.installation, name, scene.tom)
    names = [row[0] for row in listed(scene.admin)]
    assert names.count("(no name)") == 1 and {"<b>bold</b> & co", "a=1&b=2", "100% / #1 ?", "🏡"} <= set(
        names
    )
    nameless = ContactGroup.objects.filter(name="")[0]
    assert f"Group {nameless.remote_id}" in page(browser(scene.admin), f"{PAGE}{nameless.pk}/")
    assert len(listed(scene.admin, "?name=" + quote_plus("a=1&b=2"))) == 1


def test_a_group_that_is_gone_is_not_listed_and_its_page_says_so(scene: Scene) -> None:
    ContactGroup.objects.filter(pk=scene.leads.pk).update(gone_at=scene.leads.synced_at)
    assert [row[0] for row in listed(scene.admin)] == ["Past clients", "VIP"]
    assert "No longer in Total Expert" in page(browser(scene.admin), f"{PAGE}{scene.leads.pk}/")


def test_each_environment_has_its_own_groups(scene: Scene) -> None:
    ct = make_installation("cedar", "ct")
    make_group(ct, "Only in CT")
    make_connection(ct)
    assert [row[0] for row in listed(scene.admin, "?environment=ct")] == ["Only in CT"]
    assert "Only in CT" not in page(browser(scene.admin), PAGE)


def test_an_organization_without_groups_is_told_the_next_step() -> None:
    installation = make_installation()
    admin, officer = make_member(installation, "admin"), make_member(installation, "officer")
    assert "No groups yet" in page(browser(admin), PAGE)
    assert "Nothing connected yet" in page(browser(officer), PAGE)
    make_connection(installation)
    assert "see no groups in Total Expert" in page(browser(admin), PAGE)
    assert not Contact.objects.exists() and not Owner.objects.exists()

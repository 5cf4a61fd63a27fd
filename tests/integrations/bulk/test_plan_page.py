"""The page of a plan: what its button says, its approval, its conflicts, and who may do what."""

from collections.abc import Callable

import pytest
from django.test import Client

from integrations import total_expert
from integrations.bulk import conflicts, planning, verbs, wording
from integrations.bulk.models import Plan, PlanState, RowAction, RowState
from integrations.connections.models import Connection
from integrations.directory.models import Contact, ContactGroup, Owner, Visibility
from integrations.directory.sync import jobs as sync_jobs
from integrations.jobs import queue
from integrations.jobs.models import Job, JobState
from portal.audit.models import Entry
from tests.integrations.bulk.conftest import Edit
from tests.integrations.bulk.contact.pages import at, browser
from tests.integrations.bulk.test_edits import Apply
from tests.world import BLUEWATER, World

pytestmark = pytest.mark.django_db
EVIDENCE = "They signed the paper form of May 2026."
Run = Callable[[], None]


@pytest.fixture
def client(world: World) -> Client:
    return browser(world.operator)


def text_of(client: Client, made: Plan, query: str = "") -> str:
    html = client.get(at("bulk_edit", made, made.pk) + query).content.decode()
    return html.replace("&#x27;", "'").replace("&amp;", "&")


@pytest.mark.parametrize(
    ("counts", "label"),
    [
        ({"update": 1}, "Change 1 contact"),
        ({"update": 1234}, "Change 1,234 contacts"),
        ({"delete": 3}, "Delete 3 contacts"),
        ({"create": 1}, "Create 1 contact"),
        ({"create": 12, "update": 40}, "Create 12 and change 40 contacts"),
        ({"create": 12, "update": 1}, "Create 12 and change 1 contact"),
        ({"update": 2, "delete": 1}, "Change 2 and delete 1 contact"),
        ({"create": 1, "update": 2, "delete": 3}, "Create 1, change 2 and delete 3 contacts"),
        ({"transfer": 7}, "Give 7 contacts to other owners"),
    ],
)
def test_the_button_says_what_will_happen(counts: dict[str, int], label: str) -> None:
    assert (
        wording.button(Plan(operations={}), {RowAction(name): count for name, count in counts.items()})
        == label
    )


@pytest.mark.parametrize(
    ("counts", "label"),
    [
        ({"update": 35}, "Change the other 35 contacts"),
        ({"create": 2, "update": 1}, "Create the other 2 and change the other 1 contact"),
    ],
)
def test_after_the_first_rows_the_button_says_the_rest(counts: dict[str, int], label: str) -> None:
    found = wording.button(
        Plan(operations={}), {RowAction(name): count for name, count in counts.items()}, others=True
    )
    assert found == label


def test_a_plan_that_deletes_says_that_nothing_comes_back(
    world: World, admin: Connection, client: Client, plan: Edit
) -> None:
    made = plan(*Contact.objects.all()[:2], delete=True)
    text = text_of(client, made)
    assert "Delete 2 contacts</button>" in text and "Deleted contacts can't be restored." in text
    assert "number of contacts that will be deleted: 2" in text
    assert "Your role doesn't allow this edit." in text_of(browser(world.member("editor")), made)


def test_a_plan_that_gives_contacts_away_names_the_owner_and_the_groups_that_are_lost(
    admin: Connection, client: Client, plan: Edit
) -> None:
    group = ContactGroup.objects.filter(memberships__isnull=False).exclude(owner=None)[0]
    contact = Contact.objects.filter(memberships__group=group)[0]
    ContactGroup.objects.exclude(owner=contact.owner).filter(search=group.search).delete()
    owner = Owner.objects.exclude(pk=contact.owner_id).exclude(is_active=False)[0]
    text = text_of(client, plan(contact, owner=owner.remote_id))
    assert f"Give 1 contact to {owner.display_name}" in text and "leave groups that the new owner" in text
    assert group.name in text


def test_two_people_approve_an_edit_that_grants_consent(
    world: World, admin: Connection, over_there: total_expert.Client, plan: Edit, run_jobs: Run
) -> None:
    contact = Contact.objects.all()[0]
    over_there.contacts.update(contact.remote_id, {"ok_to_email": False})
    queue.run_now(sync_jobs.start(connection=admin))
    author, second = world.member("editor"), world.member("admin")
    made = plan(contact, fields={"ok_to_email": "yes"}, actor=author)
    writer, approver = browser(author), browser(second)
    text = text_of(writer, made)
    assert "Evidence of consent" in text and "Change 1 contact</button>" not in text
    writer.post(at("approve_bulk_edit", made, made.pk, "evidence"), {"evidence": EVIDENCE})
    text = text_of(writer, made)
    assert "Waits for the approval of a second person." in text and "Approve</button>" not in text
    writer.post(at("approve_bulk_edit", made, made.pk, "approve"), {"digest": made.digest})
    assert "Someone else must approve this edit" in text_of(writer, made)
    text = text_of(approver, made)
    assert "Approve</button>" in text and EVIDENCE in text
    approver.post(at("approve_bulk_edit", made, made.pk, "approve"), {"digest": made.digest})
    text = text_of(writer, made)
    assert "Change 1 contact</button>" in text and second.display_name in text
    writer.post(at("change_bulk_edit", made, made.pk, "apply"), {"digest": made.digest})
    run_jobs()
    assert over_there.contacts.get(contact.remote_id).ok_to_email is True


def test_who_is_alone_types_a_reason(
    world: World, admin: Connection, client: Client, over_there: total_expert.Client, plan: Edit
) -> None:
    contact = Contact.objects.all()[0]
    over_there.contacts.update(contact.remote_id, {"ok_to_call": False})
    queue.run_now(sync_jobs.start(connection=admin))
    made = plan(contact, fields={"ok_to_call": "yes"})
    client.post(at("approve_bulk_edit", made, made.pk, "evidence"), {"evidence": EVIDENCE})
    assert "Reason for approving your own edit" in text_of(client, made)
    data = {"digest": made.digest, "reason": "Nobody else works here this week."}
    client.post(at("approve_bulk_edit", made, made.pk, "approve"), data)
    assert "Nobody else works here this week." in text_of(client, made)


@pytest.fixture
def conflict(admin: Connection, over_there: total_expert.Client, plan: Edit, apply: Apply) -> Plan:
    """An edit of three contacts to Duluth, of which two moved to Ely meanwhile."""
    chosen = list(Contact.objects.exclude(city="").order_by("pk")[:3])
    made = plan(*chosen, fields={"city": "Duluth"})
    for contact in chosen[:2]:
        over_there.contacts.update(contact.remote_id, {"city": "Ely"})
    apply(made)
    assert made.counts() == {RowState.DONE: 1, RowState.SET_ASIDE: 2}
    return made


def cities(over_there: total_expert.Client, made: Plan) -> list[str]:
    rows = made.rows.order_by("number").values_list("remote_id", flat=True)
    return [over_there.contacts.get(id or 0).city for id in rows]


def test_a_changed_contact_shows_three_values_and_one_is_chosen(
    client: Client, conflict: Plan, over_there: total_expert.Client, run_jobs: Run
) -> None:
    first, second = conflict.rows.filter(state=RowState.SET_ASIDE).select_related("contact")
    text = text_of(client, conflict, "?state=set_aside")
    assert "Keep theirs" in text and "Use mine" in text and "Ely" in text and "Duluth" in text
    assert all(str(row.before["fields"]["city"]) in text for row in (first, second))
    assert "2 contacts changed at Total Expert" in text
    client.post(at("decide_bulk_edit_row", conflict, conflict.pk, first.number, "keep"))
    data = {"seen": "0" * 64}
    client.post(at("decide_bulk_edit_row", conflict, conflict.pk, second.number, "overwrite"), data)
    assert "has changed again" in text_of(client, conflict)
    assert second.contact is not None
    data = {"seen": second.contact.digest}
    client.post(at("decide_bulk_edit_row", conflict, conflict.pk, second.number, "overwrite"), data)
    run_jobs()
    assert cities(over_there, conflict) == ["Ely", "Duluth", "Duluth"]
    assert conflict.counts() == {RowState.DONE: 2, RowState.UNCHANGED: 1}


def test_all_changed_contacts_are_overwritten_as_they_were_seen(
    client: Client, conflict: Plan, over_there: total_expert.Client, admin: Connection, run_jobs: Run
) -> None:
    page = client.get(at("bulk_edit", conflict, conflict.pk))
    seen = page.context["conflicts_seen"]
    assert "Overwrite all 2" in page.content.decode()
    changed = conflict.rows.filter(state=RowState.SET_ASIDE)[0]
    over_there.contacts.update(changed.remote_id or 0, {"city": "Orr"})
    queue.run_now(sync_jobs.start(connection=admin))
    address = at("decide_bulk_edit_rows", conflict, conflict.pk, "overwrite")
    client.post(address, {"seen": seen})
    assert "has changed again" in text_of(client, conflict)
    client.post(
        address, {"seen": client.get(at("bulk_edit", conflict, conflict.pk)).context["conflicts_seen"]}
    )
    run_jobs()
    assert cities(over_there, conflict) == ["Duluth"] * 3
    assert Entry.objects.filter(action="bulk.conflict_overwritten").count() == 1


def test_all_changed_contacts_are_kept(
    client: Client, conflict: Plan, over_there: total_expert.Client
) -> None:
    client.post(at("decide_bulk_edit_rows", conflict, conflict.pk, "keep"))
    assert cities(over_there, conflict) == ["Ely", "Ely", "Duluth"]
    assert conflict.counts() == {RowState.DONE: 1, RowState.UNCHANGED: 2}


def test_all_changed_contacts_are_offered_only_to_those_who_may_change_that_many(
    world: World, client: Client, conflict: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = browser(world.member("editor"))
    assert "Overwrite all 2" in text_of(editor, conflict)
    monkeypatch.setattr(planning, "SMALL", 1)
    text = text_of(editor, conflict)
    assert "Use mine" in text and "Overwrite all" not in text and "Keep all" not in text
    assert "Overwrite all 2" in text_of(client, conflict)


def test_a_person_decides_about_all_changed_contacts_only_if_they_see_them(
    world: World, admin: Connection, plan: Edit, run_jobs: Run
) -> None:
    officer = world.member("officer")
    own = world.consented(officer)
    sync_jobs.start(connection=own)
    run_jobs()
    chosen = Contact.objects.all().visible_to(officer, own.installation.organization)[:2]
    made = plan(*chosen, actor=officer, fields={"nickname": "Friend"})
    made.rows.update(state=RowState.SET_ASIDE)
    Plan.objects.filter(pk=made.pk).update(state="applied")
    client = browser(officer)
    assert "Keep all" in text_of(client, made)
    hidden = made.rows.order_by("number")[1]
    Visibility.objects.filter(contact=hidden.contact_id, connection=own).delete()
    page = client.get(at("bulk_edit", made, made.pk))
    assert "Keep all" not in page.content.decode()
    seen = conflicts.fingerprint(made)
    for verb in ("keep", "overwrite"):
        address = at("decide_bulk_edit_rows", made, made.pk, verb)
        text = client.post(address, {"seen": seen}, follow=True).content.decode()
        assert "see some of these contacts any more" in text
    assert made.counts() == {RowState.SET_ASIDE: 2}


def test_people_who_may_not_edit_decide_nothing(world: World, conflict: Plan) -> None:
    number = conflict.rows.filter(state=RowState.SET_ASIDE)[0].number
    addresses = [
        at("decide_bulk_edit_row", conflict, conflict.pk, number, "overwrite"),
        at("decide_bulk_edit_rows", conflict, conflict.pk, "keep"),
        at("approve_bulk_edit", conflict, conflict.pk, "approve"),
        at("change_bulk_edit", conflict, conflict.pk, "pause"),
    ]
    strangers = [world.member("viewer"), world.member("admin", BLUEWATER), world.member("officer")]
    for person in strangers:
        for address in addresses:
            assert browser(person).post(address).status_code == 404
    text = text_of(browser(strangers[0]), conflict)
    assert "Use mine" not in text and "Keep all" not in text
    assert conflict.counts()[RowState.SET_ASIDE] == 2


def test_rows_are_downloaded_by_those_who_may_and_the_audit_log_notes_it(
    world: World, admin: Connection, client: Client, plan: Edit
) -> None:
    made = plan(*Contact.objects.all()[:2], fields={"city": "Duluth"})
    assert "Download rows" not in text_of(browser(world.member("editor")), made)
    assert "Download rows" in text_of(client, made)
    client.get(at("bulk_edit_rows", made, made.pk))
    assert Entry.objects.filter(action="bulk.downloaded", actor=world.operator).count() == 1


def test_after_the_first_rows_the_page_says_what_became_of_them(
    admin: Connection,
    client: Client,
    plan: Edit,
    run_jobs: Run,
    monkeypatch: pytest.MonkeyPatch,
    world: World,
) -> None:
    monkeypatch.setattr(verbs, "PILOT", 2)
    names = list(ContactGroup.objects.exclude(user_editable=False).values_list("name", flat=True))
    made = plan(add_groups=[max(set(names), key=names.count)])
    first = made.rows.filter(state=RowState.PLANNED)[0]
    world.sandbox.faults(
        {"method": "PATCH", "path": f"/v1/contacts/{first.remote_id}", "status": 422, "times": 1}
    )
    verbs.apply(made, actor=world.operator, digest=made.digest)
    run_jobs()
    made.refresh_from_db()
    text = text_of(client, made)
    assert made.state == PlanState.PILOT_DONE
    assert "The first rows were sent: 1 done, 1 failed." in text
    assert f"Change the other {made.counts()[RowState.PLANNED]} contacts" in text
    assert "Plan an undo" not in text


def test_the_page_keeps_its_filter_while_it_polls_and_pauses_its_job(
    admin: Connection, client: Client, plan: Edit, run_jobs: Run, world: World
) -> None:
    made = plan(*Contact.objects.all()[:2], fields={"city": "Duluth"})
    client.post(at("change_bulk_edit", made, made.pk, "apply"), {"digest": made.digest})
    text = text_of(client, made, "?state=planned&page=1")
    assert f'hx-get="{at("bulk_edit", made, made.pk)}?state=planned&page=1"' in text
    assert "Pause</button>" in text
    client.post(at("change_bulk_edit", made, made.pk, "pause"))
    assert Job.objects.get(kind="bulk.apply").state == JobState.PAUSED
    text = text_of(client, made)
    assert "Resume</button>" in text and "Pause</button>" not in text
    client.post(at("change_bulk_edit", made, made.pk, "continue"))
    run_jobs()
    assert made.counts() == {RowState.DONE: 2}


def test_changed_contacts_are_deleted_only_by_those_who_may_and_with_their_count(
    world: World,
    admin: Connection,
    client: Client,
    over_there: total_expert.Client,
    plan: Edit,
    apply: Apply,
    run_jobs: Run,
) -> None:
    chosen = list(Contact.objects.all()[:2])
    made = plan(*chosen, delete=True)
    for contact in chosen:
        over_there.contacts.update(contact.remote_id, {"city": "Ely"})
    apply(made)
    assert made.counts() == {RowState.SET_ASIDE: 2}
    editor = browser(world.member("editor"))
    assert "Use mine" not in text_of(editor, made)
    row = made.rows.select_related("contact")[0]
    assert row.contact is not None
    address = at("decide_bulk_edit_row", made, made.pk, row.number, "overwrite")
    editor.post(address, {"seen": row.contact.digest})
    assert made.counts() == {RowState.SET_ASIDE: 2}
    page = client.get(at("bulk_edit", made, made.pk))
    assert "Use mine" in page.content.decode()
    address = at("decide_bulk_edit_rows", made, made.pk, "overwrite")
    data = {"seen": page.context["conflicts_seen"]}
    client.post(address, data)
    assert made.counts() == {RowState.SET_ASIDE: 2}, "the count was not typed"
    client.post(address, {**data, "count": "2"})
    run_jobs()
    left = {contact.id for contact in over_there.contacts.all()}
    for row in made.rows.all():
        assert (row.remote_id in left) is (row.state == RowState.FAILED)

"""`manage.py bulk`: an edit is planned, shown, applied and undone from a shell."""

import io
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from integrations import total_expert
from integrations.bulk.management.commands import bulk
from integrations.bulk.models import Plan, PlanState, RowState
from integrations.connections.models import Connection
from integrations.directory.models import Contact
from tests.world import World

pytestmark = pytest.mark.django_db
CEDAR = "cedar-home-lending"


@pytest.fixture(autouse=True)
def pauses_pass_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "time", SimpleNamespace(sleep=world.sandbox.pass_time))


class Shell:
    """Runs the command as a person. Returns the exit code and what it printed."""

    def __init__(self, email: str) -> None:
        self.email = email

    def run(self, *arguments: object, organization: str = CEDAR) -> tuple[int, str]:
        out = io.StringIO()
        try:
            call_command("bulk", organization, *map(str, arguments), "--as", self.email, stdout=out)
        except CommandError as error:
            return error.returncode, str(error)
        except SystemExit as ended:
            return int(str(ended.code)), out.getvalue()
        return 0, out.getvalue()

    def json(self, *arguments: object) -> dict[str, Any]:
        _, printed = self.run(*arguments, "--json")
        found: dict[str, Any] = json.loads(printed)
        return found

    def plan(self, *arguments: object) -> tuple[int, str]:
        return self.run("plan", "--environment", "sandbox", *arguments)


@pytest.fixture
def shell(world: World) -> Shell:
    return Shell(world.operator.email)


@pytest.fixture
def ids(admin: Connection, tmp_path: Path) -> str:
    """A file with the IDs of three contacts."""
    file = tmp_path / "ids.txt"
    file.write_text("\n".join(str(contact.remote_id) for contact in Contact.objects.order_by("pk")[:3]))
    return str(file)


def test_an_edit_is_planned_shown_applied_and_undone(
    shell: Shell, ids: str, over_there: total_expert.Client
) -> None:
    chosen = Contact.objects.order_by("pk")[:3]
    before = [contact.city for contact in chosen]
    planned = shell.json(
        "plan", "--environment", "sandbox", "--ids", ids, "--set", "city=Duluth", "--clear", "nickname"
    )
    assert planned["state"] == PlanState.READY and planned["outcomes"] == {"planned": 3}
    code, shown = shell.run("show", planned["plan"], "--rows")
    assert code == 0 and planned["digest"] in shown and f"/bulk-edits/{planned['plan']}/" in shown
    assert all(str(contact.remote_id) in shown and contact.last_name not in shown for contact in chosen)
    code, printed = shell.run("apply", planned["plan"], "--digest", planned["digest"])
    assert code == 4 and "state: applying" in printed
    code, printed = shell.run("show", planned["plan"], "--wait")
    assert code == 0 and "3 done" in printed
    assert {over_there.contacts.get(contact.remote_id).city for contact in chosen} == {"Duluth"}
    undo = shell.json("undo", planned["plan"], "--wait")
    assert undo["undo_of"] == planned["plan"] and undo["state"] == PlanState.READY
    code, _ = shell.run("apply", undo["plan"], "--digest", undo["digest"], "--wait")
    assert code == 0
    assert [over_there.contacts.get(contact.remote_id).city for contact in chosen] == before


def test_the_first_rows_wait_for_a_person_to_continue(
    shell: Shell, admin: Connection, over_there: total_expert.Client
) -> None:
    names = [group.group_name for group in over_there.contact_groups.all()]
    common = max(set(names), key=names.count)
    planned = shell.json("plan", "--environment", "sandbox", "--query", "", "--add-group", common)
    assert planned["may_email"] and planned["outcomes"]["planned"] > 5
    apply = ("apply", planned["plan"], "--wait", "--digest")
    code, printed = shell.run(*apply, planned["digest"])
    assert code == 4 and "state: pilot_done" in printed and "5 done" in printed
    assert shell.run(*apply, "0" * 64)[0] == 1
    code, printed = shell.run(*apply, planned["digest"])
    assert code == 0, (
        printed,
        list(Plan.objects.get().rows.exclude(reason="").values_list("state", "reason")),
    )
    assert shell.run(*apply, planned["digest"])[0] == 1, "it is applied"


def test_an_edit_that_ended_with_rows_set_aside_says_so(
    shell: Shell, ids: str, over_there: total_expert.Client
) -> None:
    planned = shell.json("plan", "--environment", "sandbox", "--ids", ids, "--set", "city=Duluth")
    first = Contact.objects.order_by("pk")[0]
    over_there.contacts.update(first.remote_id, {"nickname": "Theirs"})
    code, printed = shell.run("apply", planned["plan"], "--digest", planned["digest"], "--wait")
    assert code == 3 and "2 done, 1 set_aside" in printed
    assert Plan.objects.get().counts()[RowState.SET_ASIDE] == 1


def test_a_deletion_needs_its_count(shell: Shell, ids: str, over_there: total_expert.Client) -> None:
    planned = shell.json("plan", "--environment", "sandbox", "--ids", ids, "--delete")
    apply = ("apply", planned["plan"], "--digest", planned["digest"], "--wait")
    code, said = shell.run(*apply)
    assert code == 1 and "Type the number of contacts that will change: 3" in said
    code, printed = shell.run(*apply, "--count", 3)
    failed = Plan.objects.get().counts().get(RowState.FAILED, 0)  # Total Expert keeps contacts with a loan
    assert code == (3 if failed else 0) and f"{3 - failed} done" in printed


def test_ids_are_read_from_standard_input(
    shell: Shell, admin: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = Contact.objects.order_by("pk")[:2]
    monkeypatch.setattr(
        sys, "stdin", io.StringIO(f"{first.remote_id}, {second.remote_id}\n{first.remote_id}")
    )
    assert shell.plan("--ids", "-", "--set", "city=Ely")[0] == 0
    assert Plan.objects.get().selection["ids"] == [first.pk, second.pk]


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--set", "city=Ely", "--query", "stat=MN"], 2, "doesn't understand “stat”"),
        (["--set", "city=Ely", "--query", "ok_to_email=maybe"], 2, "doesn't understand “ok_to_email”"),
        (["--set", "city=Ely", "--query", "updated=yesterday"], 2, "doesn't understand “updated”"),
        (["--set", "city=Ely", "--query", "owner=x"], 2, "doesn't understand “owner”"),
        (["--set", "city", "--query", ""], 2, "NAME=VALUE"),
        (["--set", "city=A", "--set", "city=B", "--query", ""], 2, "given twice"),
        (["--set", "city=A", "--clear", "city", "--query", ""], 2, "both to be set and to be cleared"),
        (["--set", "id=7", "--query", ""], 1, "not a field"),
        (["--clear", "source", "--query", ""], 1, "can't be cleared"),
        (["--query", ""], 1, "at least one change"),
        (["--set", "city=Ely", "--query", "state=ZZ"], 1, "failed"),
        (["--delete", "--owner", "7", "--query", ""], 1, "edit of its own"),
        (["--set", "city=Ely", "--ids", "/no/such/file"], 2, "can't be read"),
        (["--set", "email=a@b.example", "--query", ""], 1, "Email can be set or cleared for one contact"),
        (["--set", "email_work=a@b.example", "--query", ""], 1, "one contact at a time"),
        (["--set", "first_name=Ann", "--query", ""], 1, "one contact at a time"),
        (["--set", "city=Ely", "--set", "birthday=1990-01-31", "--query", ""], 1, "one contact at a time"),
        (["--clear", "external_id", "--query", ""], 1, "one contact at a time"),
        (["--set", "ok_to_email=yes", "--query", ""], 1, "how these contacts gave their consent"),
        (["--set", "ok_to_email=yes", "--evidence", "yes", "--query", ""], 1, "how these contacts gave"),
        (["--set", "ok_to_call=yes", "--evidence", "x" * 2001, "--query", ""], 1, "longer than 2000"),
        (["--set", "city=Ely", "--evidence", "  short  ", "--query", ""], 1, "how these contacts gave"),
    ],
)
def test_what_makes_no_sense_chooses_nothing(
    shell: Shell, admin: Connection, arguments: list[str], code: int, sentence: str
) -> None:
    found, said = shell.plan(*arguments)
    assert (found, sentence in said) == (code, True), said
    assert not Plan.objects.exclude(state=PlanState.FAILED).exists()


def test_what_only_one_contact_can_have_is_set_for_one(shell: Shell, admin: Connection) -> None:
    contact = Contact.objects.order_by("pk")[0]
    query = f"q={contact.email}"
    assert shell.plan("--set", "email=ann@new.example", "--query", query)[0] == 0
    made = Plan.objects.get()
    assert (made.state, made.selection["ids"]) == (PlanState.READY, [contact.pk])


def test_evidence_of_consent_is_stored_with_the_plan(shell: Shell, ids: str) -> None:
    evidence = "They signed the paper form of May 2026."
    assert shell.plan("--ids", ids, "--set", "ok_to_email=yes", "--evidence", f" {evidence} ")[0] == 0
    assert Plan.objects.get().evidence == evidence


@pytest.mark.parametrize("text", ["", "7 x", "99999999", "-1", "1.5"])
def test_ids_that_are_no_contacts_are_refused(
    shell: Shell, admin: Connection, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "ids"
    file.write_text(text)
    assert shell.plan("--ids", file, "--set", "city=Ely")[0] == 2
    assert not Plan.objects.exists()


def test_only_people_of_the_organization_act_and_only_as_their_role_allows(
    world: World, shell: Shell, admin: Connection
) -> None:
    edit = ("--query", "", "--set", "city=Ely")
    assert Shell("nobody@nowhere.example").plan(*edit)[0] == 2
    left = world.member("editor")
    left.is_active = False
    left.save()
    assert Shell(left.email).plan(*edit)[0] == 2
    code, said = Shell(world.member("viewer").email).plan(*edit)
    assert code == 1 and "role doesn't allow" in said
    editor = Shell(world.member("editor").email)
    assert editor.plan("--query", "", "--delete")[0] == 1
    assert editor.plan(*edit)[0] == 0
    assert shell.run("show", 99999)[0] == 2
    assert shell.run("plan", "--environment", "moon", *edit)[0] == 2
    assert shell.run("show", 1, organization="no-such-organization")[0] == 2
    officer = Shell(world.member("officer").email)
    assert officer.run("show", Plan.objects.get().pk)[0] == 2, "it is another person's"


@pytest.mark.parametrize("arguments", [[], ["plan"], ["show", "x"], ["explode", "1"]])
def test_wrong_arguments_exit_with_2(arguments: list[str], process_environment: dict[str, str]) -> None:
    if arguments:
        with pytest.raises(CommandError):
            call_command("bulk", CEDAR, *arguments)
        return
    command = [sys.executable, "manage.py", "bulk"]
    ended = subprocess.run(command, env=process_environment, capture_output=True, timeout=60, check=False)
    assert ended.returncode == 2

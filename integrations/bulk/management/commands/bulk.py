"""`manage.py bulk`: plan, show, apply and undo bulk edits from a shell."""

import argparse
import json
import sys
import time
from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.http import QueryDict
from django.urls import reverse

from integrations.bulk import approval, cost, jobs, planning, verbs
from integrations.bulk.fields import FIELDS, OF_ONE_CONTACT
from integrations.bulk.models import OPEN_ROWS, Plan, PlanState, RowState
from integrations.bulk.operations import Operations, Replacement
from integrations.connections.models import Installation
from integrations.directory.browse import access
from integrations.directory.browse.chosen import MOST_IDS, Chosen
from integrations.directory.browse.selection import Selection
from integrations.directory.sync import jobs as sync_jobs
from integrations.jobs import queue
from integrations.jobs.models import ACTIVE, Job
from portal.accounts.models import User
from portal.core import clock
from portal.core.errors import Refused
from portal.core.parameters import read_id
from portal.organizations import organizations
from portal.organizations.models import Organization
from portal.organizations.roles import Capability

DONE, REFUSED, USAGE, INCOMPLETE, WAITS = 0, 1, 2, 3, 4
#: The longest pause between two looks at jobs that wait, in seconds.
PAUSE = 5.0
HELP = """Plan, show, apply and undo bulk edits. Output contains no personal data but IDs. Reasons are on the plan's page.

Exit codes: 0 done, or ready to be applied; 1 refused or failed to be prepared; 2 wrong usage; 3 ended with rows that failed
or were set aside; 4 not ended: a worker (manage.py work), a token or a person continues it.
"""


class Usage(CommandError):
    """The command line names something that doesn't exist or makes no sense."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, returncode=USAGE)


class Command(BaseCommand):
    help = HELP

    def create_parser(self, prog_name: str, subcommand: str, **options: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, formatter_class=argparse.RawDescriptionHelpFormatter, **options
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organization", help="its name or short name")
        verbs_ = parser.add_subparsers(dest="verb", required=True, metavar="plan|show|apply|undo")
        plan = verbs_.add_parser("plan", help="plan an edit of contacts; nothing is sent")
        plan.add_argument(
            "--environment", required=True, help="short name of the environment, e.g. production"
        )
        chosen = plan.add_mutually_exclusive_group(required=True)
        chosen.add_argument("--query", help="everything that the contact list shows at this query string")
        chosen.add_argument(
            "--ids", metavar="FILE", help="Total Expert's contact IDs; - reads standard input"
        )
        _add_operations(plan)
        show = verbs_.add_parser("show", help="show a plan")
        show.add_argument("--rows", action="store_true", help="with each row's ID, action and outcome")
        apply = verbs_.add_parser("apply", help="apply a plan, or continue it after its first rows")
        apply.add_argument("--digest", required=True, help="what plan and show print: you apply what you saw")
        apply.add_argument("--count", type=int, help="the number of changes, where it must be confirmed")
        undo = verbs_.add_parser("undo", help="plan the undo of an edit")
        for each in (show, apply, undo):
            each.add_argument("plan", type=int, help="the plan's number")
        for each in (plan, show, apply, undo):
            each.add_argument("--as", dest="email", required=True, help="email address of the acting person")
            each.add_argument("--json", action="store_true", help="print a JSON object")
            each.add_argument(
                "--wait", action="store_true", help="work on it in this process until it has ended"
            )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            organization = organizations.find(options["organization"])
        except Refused as refused:
            raise Usage(str(refused)) from None
        user = _person(options["email"], organization)
        try:
            row = self._plan(organization, user, options)
        except Refused as refused:
            raise CommandError(str(refused), returncode=REFUSED) from None
        prepares = options["verb"] in ("plan", "undo")
        if options["wait"] or prepares:
            _advance(row, wait=options["wait"])
        self._print(row, options)
        if code := _exit_code(row):
            sys.exit(code)

    def _plan(self, organization: Organization, user: User, options: dict[str, Any]) -> Plan:
        """Do what the command line says, and return its plan. Raise Refused."""
        needed = Capability.BROWSE if options["verb"] == "show" else Capability.EDIT
        if not organization.allows(user, needed):
            raise Refused("This person's role doesn't allow bulk edits.")
        if options["verb"] == "plan":
            return _make_plan(organization, user, options)
        row = Plan.objects.all().visible_to(user, organization).filter(pk=options["plan"]).first()
        if row is None:
            raise Usage(f"There is no bulk edit {options['plan']} that this person sees.")
        if options["verb"] == "undo":
            return verbs.undo(row, actor=user)
        if options["verb"] == "apply" and row.state == PlanState.PILOT_DONE:
            if options["digest"] != row.digest:
                raise Refused(verbs.CHANGED_MEANWHILE)
            verbs.resume(row, actor=user)
        elif options["verb"] == "apply":
            verbs.apply(row, actor=user, digest=options["digest"], typed_count=options["count"])
        return row

    def _print(self, row: Plan, options: dict[str, Any]) -> None:
        found = _as_json(row)
        if options.get("rows"):
            found["rows"] = [
                {"row": each.number, "id": each.remote_id, "action": each.action, "outcome": each.state}
                for each in row.rows.order_by("number").defer("before", "after").iterator()
            ]
        if options["json"]:
            self.stdout.write(json.dumps(found, indent=2))
            return
        rows = found.pop("rows", [])
        counts = ", ".join(f"{count:,} {name}" for name, count in found.pop("outcomes").items())
        self.stdout.write(f"outcomes: {counts or 'none'}")
        for name, value in found.items():
            if value not in ("", None):
                self.stdout.write(f"{name}: {value}")
        for each in rows:
            self.stdout.write(f"  {each['row']}  {each['id'] or '-'}  {each['action']}  {each['outcome']}")


def _add_operations(parser: argparse.ArgumentParser) -> None:
    many: dict[str, Any] = {"action": "append", "default": []}
    parser.add_argument("--add-group", metavar="NAME", help="add to the owners' groups of this name", **many)
    parser.add_argument("--remove-group", metavar="NAME", help="remove from groups of this name", **many)
    parser.add_argument("--set", metavar="FIELD=VALUE", help="set a field, e.g. city=Duluth", **many)
    parser.add_argument("--clear", metavar="FIELD", help="clear a field", **many)
    parser.add_argument(
        "--custom", metavar="NAME=VALUE", help="set a custom field; no value clears it", **many
    )
    parser.add_argument(
        "--replace",
        nargs=3,
        metavar=("FIELD", "TEXT", "NEW"),
        help="replace a text wherever it occurs in a field",
        **many,
    )
    parser.add_argument("--owner", type=int, metavar="ID", help="give to another owner")
    parser.add_argument("--delete", action="store_true", help="delete the contacts")
    parser.add_argument("--evidence", default="", help="how the contacts gave consent, where it is granted")
    parser.add_argument("--suppress-emails", action="store_true", help="for operators: ask for no emails")


def _person(email: str, organization: Organization) -> User:
    user = User.objects.filter(email__iexact=email, is_active=True).first()
    if user is None or organization.role_of(user) is None:
        raise Usage(f"No operator and no member of {organization.slug} has this email address.")
    return user


def _make_plan(organization: Organization, user: User, options: dict[str, Any]) -> Plan:
    installation = next(
        (
            row
            for row in access.visible_installations(user, organization)
            if row.environment.name == options["environment"]
        ),
        None,
    )
    if installation is None:
        raise Usage(
            f"{organization.slug} isn't connected in an environment called “{options['environment']}”."
        )
    fields = _pairs(options["set"], "--set")
    if twice := fields.keys() & set(options["clear"]):
        raise Usage(f"{sorted(twice)[0]} is both to be set and to be cleared.")
    operations = Operations.checked(
        add_groups=options["add_group"],
        remove_groups=options["remove_group"],
        fields={**fields, **dict.fromkeys(options["clear"], "")},
        custom=_pairs(options["custom"], "--custom"),
        replacements=[Replacement(*given) for given in options["replace"]],
        owner=options["owner"],
        delete=options["delete"],
    )
    if options["delete"] and not organization.allows(user, Capability.EDIT_MANY):
        raise Refused("This person's role doesn't allow deleting contacts.")
    chosen = _chosen(user, installation, options)
    if own := [name for name in operations.fields if name in OF_ONE_CONTACT]:
        chosen = _only_one(chosen, user, installation, FIELDS[own[0]].label)
    evidence = options["evidence"]
    if operations.grants_consent or evidence:
        evidence = approval.clean_evidence(evidence)
    return planning.create(
        installation=installation,
        operations=operations,
        chosen=chosen,
        actor=user,
        suppress_emails=options["suppress_emails"],
        evidence=evidence,
    )


def _only_one(chosen: Chosen, user: User, installation: Installation, label: str) -> Chosen:
    """Return the single contact that is chosen now, by its ID. Raise Refused if there are several."""
    contacts = chosen.apply(access.visible_contacts(user, installation.organization), installation)
    pks = list(contacts.order_by("pk").values_list("pk", flat=True)[:2])
    if len(pks) > 1:
        raise Refused(f"{label} can be set or cleared for one contact at a time.")
    return Chosen(Selection(), tuple(pks))


def _pairs(given: list[str], flag: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in given:
        name, mark, value = each.partition("=")
        if not mark or not name.strip():
            raise Usage(f"Write {flag} NAME=VALUE.")
        if name.strip() in found:
            raise Usage(f"{name.strip()} is given twice.")
        found[name.strip()] = value
    return found


def _chosen(user: User, installation: Installation, options: dict[str, Any]) -> Chosen:
    """Return the chosen contacts. Raise Usage for anything that isn't understood: ignoring it would choose more."""
    if options["query"] is not None:
        query = options["query"].lstrip("?")
        selection = Selection.read(QueryDict(query))
        for name, value in parse_qsl(query, keep_blank_values=True):
            read = getattr(selection, name, None)
            if value.strip() not in (read if isinstance(read, tuple) else (read,)):
                raise Usage(f"The contact list doesn't understand “{name}” in this query.")
        return Chosen(selection, None)
    words = _read(options["ids"]).replace(",", " ").split()
    read = [read_id(word) for word in words]
    ids = {id for id in read if id is not None}
    if None in read or not ids:
        raise Usage("Give contact IDs as numbers, separated by commas, spaces or lines.")
    if len(ids) > MOST_IDS:
        raise Usage(f"Give at most {MOST_IDS:,} IDs, or a --query.")
    contacts = access.visible_contacts(user, installation.organization).filter(installation=installation)
    found = dict(contacts.filter(remote_id__in=ids).values_list("remote_id", "pk"))
    if unknown := sorted(ids - found.keys()):
        raise Usage(f"{len(unknown):,} of these contacts aren't in the synced copy, such as {unknown[0]}.")
    return Chosen(Selection(), tuple(sorted(found.values())))


def _read(name: str) -> str:
    if name == "-":
        return sys.stdin.read()
    try:
        with open(name, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError):
        raise Usage("The file with the IDs can't be read.") from None


def _advance(row: Plan, *, wait: bool) -> None:
    """Work on a plan in this process: once, or until it needs nothing more but a person."""
    while row.is_moving:
        active = _jobs(row)
        for job in active:
            queue.run_now(job)
        row.refresh_from_db()
        if not wait or not row.is_moving or not (active or _jobs(row)):
            return
        waits = [job.waits_until for job in _jobs(row) if job.waits_until]
        left = min(((at - clock.now()).total_seconds() for at in waits), default=0.0)
        time.sleep(min(max(left, 0.2), PAUSE))


def _jobs(row: Plan) -> list[Job]:
    """Return the active jobs that prepare or send a plan, and those that read changes for them."""
    if row.state == PlanState.BUILDING:
        kinds, owners = [jobs.BUILD, sync_jobs.KIND], {"installation": row.installation_id}
        return list(Job.objects.filter(kind__in=kinds, state__in=ACTIVE, **owners).order_by("pk"))
    connections = row.rows.filter(state__in=OPEN_ROWS).order_by().values("connection").distinct()
    kinds = [jobs.APPLY, sync_jobs.KIND]
    found = Job.objects.filter(kind__in=kinds, connection__in=connections, state__in=ACTIVE)
    return list(found.order_by("kind", "pk"))


def _as_json(row: Plan) -> dict[str, Any]:
    counts = row.counts()
    is_open = row.state in (PlanState.READY, PlanState.PILOT_DONE)
    price = cost.of(row, clock.now()) if is_open else None
    path = reverse("bulk_edit", args=[row.installation.organization.slug, row.pk])
    return {
        "plan": row.pk,
        "state": row.state,
        "outcomes": {state.value: counts[state] for state in RowState if state in counts},
        "digest": row.digest,
        "may_email": row.joins_groups and not row.suppress_emails,
        "needs_approval": row.grants_consent and row.approved_at is None and row.undo_of_id is None,
        "calls": price.calls if price else None,
        "finish": price.finish.isoformat() if price and price.finish else None,
        "undo_of": row.undo_of_id,
        "problem": row.problem,
        "waits_for": "; ".join(job.waits_for or job.problem for job in jobs.waits_of(row)),
        "page": f"{settings.PORTAL_URL}{path}",
    }


def _exit_code(row: Plan) -> int:
    if row.state == PlanState.FAILED:
        return REFUSED
    if row.is_moving or row.state == PlanState.PILOT_DONE:
        return WAITS
    unsettled = [RowState.FAILED, RowState.SET_ASIDE, *OPEN_ROWS]
    has_ended = row.state in (PlanState.APPLIED, PlanState.CANCELED)
    return INCOMPLETE if has_ended and row.rows.filter(state__in=unsettled).exists() else DONE

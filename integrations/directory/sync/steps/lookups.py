"""The steps that request records by ID: those that a list didn't show, and those that an earlier pass left out."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from integrations import total_expert
from integrations.connections.grants import ownership
from integrations.directory.models import UNSEEN, Contact, ContactGroup, Visibility
from integrations.directory.sync import store, unread
from integrations.directory.sync.passes import Pass
from integrations.directory.sync.steps import pages
from integrations.total_expert import Client, Rejected, TotalExpertError, TryLater
from portal.core import clock

R = TypeVar("R", total_expert.Contact, total_expert.ContactGroup)
#: Records that are requested between two checkpoints.
AT_ONCE = 25
#: The most contacts that a pass requests by ID when the list itself couldn't be read to its end.
MAX_OF_CUT_LIST = 1000
#: The most contacts left out by earlier passes that one pass requests.
MAX_RETRIED = 500
#: If this many records in a row can't be read, Total Expert may be down.
SUSPICIOUS = 3
#: Unknown groups are the reason to keep a contact among those to read again.
GROUPS_UNKNOWN = "groups_unknown"


@dataclass
class Found(Generic[R]):
    """The result of requesting records by ID. ``merged`` has records whose ID differs from the requested one."""

    found: list[R] = field(default_factory=list)
    merged: dict[int, R] = field(default_factory=dict)
    gone: list[int] = field(default_factory=list)
    failed: dict[int, TotalExpertError] = field(default_factory=dict)

    @property
    def asked(self) -> list[int]:
        """Return the IDs that were requested, which may be fewer than intended if the time was up."""
        return [record.id for record in self.found] + [*self.merged, *self.gone, *self.failed]

    @property
    def records(self) -> list[R]:
        """Return the records that were read."""
        return self.found + list(self.merged.values())


def look_up(pass_: Pass, ids: Sequence[int], get: Callable[[int], R]) -> Found[R]:
    """Request records by ID. Errors that may concern only the record don't stop the others. Raise all other errors."""
    result: Found[R] = Found()
    pass_.begin_read()
    for id in ids:
        if result.asked and not pass_.run.time_left():
            break
        try:
            record = get(id)
        except (Rejected, TryLater) as error:
            if not pages.is_about_request(error):
                raise
            if error.code == "not_found" or error.status == 410:
                result.gone.append(id)
            else:
                result.failed[id] = error
                _wait_if_down(pass_, result, error)
        else:
            if record.id == id:
                result.found.append(record)
            else:
                result.merged[id] = record
    if result.found:
        pass_.state.pop("tries", None)
    return result


def _wait_if_down(pass_: Pass, result: Found[R], error: Rejected | TryLater) -> None:
    if isinstance(error, TryLater) and len(result.failed) == len(result.asked) == SUSPICIOUS:
        pages.wait(pass_, error)


def check_groups(pass_: Pass, client: Client) -> None:
    """Request groups that weren't listed. Only those that Total Expert doesn't find by ID either are gone."""
    connection, owner = pass_.connection, pass_.sync_state.owner
    listed = ContactGroup.objects.filter(installation=connection.installation, gone_at=None)
    if not connection.sees_everything:
        listed = listed.filter(owner=owner) if owner is not None else listed.none()
    missing = listed.filter(
        synced_at__lt=pass_.sync_state.started_at, remote_id__gt=pass_.state.get("after", 0)
    )
    ids = list(missing.order_by("remote_id").values_list("remote_id", flat=True)[:AT_ONCE])
    result = look_up(pass_, ids, client.contact_groups.get)
    with pass_.storing():
        store.groups(result.records, pass_.context())
        gone = [*result.gone, *result.merged]
        listed.filter(remote_id__in=gone).update(gone_at=clock.now())
        if result.failed:
            pass_.log_ids("These groups couldn't be read", result.failed)
        if result.asked:
            pass_.state["after"] = max(result.asked)
        else:
            pass_.state.pop("after", None)
            pass_.start_step("archived")
        pass_.save()


def check_missing(pass_: Pass, client: Client) -> None:
    """Request contacts that a full pass didn't find by ID. Those that Total Expert doesn't find either are lost.

    A contact that this connection lost is marked as gone only if no other connection sees it.
    """
    not_found = Visibility.objects.filter(connection=pass_.connection, pass_number__lt=pass_.state["number"])
    rows = not_found.order_by("pass_number", "contact").values_list("contact__remote_id", flat=True)
    ids = list(rows[:AT_ONCE])
    requested = pass_.state.get("requested", 0)
    if pass_.state.get("is_cut") and requested >= MAX_OF_CUT_LIST:
        ids = []
    result = look_up(pass_, ids, client.contacts.get)
    ownership.refuse_foreign_records(pass_.connection, ownership.contact_records(result.records))
    with pass_.storing():
        _store(pass_, result)
        kept = not_found.filter(contact__remote_id__in=result.asked)
        kept.update(pass_number=pass_.state["number"])
        pass_.state["requested"] = requested + len(result.asked)
        if not ids:
            pass_.state.pop("requested", None)
            pass_.start_step("unread_pages")
        pass_.save()


def read_unread(pass_: Pass, client: Client) -> None:
    """Request contacts that an earlier pass left out and that are due for another try."""
    retried = pass_.state.get("retried", 0)
    ids = unread.due_contacts(pass_.connection, clock.now(), AT_ONCE) if retried < MAX_RETRIED else []
    result = look_up(pass_, ids, client.contacts.get)
    ownership.refuse_foreign_records(pass_.connection, ownership.contact_records(result.records))
    with pass_.storing():
        _store(pass_, result)
        pass_.state["retried"] = retried + len(result.asked)
        if not ids:
            pass_.start_step("counts")
        pass_.save()


def _store(pass_: Pass, result: Found[total_expert.Contact]) -> None:
    outcome = store.contacts(result.records, pass_.context())
    leave_out(pass_, outcome, [record.id for record in result.records])
    for code in sorted({error.code for error in result.failed.values()}):
        ids = [id for id, error in result.failed.items() if error.code == code]
        unread.keep_contacts(pass_.connection, ids, reason=code)
        pass_.log_ids(f"Total Expert can't return these contacts ({code})", ids)
    if result.merged:
        pairs = ", ".join(f"{id} is now {record.id}" for id, record in result.merged.items())
        pass_.run.log(f"Contacts were merged in Total Expert: {pairs}.", level="warning")
    if result.gone:
        pass_.log_ids("Total Expert no longer has these contacts", result.gone)
    _lose(pass_, [*result.gone, *result.merged])


def _lose(pass_: Pass, remote_ids: list[int]) -> None:
    """Record that the connection no longer sees these contacts."""
    lost = Visibility.objects.filter(connection=pass_.connection, contact__remote_id__in=remote_ids)
    contacts = list(lost.values_list("contact", flat=True))
    Visibility.objects.filter(connection=pass_.connection, contact__in=contacts).delete()
    unseen = Contact.objects.filter(UNSEEN, pk__in=contacts)
    Contact.objects.filter(pk__in=list(unseen.values_list("pk", flat=True))).update(gone_at=clock.now())
    unread.drop_contacts(pass_.connection, remote_ids)


def leave_out(pass_: Pass, outcome: store.Stored, ids: Iterable[int]) -> None:
    """Log what couldn't be stored of these contacts and keep it for another try. Forget those that were stored."""
    left = {*outcome.failed, *outcome.unknown_groups}
    unread.drop_contacts(pass_.connection, set(ids) - left)
    if outcome.failed:
        unread.keep_contacts(pass_.connection, outcome.failed, reason="not_stored")
        pass_.log_ids("These contacts couldn't be stored", outcome.failed)
    if outcome.unknown_groups:
        unread.keep_contacts(pass_.connection, outcome.unknown_groups, reason=GROUPS_UNKNOWN)
        sentence = (
            "The groups of these contacts are in an unknown format, so they stay in the groups known before"
        )
        pass_.log_ids(sentence, outcome.unknown_groups)

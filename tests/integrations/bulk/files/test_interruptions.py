"""Imports that are interrupted, and files that are deleted when their time has come."""

from typing import Any

import pytest

from integrations.bulk.files import building, staging, uploads
from integrations.bulk.models import Plan, PlanState, RowState, Upload, UploadChunk
from integrations.connections.models import Connection
from integrations.directory.models import Contact, Owner
from portal.core import clock
from portal.core.errors import Refused
from portal.organizations.models import Membership
from tests.integrations.bulk.files.conftest import Import, csv_of
from tests.world import World

pytestmark = pytest.mark.django_db

HEADS = ("First name", "Last name", "Email")
ANN = ("Ann", "Quill", "ann.quill@new.example")


def test_a_plan_is_the_same_however_often_its_job_is_interrupted(
    owner: Owner, known: Contact, admin: Connection, import_rows: Import, monkeypatch: Any
) -> None:
    monkeypatch.setattr(staging, "CHUNK", 3)
    rows = [(f"Ann{n % 7}", "Quill", f"a{n % 7}@new.example") for n in range(10)]
    rows.insert(5, (known.first_name, known.last_name, known.email))
    whole = import_rows(HEADS, *rows, owner=owner.remote_id)
    assert [row.reason for row in whole.rows.filter(state=RowState.REFUSED).order_by("number")] == [
        f"Row {number} of the file is the same contact. Delete one of the rows." for number in (2, 3, 4)
    ]
    Plan.objects.filter(pk=whole.pk).update(state=PlanState.BUILDING, built_until=0, digest="")
    whole.rows.all().delete()
    upload = Upload.objects.get()
    assert upload.row_count == 11 and not upload.chunks.filter(kind=UploadChunk.Kind.BYTES).exists()
    slices = 0
    while True:
        plan = Plan.objects.get(pk=whole.pk)
        turns = iter([True, False])
        if building.build(plan, has_time=lambda turns=turns: next(turns), saved=lambda done, total: None):
            break
        slices += 1
    assert slices == 4 and plan.counts() == {
        RowState.PLANNED: 7,
        RowState.UNCHANGED: 1,
        RowState.REFUSED: 3,
    }
    plan.refresh_from_db()
    assert (plan.state, plan.digest) == (PlanState.READY, whole.digest)


def test_a_file_is_read_again_from_its_beginning_if_reading_was_interrupted(
    owner: Owner, import_rows: Import, monkeypatch: Any
) -> None:
    monkeypatch.setattr(staging, "CHUNK", 2)
    made = import_rows(
        HEADS, *[(f"Ann{n}", "Quill", f"a{n}@new.example") for n in range(7)], owner=owner.remote_id
    )
    upload = Upload.objects.get()
    content = csv_of([HEADS, *[(f"Ann{n}", "Quill", f"a{n}@new.example") for n in range(7)]])
    upload.chunks.all().delete()
    UploadChunk.objects.create(upload=upload, kind=UploadChunk.Kind.BYTES, number=1, data=content)
    Upload.objects.filter(pk=upload.pk).update(row_count=None)
    upload.refresh_from_db()

    def die(count: int) -> None:
        if count == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        staging.read_rows(upload, saved=die)
    staging.read_rows(upload, saved=lambda count: None)
    assert [row.number for row in staging.all_rows(upload)] == list(range(2, 9))
    assert made.rows.count() == 7


def test_an_import_of_somebody_who_lost_the_role_is_not_prepared(
    world: World, owner: Owner, import_rows: Import
) -> None:
    manager = world.member("admin")
    made = import_rows(HEADS, ANN, owner=owner.remote_id, actor=manager)
    Plan.objects.filter(pk=made.pk).update(state=PlanState.BUILDING)
    Membership.objects.filter(user=manager).update(role="editor")
    plan = Plan.objects.get(pk=made.pk)
    with pytest.raises(Refused, match="may no longer import"):
        building.build(plan, has_time=lambda: True, saved=lambda done, total: None)


def test_files_are_deleted_a_day_after_nothing_was_made_of_them_and_their_content_after_a_month(
    world: World, admin: Connection, owner: Owner, import_rows: Import
) -> None:
    unused = uploads.start(admin.installation, world.operator, name="a.csv", size=100)
    ended = import_rows(HEADS, ANN, owner=owner.remote_id)
    waiting = import_rows(HEADS, ANN, owner=owner.remote_id)
    Plan.objects.filter(pk=ended.pk).update(state=PlanState.CANCELED, finished_at=clock.now())

    def left() -> list[int]:
        uploads.delete_expired()
        return [upload.chunks.count() for upload in Upload.objects.order_by("pk")]

    assert left() == [0, 1, 1]
    clock.advance(25 * 3600)
    assert left() == [1, 1] and not Upload.objects.filter(pk=unused.pk).exists()
    clock.advance(30 * 24 * 3600)
    assert left() == [0, 1], "the content of a plan that waits is needed"
    ended.upload.refresh_from_db()  # type: ignore[union-attr]
    assert ended.upload is not None and ended.upload.deleted_at and not ended.upload.samples
    Plan.objects.filter(pk=waiting.pk).update(state=PlanState.APPLIED, finished_at=clock.now())
    assert left() == [0, 1]
    clock.advance(31 * 24 * 3600)
    assert left() == [0, 0] and Plan.objects.count() == 2

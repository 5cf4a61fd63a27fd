"""Receiving files in pieces, keeping them in the database, and deleting them.

The web server holds a whole request in memory before it passes it on, so files arrive in pieces of 1 MiB. Web processes
and workers may run on different machines, so the pieces are rows.
"""

import datetime as dt
import io
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from integrations.bulk.files import readers
from integrations.bulk.models import Plan, PlanState, RowKey, Upload, UploadChunk
from integrations.connections.models import Installation
from portal.accounts.models import User
from portal.core import clock, text
from portal.core.errors import Refused

#: The largest file, and the size of each of its pieces but the last, in bytes.
LARGEST, PIECE = 200 * 1024 * 1024, 1024 * 1024
#: Rows of a file that the page shows.
SAMPLES = 3
#: The longest cell of them.
LONGEST_SAMPLE = 80
#: The most files that a person can have uploaded without making a plan of them. Another one replaces the oldest.
MOST_UNUSED = 3
#: How long the content of a file is kept without a plan, and after its last plan ended.
UNUSED, USED = dt.timedelta(days=1), dt.timedelta(days=30)
CLEANUP_NAME, CLEANUP_EVERY = "bulk.uploads", dt.timedelta(hours=1)
#: Files whose content is deleted in one run.
BATCH = 20

TOO_LARGE = (
    f"The file is larger than {LARGEST // 1024 // 1024} MB. Split it and upload the parts one after another."
)
INCOMPLETE = "The file didn't arrive completely. Upload it again."
DELETED = "The content of this file was deleted. Upload it again."
_Kind = UploadChunk.Kind


def start(installation: Installation, actor: User, *, name: str, size: int) -> Upload:
    """Begin an upload of a file of ``size`` bytes. Raise Refused if it is empty or too large."""
    if size > LARGEST:
        raise Refused(TOO_LARGE)
    if size <= 0:
        raise Refused("The file is empty. Add a row of column names, and one row for each contact.")
    unused = Upload.objects.filter(created_by=actor, plans=None).order_by("-pk")
    Upload.objects.filter(pk__in=list(unused.values_list("pk", flat=True)[MOST_UNUSED - 1 :])).delete()
    shown = text.clean(name.replace("\\", "/").rpartition("/")[2])[-120:] or "file"
    return Upload.objects.create(
        installation=installation, created_by=actor, created_at=clock.now(), name=shown, size=size
    )


def receive(upload: Upload, number: int, data: bytes) -> None:
    """Store a piece, counted from 1, and read the file's head when the last one has arrived. Raise Refused.

    Pieces arrive in order. A piece that has arrived already is ignored, because its answer may have been lost.
    """
    expected = min(PIECE, upload.size - (number - 1) * PIECE)
    if number < 1 or expected <= 0 or len(data) != expected:
        raise Refused(INCOMPLETE)
    begin = (number - 1) * PIECE
    with transaction.atomic():
        waiting = Upload.objects.filter(pk=upload.pk, received=begin)
        if not waiting.update(received=F("received") + len(data)):
            upload.refresh_from_db()
            if upload.received < begin:
                raise Refused(INCOMPLETE)
            return
        UploadChunk.objects.create(upload=upload, kind=_Kind.BYTES, number=number, data=data)
    upload.refresh_from_db()
    if upload.is_complete:
        inspect(upload)


def inspect(upload: Upload) -> None:
    """Read the head and the first rows of a file that has arrived. Raise Refused, and delete it, if it can't be read."""
    try:
        table = readers.open_table(content(upload))
        samples = []
        for row in table.rows:
            samples.append([cell[:LONGEST_SAMPLE] for cell in row.cells])
            if len(samples) == SAMPLES:
                break
        if not samples:
            raise Refused("The file has no rows below its head. Add one row for each contact.")
    except Refused:
        upload.delete()
        raise
    upload.heads, upload.samples, upload.notes = table.heads, _storable(samples), table.notes
    upload.save(update_fields=["heads", "samples", "notes"])


def content(upload: Upload) -> io.BufferedReader:
    """Return the bytes of a file, to be read from any position in flat memory."""
    return io.BufferedReader(_Content(upload), buffer_size=PIECE)


def delete_expired() -> None:
    """Delete files that were left without a plan, and the content of files whose plans ended long ago."""
    now = clock.now()
    unused = Upload.objects.filter(plans=None, created_at__lt=now - UNUSED)
    Upload.objects.filter(pk__in=list(unused.values_list("pk", flat=True)[:BATCH])).delete()
    plans = Plan.objects.filter(upload__isnull=False).exclude(state=PlanState.BUILDING)
    RowKey.objects.filter(plan__in=plans).delete()  # of plans that were canceled while they were prepared
    ended = [PlanState.APPLIED, PlanState.CANCELED, PlanState.FAILED]
    recent = Plan.objects.filter(upload__isnull=False).filter(
        ~Q(state__in=ended) | Q(created_at__gt=now - USED) | Q(finished_at__gt=now - USED)
    )
    expired = Upload.objects.filter(deleted_at=None, created_at__lt=now - USED).exclude(
        pk__in=recent.values("upload")
    )
    for upload in expired[:BATCH]:
        delete_content(upload)


def delete_content(upload: Upload) -> None:
    """Delete what a file contained. Its name, and what its plans made of it, stay."""
    with transaction.atomic():
        upload.chunks.all().delete()
        Upload.objects.filter(pk=upload.pk).update(deleted_at=clock.now(), samples=[])


def _storable(samples: list[list[str]]) -> list[list[str]]:
    """Return cells without what PostgreSQL can't store in JSON."""
    return [[text.visible(cell) for cell in row] for row in samples]


class _Content(io.RawIOBase):
    """The bytes of an upload as a file."""

    def __init__(self, upload: Upload) -> None:
        self._upload = upload
        self._at = 0
        self._number, self._data = 0, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        begin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._upload.size}[whence]
        self._at = max(0, begin + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        number, place = self._at // PIECE + 1, self._at % PIECE
        if self._at >= self._upload.size:
            return 0
        if number != self._number:
            rows = UploadChunk.objects.filter(upload=self._upload, kind=_Kind.BYTES, number=number)
            data = rows.values_list("data", flat=True).first()
            if data is None:
                raise Refused(DELETED)
            self._number, self._data = number, bytes(data)
        part = self._data[place : place + len(view)]
        view[: len(part)] = part
        self._at += len(part)
        return len(part)

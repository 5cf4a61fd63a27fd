"""The rows of a file, read once and kept in chunks: reading an XLSX file can't begin in the middle, making a plan can."""

import json
import zlib
from collections.abc import Callable, Iterator

from django.db import transaction

from integrations.bulk.files import readers, uploads
from integrations.bulk.files.readers import Row
from integrations.bulk.models import Upload, UploadChunk
from portal.core.errors import Refused

#: Rows of a chunk. A slice of the job writes their plan in one transaction.
CHUNK = 500
_ROWS, _BYTES = UploadChunk.Kind.ROWS, UploadChunk.Kind.BYTES


def read_rows(upload: Upload, *, saved: Callable[[int], None]) -> None:
    """Read all rows of a file into chunks, unless they are there. Raise Refused if it can't be read to its end.

    ``saved`` is called with the number of rows in the transaction that stores a chunk. A reading that was interrupted
    begins again.
    """
    if upload.deleted_at is not None:
        raise Refused(uploads.DELETED)
    if upload.row_count is not None:
        return
    upload.chunks.filter(kind=_ROWS).delete()
    count, number, chunk = 0, 0, []
    for row in readers.open_table(uploads.content(upload)).rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            count, number = count + len(chunk), number + 1
            with transaction.atomic():
                _store(upload, number, chunk)
                saved(count)
            chunk = []
    with transaction.atomic():
        _store(upload, number + 1, chunk)
        upload.row_count = count + len(chunk)
        upload.save(update_fields=["row_count"])
        upload.chunks.filter(kind=_BYTES).delete()
        saved(upload.row_count)


def rows_of(upload: Upload, number: int) -> list[Row]:
    """Return the rows of a chunk, counted from 1. None are left if there are none. Raise Refused if they were deleted."""
    rows = UploadChunk.objects.filter(upload=upload, kind=_ROWS, number=number)
    data = rows.values_list("data", flat=True).first()
    if data is None:
        if not upload.chunks.exists():
            raise Refused(uploads.DELETED)
        return []
    return [Row(*each) for each in json.loads(zlib.decompress(bytes(data)))]


def all_rows(upload: Upload) -> Iterator[Row]:
    """Yield all rows of a file, chunk by chunk."""
    number = 1
    while rows := rows_of(upload, number):
        yield from rows
        number += 1


def _store(upload: Upload, number: int, rows: list[Row]) -> None:
    data = zlib.compress(json.dumps(rows).encode(), 1)
    UploadChunk.objects.create(upload=upload, kind=_ROWS, number=number, data=data)

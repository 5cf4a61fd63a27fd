"""Files of organizations: read as people save them, and refused in a sentence whatever is sent."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.onboarding.bulk import files
from portal.core.errors import Refused

HEADER = "name,client_id,client_secret"
CANARY = "secret-canary-5e1d"


def read(text: str) -> list[dict[str, str]]:
    return [record.cells for record in files.read(text.encode())]


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return file.getvalue()


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_it_is_read_however_a_spreadsheet_saved_it(separator: str, end: str, mark: str) -> None:
    lines = [["Client ID", "NAME", "client-secret"], ["id-1", "Ährenfeld Bank", "s3cret"]]
    (found,) = read(mark + end.join(separator.join(line) for line in lines) + end)
    assert (found["name"], found["client_id"], found["client_secret"]) == ("Ährenfeld Bank", "id-1", "s3cret")
    assert found["environment"] == found["admin_email"] == ""


def test_a_comma_in_a_name_separated_by_semicolons_is_part_of_it() -> None:
    (found,) = read("name;client_id;client_secret\nSmith, Jones & Co;id;secret\n")
    assert found["name"] == "Smith, Jones & Co"


def test_rows_are_numbered_as_a_spreadsheet_does_and_empty_ones_are_left_out() -> None:
    text = f'{HEADER}\n\n"Two\nlines",id,secret\n,,\nLast,id2,secret\n'
    assert [record.number for record in files.read(text.encode())] == [3, 5]


def test_the_template_is_a_file_that_only_lacks_rows() -> None:
    with pytest.raises(Refused, match="no rows below its header"):
        read(files.template())
    assert len(read(files.template() + "Cedar,ct,id,secret,ada@cedar.example\n")) == 1


def test_a_row_with_more_cells_than_the_header_is_shifted() -> None:
    rows = files.read(f"{HEADER}\nSmith, Jones,id,secret\nCedar,id,secret,,\n".encode())
    assert [row.is_shifted for row in rows] == [True, False]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b" \r\n \t", "empty"),
        (zipped(), "an archive, not a CSV file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "not a CSV file"),
        (HEADER.encode("utf-16"), "UTF-16"),
        (f"{HEADER}\nÄhre,id,{CANARY}\n".encode("cp1252"), "not a CSV file in UTF-8: line 2"),
        (f"{HEADER}\nCedar\0,id,{CANARY}\n".encode(), "characters that text files can't contain"),
        (f"{HEADER}\n".encode("utf-16-le"), "characters that text files can't contain"),
        (f"{HEADER}\nCedar,id,{'x' * 200_000}\n".encode(), "can't be read near line 2"),
        (f'{HEADER}\n"Cedar,id,{CANARY}\nBirch,id,b\n'.encode(), "quotation mark is not closed"),
        (b"x" * 1_000_001, "larger than 1 MB"),
        (f"{HEADER}\n".encode() + b"a,b,c\n" * 2001, "more than 2,000 rows"),
        (f"Cedar,id,{CANARY}\n".encode(), "Missing: “name” and “client_id” and “client_secret”"),
        (f"name;client_id;secret\nCedar;id;{CANARY}\n".encode(), "Missing: “client_secret”"),
        (f"{HEADER},Client Secret\na,b,c,{CANARY}\n".encode(), "contains “client_secret” twice"),
        (b"," * 900_000 + b"\n", "no rows|Missing"),
        (b"name" + b",x" * 400_000 + b"\n", "more than 50 columns"),
        (f"{HEADER}\n{',' * 900_000}\n".encode(), "no rows below"),
        (b'"' * 999_999, "can't be read|Missing"),
        (b"%PDF-1.7 name,client_id,client_secret", "not a CSV file"),
    ],
)
def test_a_file_that_is_not_such_a_csv_is_refused_with_what_to_do(content: bytes, says: str) -> None:
    with pytest.raises(Refused, match=says) as refused:
        files.read(content)
    assert CANARY not in str(refused.value)
    # Python's own message may contain the file
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@given(
    st.one_of(st.binary(max_size=400), st.text(alphabet='name,client_id;secret\t\r\n"\0=@é', max_size=400))
)
def test_anything_at_all_is_read_or_refused(content: bytes | str) -> None:
    raw = content if isinstance(content, bytes) else f"{HEADER}\n{content}".encode()
    try:
        assert files.read(raw)
    except Refused as refused:
        assert str(refused).endswith((".", "”"))


def test_a_record_shows_nothing_of_what_it_holds() -> None:
    (record,) = files.read(f"{HEADER}\nCedar,id,{CANARY}\n".encode())
    assert CANARY not in repr(record)

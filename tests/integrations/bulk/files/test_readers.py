"""CSV and XLSX files of all kinds are read as people see them, or refused with one sentence."""

import csv
import datetime as dt
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.bulk.files.readers import Table, open_table, tables, text, workbook
from portal.core.errors import Refused
from tests.integrations.bulk.files.odd_files import HEADS, ROW, archive, changed, ole, sheet, xlsx

GOOD = "First name,Last name,Email\nAnn,Quill,ann@example.com\n"


def opened(content: bytes | str) -> Table:
    return open_table(io.BytesIO(content.encode() if isinstance(content, str) else content))


def read(content: bytes | str) -> tuple[list[str], list[list[str]]]:
    table = opened(content)
    return table.heads, [row.cells for row in table.rows]


def problem(content: bytes | str) -> str:
    with pytest.raises(Refused) as caught:
        list(opened(content).rows)
    return str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        GOOD.encode(),
        GOOD.encode("utf-8-sig"),
        GOOD.encode("utf-16"),
        GOOD.encode("utf-16-le"),
        GOOD.encode("utf-16-be"),
        GOOD.encode("utf-32"),
        GOOD.replace(",", ";").encode(),
        GOOD.replace(",", "\t").encode(),
        GOOD.replace(",", "|").encode("utf-16"),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace("\n", "\r").encode(),
        GOOD.rstrip().encode(),
        ("\n\n" + GOOD).encode(),
        (",,\n" + GOOD + ",,\n\n").encode(),
        ("sep=;\n" + GOOD.replace(",", ";")).encode(),
        ("sep=,\r\n" + GOOD.replace("\n", "\r\n")).encode("utf-8-sig"),
        GOOD.replace("Email", "Email,,").replace("example.com", "example.com,,").encode(),
        b'"First name","Last name","Email"\n"Ann","Quill","ann@example.com"\n',
        xlsx([HEADS, ROW]),
        xlsx([[], [], HEADS, [], ROW]),
        xlsx([HEADS, ROW], strings_to_numbers=True),
        sheet(
            "<row>"
            + "".join(f'<c t="inlineStr"><is><t>{head}</t></is></c>' for head in HEADS)
            + "</row><row>"
            + "".join(f'<c t="str"><v>{cell}</v></c>' for cell in ROW)
            + "</row>"
        ),
    ],
)
def test_the_same_table_is_read_however_it_was_saved(content: bytes) -> None:
    heads, rows = read(content)
    assert heads == HEADS
    assert [row[:3] for row in rows if any(row)] == [ROW]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty"),
        (b"\xef\xbb\xbf", "The file is empty"),
        (b"  \r\n \n", "The file is empty"),
        (b",,,\n,,\n", "The file is empty"),
        (xlsx([]), "The file is empty"),
        (xlsx([["", " "], []]), "The file is empty"),
        ("Ann,Quill,ann@example.com\n", "Row 1 must contain the names of the columns, but column C"),
        ("\nAnn,612 555 0100\n", "Row 2 must contain the names of the columns, but column B"),
        (xlsx([ROW]), "Row 1 must contain the names"),
        (GOOD + 'Bo,"Lund,bo@example.com\nCy,Dahl,\n', "Row 3, column B: a quotation mark isn't closed"),
        (GOOD + 'Bo,Lund,"' + "x" * 200_000, "Row 3, column C: a quotation mark isn't closed"),
        (GOOD + 'Bo,"L""un""d","Lu"nd\n', "Row 3, column C: text follows a closing quotation mark"),
        (GOOD + '"B,o","L""un""\nd,Lund\n', "Row 3, column B: a quotation mark isn't closed"),
        (GOOD + 'Bo,"Lu"nd,x\n', "Row 3, column B: text follows a closing quotation mark"),
        (GOOD + "x" * 1_100_000 + "\n", "Row 3 is too long"),
        (",".join(f"C{number}" for number in range(201)), "The file has 201 columns"),
        (xlsx([[f"C{number}" for number in range(201)]]), "The file has 201 columns"),
        (sheet('<row><c r="XFD1" t="str"><v>x</v></c></row>'), "columns. At most 200"),
        (b"a,b\0c\n" + bytes(50), "bytes that no text contains"),
        (bytes(5000), "not a CSV or XLSX file"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "This is a PDF"),
        (b"\x89PNG\r\n\x1a\n", "This is a picture"),
        (b"\x1f\x8b\x08\x00aaaa", "This is a compressed file"),
        (b"{\\rtf1 hello", "This is a text document"),
        (b"<html><table><tr><td>Ann</td></tr></table>", "This is a web page"),
        (ole(encrypted=True), "protected by a password"),
        (ole(encrypted=False), "old .xls format"),
        (archive(a=b"x"), "This is an archive or a document"),
        (archive(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"), "OpenDocument"),
        (archive(**{"[Content_Types].xml": b"", "xl__workbook.bin": b"x"}), ".xlsb"),
        (archive(**{"[Content_Types].xml": b"", "word__document.xml": b"x"}), "an archive or a document"),
        (xlsx([HEADS, ROW])[:-200], "The file is"),
        (xlsx([HEADS, ROW])[:2000], "incomplete"),
        (changed(xlsx([HEADS, ROW]), "xl/workbook.xml", lambda _: b""), "damaged"),
        (changed(xlsx([HEADS, ROW]), "xl/workbook.xml", lambda _: b"<workbook"), "damaged"),
        (changed(xlsx([HEADS, ROW]), "xl/worksheets/sheet1.xml", lambda data: data[:-60]), "damaged"),
        (changed(xlsx([HEADS, ROW]), "xl/worksheets/sheet1.xml", lambda _: b""), "no visible worksheet"),
        (changed(xlsx([HEADS, ROW]), "xl/sharedStrings.xml", lambda _: b"<sst/>"), "damaged"),
        (sheet('<row><c r="7" t="str"><v>x</v></c></row>'), "damaged"),
        (sheet('<row r="99999999"/>'), "damaged"),
        (sheet(f'<row><c r="A1" t="str"><v>{"x" * 200_000}</v></c></row>'), "more than 131,072 characters"),
    ],
)
def test_a_file_that_cant_be_read_is_refused_with_a_sentence(content: bytes | str, sentence: str) -> None:
    found = problem(content)
    assert sentence in found
    assert found.endswith(".") and len(found) < 300
    assert not any(private in found for private in ("Quill", "ann@", "Lund")), "no content of the file"


@pytest.mark.parametrize(
    ("declaration", "part"),
    [
        ('<!DOCTYPE x [<!ENTITY a "aaaa">]>', "xl/worksheets/sheet1.xml"),
        ('<!DOCTYPE x [<!ENTITY a "aaaa">]>', "xl/sharedStrings.xml"),
        ('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>', "xl/workbook.xml"),
        ('<!DOCTYPE x SYSTEM "http://attacker.example/x.dtd">', "xl/styles.xml"),
    ],
)
def test_a_workbook_that_declares_entities_is_refused(declaration: str, part: str) -> None:
    def declare(data: bytes) -> bytes:
        return data.replace(b"?>", b"?>" + declaration.encode(), 1)

    assert "damaged" in problem(changed(xlsx([HEADS, ROW]), part, declare))


def test_a_workbook_that_unpacks_to_far_more_is_refused(monkeypatch: Any) -> None:
    bomb = sheet('<row r="1"><c t="str"><v>x</v></c></row>' + '<row><c t="str"/></row>' * 20_000)
    monkeypatch.setattr(workbook, "MOST_SHEET", 100_000)
    assert len(bomb) < 20_000 and "too large" in problem(bomb)
    monkeypatch.undo()
    monkeypatch.setattr(workbook, "MOST_CELLS", 1000)
    assert "more than 1,000 cells" in problem(bomb)
    monkeypatch.setattr(workbook, "MOST_TEXTS", 3)
    assert "too much text" in problem(xlsx([HEADS, ROW]))
    monkeypatch.setattr(workbook, "MOST_OTHER", 100)
    assert "too many formats" in problem(xlsx([HEADS, ROW]))
    monkeypatch.undo()
    monkeypatch.setattr(workbook, "MOST_BETWEEN_ROWS", 100_000)
    endless = sheet("<row>" + '<c t="str"><v>x</v></c>' * 100_000 + "</row>")
    assert "too long" in problem(endless)
    monkeypatch.setattr("integrations.bulk.files.readers.kinds.MOST_PARTS", 3)
    assert "too many parts" in problem(xlsx([HEADS, ROW]))


def test_a_file_with_too_many_rows_is_refused(monkeypatch: Any) -> None:
    monkeypatch.setattr(tables, "MOST_ROWS", 3)
    assert len(read("A\n" + "x\n\n" * 3)[1]) == 3
    assert "more than 3 rows" in problem("A\n" + "x\n" * 4)
    assert "more than 3 rows" in problem(xlsx([["A"], *[["x"]] * 4]))


@pytest.mark.parametrize(
    ("heads", "told_apart"),
    [
        ("Phone,Phone", ["Phone (column A)", "Phone (column B)"]),
        (
            "Name,phone,PHONE , Name",
            ["Name (column A)", "phone (column B)", "PHONE (column C)", "Name (column D)"],
        ),
        ("Name,,Phone", ["Name", "Column B", "Phone"]),
        ("Name,Phone,,", ["Name", "Phone"]),
        ("Name," + "x" * 300, ["Name", "x" * 80]),
        ("Na\u200bme,\u202ePhone", ["Name", "Phone"]),
    ],
)
def test_columns_without_a_name_of_their_own_are_told_apart(heads: str, told_apart: list[str]) -> None:
    assert read(heads + "\nx,y\n")[0] == told_apart


def test_rows_keep_their_numbers_and_all_their_cells() -> None:
    rows = list(opened('\nA,B\n\n1,2,3\n"x\ny",z\nq\n').rows)
    assert [(row.number, row.cells) for row in rows] == [
        (4, ["1", "2", "3"]),
        (5, ["x\ny", "z"]),
        (6, ["q"]),
    ]
    found = opened(xlsx([[], ["A", "B"], [], ["1", "2", "3"], ["q"]])).rows
    assert [(row.number, row.cells) for row in found] == [(4, ["1", "2", "3"]), (5, ["q"])]


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (6125551212, None, "6125551212"),
        (16125551212.0, None, "16125551212"),
        (2134, "00000", "02134"),
        (21341234, "00000-0000", "02134-1234"),
        (6125551212, "(000) 000-0000", "(612) 555-1212"),
        (0.1 + 0.2, None, "0.3"),
        (1e20, None, "100000000000000000000"),
        (1234.5, "#,##0.00", "1234.5"),
        (0.0625, "0.00%", "6.25%"),
        (dt.datetime(1984, 2, 29), "m/d/yyyy", "1984-02-29"),
        (dt.datetime(2026, 3, 1, 14, 30), "m/d/yyyy h:mm", "2026-03-01 14:30:00"),
        (dt.date(2026, 12, 31), "dd. mmmm yyyy", "2026-12-31"),
        (True, None, "TRUE"),
        ("=1+1", None, "=1+1"),
        ("_x000D_line", None, "_x000D_line"),
    ],
)
@pytest.mark.parametrize("is_1904", [False, True])
def test_numbers_and_dates_of_workbooks_are_read_as_people_see_them(
    value: Any, code: str | None, shown: str, is_1904: bool
) -> None:
    def put(workbook: Any, sheet: Any) -> None:
        style = workbook.add_format({"num_format": code}) if code else None
        write = sheet.write_string if isinstance(value, str) else sheet.write
        write(1, 0, value, style)

    assert read(xlsx([["A"]], setup=put, date_1904=is_1904)) == (["A"], [[shown]])


def test_formulas_are_read_as_the_values_that_were_stored_with_them() -> None:
    def put(workbook: Any, sheet: Any) -> None:
        sheet.write_formula(1, 0, '=HYPERLINK("http://attacker.example")', None, "Ann")
        sheet.write_formula(1, 1, "=1/0", None, "#DIV/0!")

    assert read(xlsx([["A", "B"]], setup=put))[1] == [["Ann", "#DIV/0!"]]
    without = sheet('<row><c t="str"><v>A</v></c></row><row><c><f>NOW()</f></c></row>')
    assert read(without)[1] == []


def test_the_first_visible_worksheet_is_read_and_the_page_says_so() -> None:
    def put(workbook: Any, sheet: Any) -> None:
        sheet.hide()
        second = workbook.add_worksheet("People")
        second.write_row(0, 0, HEADS)
        second.activate()
        second.set_first_sheet()
        workbook.add_worksheet("More")

    table = opened(xlsx([["Hidden"]], setup=put))
    assert table.heads == HEADS
    assert table.notes == ["Worksheet: “People”.", "The other 1 worksheets of the workbook aren't read."]


def test_texts_in_several_formats_and_with_phonetic_hints_are_whole() -> None:
    def put(workbook: Any, sheet: Any) -> None:
        bold = workbook.add_format({"bold": True})
        sheet.write_rich_string(1, 0, "An", bold, "ne ", "Quill")

    assert read(xlsx([["A"]], setup=put))[1] == [["Anne Quill"]]
    hints = "<si><t>課</t><rPh sb='0' eb='1'><t>カ</t></rPh></si>".encode()
    content = changed(
        xlsx([["A"], ["B"]]),
        "xl/sharedStrings.xml",
        lambda data: data.replace(b"<si><t>B</t></si>", hints),
    )
    assert read(content)[1] == [["課"]]


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("cp1252", "Muñoz O’Brien"),
        ("cp1252", "José"),
        ("cp1252", "ÉMILE"),
        ("cp1252", "Zoë – Åsa"),
        ("latin-1", "François"),
        ("mac_roman", "François Lefèvre"),
        ("cp1251", "Иван Петров"),
        ("cp932", "山田 太郎"),
        ("cp949", "김철수 서울특별시 강남구"),
        ("utf-8", "김철수 José"),
        ("utf-16", "山田 José"),
    ],
)
def test_letters_beyond_ascii_survive_in_the_usual_encodings(encoding: str, name: str) -> None:
    filler = "".join(f"Ann{number},Quill\n" for number in range(5000))
    content = ("A,B\n" + filler + f"{name},x\n").encode(encoding)
    table = opened(content)
    assert list(table.rows)[-1].cells == [name, "x"]
    assert ("(assumed)" in table.notes[0]) is not encoding.startswith("utf")


CELLS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], include_characters="\n\t,;|\"'é"),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=6),
    delimiter=st.sampled_from(sorted(text.DELIMITERS)),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_a_spreadsheet_program_saves_is_read_back(
    rows: list[list[str]], delimiter: str, encoding: str, quoting: Any, end: str
) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, quoting=quoting, lineterminator=end)
    writer.writerows([HEADS, *rows])
    heads, found = read(file.getvalue().encode(encoding))
    assert heads == HEADS
    assert found == [row for row in rows if any(cell.strip() for cell in row)]


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.binary(max_size=400), st.binary(max_size=200).map(lambda data: GOOD.encode() + data)))
def test_no_file_breaks_the_reader(content: bytes) -> None:
    try:
        table = opened(content)
        for row in table.rows:
            assert all(isinstance(cell, str) for cell in row.cells)
    except Refused as refused:
        assert str(refused).endswith(".")


@settings(max_examples=40, deadline=None)
@given(place=st.integers(0, 5000), byte=st.integers(0, 255))
def test_no_damaged_workbook_breaks_the_reader(place: int, byte: int) -> None:
    content = bytearray(xlsx([HEADS, ROW, [1, dt.date(2026, 1, 1)]], default_date_format="yyyy"))
    content[place % len(content)] = byte
    try:
        list(opened(bytes(content)).rows)
    except Refused as refused:
        assert str(refused).endswith(".")

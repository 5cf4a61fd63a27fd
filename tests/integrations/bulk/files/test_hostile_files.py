"""Files made to exhaust memory or time are refused with a sentence, or read quickly."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from integrations.bulk.files.readers import cells, tables, text, workbook
from tests.integrations.bulk.files.odd_files import HEADS, ROW, changed, renamed, xlsx
from tests.integrations.bulk.files.test_readers import problem, read

SHEET, TEXTS, STYLES = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"
#: Names that say nothing about what a part is.
NAMES = [
    "xl/data.bin",
    "xl/media/image1.png",
    "xl/charts/chart1.xml",
    "xl/worksheets/sheet9.xml",
    "xl/sharedStrings.xml",
]
Change = Callable[[bytes], bytes]


def padded(size: int) -> Change:
    """Add a comment of so many bytes to the end of a part."""
    return lambda data: data + b"<!--" + b"x" * size + b"-->"


def declared(encoding: str) -> Change:
    """Add a document type after the XML declaration, in this encoding."""

    def change(data: bytes) -> bytes:
        body = data.decode().partition("?>")[2]
        return f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x>{body}'.encode(encoding)

    return change


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("part", "limit", "sentence"),
    [
        (SHEET, "MOST_SHEET", "too large"),
        (SHEET, "MOST_BETWEEN_ROWS", "too long"),
        (TEXTS, "MOST_TEXTS", "too much text"),
    ],
)
def test_a_part_is_bounded_by_what_it_is_read_as_whatever_its_name(
    name: str, part: str, limit: str, sentence: str, monkeypatch: Any
) -> None:
    content = xlsx([HEADS, ROW])
    if name == TEXTS != part:
        content = renamed(content, TEXTS, "xl/texts.bin")
    book = renamed(changed(content, part, padded(20_000)), part, name)
    assert read(book)[0] == HEADS
    monkeypatch.setattr(workbook, limit, 10_000)
    assert sentence in problem(book)


@pytest.mark.parametrize("part", [SHEET, TEXTS, STYLES, "xl/workbook.xml", "[Content_Types].xml"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused_in_every_part_and_encoding(part: str, encoding: str) -> None:
    book = changed(xlsx([HEADS, ROW]), part, declared(encoding))
    if part in (SHEET, TEXTS):
        book = renamed(book, part, "xl/data.bin")
    assert "damaged" in problem(book)


@pytest.mark.parametrize(
    "part", ["[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", STYLES]
)
def test_every_other_part_is_bounded(part: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(workbook, "MOST_OTHER", 10_000)
    assert "too many formats" in problem(changed(xlsx([HEADS, ROW]), part, padded(20_000)))


def test_the_parts_are_bounded_together(monkeypatch: Any) -> None:
    monkeypatch.setattr(workbook, "MOST_OTHERS", 3_000)
    assert "too many formats" in problem(xlsx([HEADS, ROW]))


def test_only_the_worksheet_that_is_read_is_opened(monkeypatch: Any) -> None:
    def put(book: Any, first: Any) -> None:
        book.add_worksheet("More").write_row(0, 0, ["x"] * 10)
        chart = book.add_chartsheet()
        line = book.add_chart({"type": "line"})
        line.add_series({"values": "=More!$A$1:$B$1"})
        chart.set_chart(line)

    book = xlsx([HEADS, ROW], setup=put)
    for part in ("xl/worksheets/sheet2.xml", "xl/chartsheets/sheet1.xml", "xl/drawings/drawing1.xml"):
        book = changed(book, part, padded(20_000))
    monkeypatch.setattr(workbook, "MOST_OTHER", 10_000)
    assert read(book) == (HEADS, [ROW])


@pytest.mark.parametrize("code", ["[" * 20_000, "0" * 300, '"x' * 150, "[x]" * 17 + "0"])
def test_a_number_format_that_takes_long_to_search_is_refused(code: str) -> None:
    def put(book: Any, first: Any) -> None:
        first.write(1, 0, 5, book.add_format({"num_format": code}))

    assert "number format" in problem(xlsx([["A"]], setup=put))


@pytest.mark.parametrize("code", ["0" * 200_000 + "x", "0-" * 100_000 + "x", "#," * 100_000 + "0x", "0" * 65])
def test_a_number_in_a_long_format_is_read_plainly(code: str) -> None:
    class Cell:
        value, number_format = 12.0, code

    assert cells.text_of(Cell()) == "12"
    assert cells._formatted(Decimal(12), "0" * 64) == "12".zfill(64)


@pytest.mark.parametrize(
    ("head", "repeated", "times"),
    [
        ('a,"\n', '","\n', 700_000),
        ('a,"\r\n', '","\r\n', 700_000),
        ('a,"\n', '";"\n', 700_000),
        ('a,"', '"",', 700_000),
        ('a,"', "\n", 1_500_000),
        ("a,", "b,", 700_000),
        ("a,", '"\n",', 700_000),
    ],
)
def test_a_row_that_does_not_end_is_refused(head: str, repeated: str, times: int) -> None:
    content = "A,B\n" + head + repeated * times
    found = problem(content)
    assert found.startswith("Row 2") and found.endswith(".")


def test_a_row_is_bounded_in_cells() -> None:
    assert len(read("A,B\n" + "," * (text.MOST_CELLS - 1) + "x\n")[1][0]) == text.MOST_CELLS
    for line in ("," * text.MOST_CELLS + "x", '"x",' * text.MOST_CELLS, "x," * text.MOST_CELLS):
        assert "more than 16,384 cells" in problem("A,B\n" + line + "\n")


@pytest.mark.parametrize("blank", ["\n", "\r\n", "\r", ",\n", " \n", '""\n', ",,,\r\n"])
def test_blank_rows_count_toward_a_limit(blank: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(tables, "MOST_ROWS", 10)
    assert read("A,B\n" + blank * 28 + "x,y\n")[1] == [["x", "y"]]
    for content in ("A,B\nx,y\n" + blank * 29, blank * 30 + "A,B\nx,y\n", ("x" + blank) * 2 + blank * 40):
        assert "more than 30 rows with the blank ones" in problem(content)

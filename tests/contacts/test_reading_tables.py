"""Rows of tables: what is good comes through, what is broken is one refused row."""

import datetime as dt
import tracemalloc
from pathlib import Path

import openpyxl
import pytest

from enishi.contacts.importing.sniff import Limits, sniff
from enishi.contacts.importing.tables import Row, rows


def read(tmp_path: Path, data: bytes, **limits: int) -> list[Row]:
    path = tmp_path / "list.csv"
    path.write_bytes(data)
    return list(rows(path, sniff(path, limits=Limits(**limits))))


def codes(found: list[Row]) -> list[tuple[int, str]]:
    return [(row.number, row.problem.code) for row in found if row.problem]


GOOD = "Ann,Bath,1\nBob,York,2\nCid,Ely,3\nDan,Hove,4\nEve,Leek,5\n"


def test_rows_are_numbered_as_a_spreadsheet_shows_them(tmp_path):
    found = read(tmp_path, b'Name,Note\nAnn,"two\nlines"\n\nBob,one\n')
    assert [(row.number, row.line, row.cells) for row in found] == [
        (2, 2, ["Ann", "two\nlines"]),
        (4, 5, ["Bob", "one"]),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_all_systems(tmp_path, end):
    found = read(tmp_path, f"Name,City,No\n{GOOD}".replace("\n", end).encode())
    assert [row.cells[0] for row in found] == ["Ann", "Bob", "Cid", "Dan", "Eve"]


def test_mixed_line_ends(tmp_path):
    assert [row.cells for row in read(tmp_path, b"Name,City\r\nAnn,Bath\nBob,York\rCid,Ely")] == [
        ["Ann", "Bath"],
        ["Bob", "York"],
        ["Cid", "Ely"],
    ]


def test_rows_with_too_many_or_too_few_cells_are_refused_alone(tmp_path):
    found = read(tmp_path, f"Name,City,No\n{GOOD}Fay,Rye\nGus,Wem,7,more\nHal,Diss,8,,\n".encode())
    assert codes(found) == [(7, "too_few"), (8, "too_many")]
    assert found[-1].cells == ["Hal", "Diss", "8"]


def test_rows_that_excel_ends_early_are_filled_up(tmp_path):
    facts_rows = read(tmp_path, b"Name,City,Note\nAnn,Bath\nBob,York\nCid,Ely,x\nDan,Hove\n")
    assert [row.cells for row in facts_rows] == [
        ["Ann", "Bath", ""],
        ["Bob", "York", ""],
        ["Cid", "Ely", "x"],
        ["Dan", "Hove", ""],
    ]


def test_an_unclosed_quote_names_its_row_and_loses_no_other(tmp_path):
    found = read(tmp_path, f'Name,City,No\n{GOOD}Fay,"Rye,6\nGus,Wem,7\nHal,Diss,8\n'.encode())
    assert codes(found) == [(7, "open_quote")]
    assert found[5].cells == ['Fay,"Rye,6']
    assert [row.cells[0] for row in found if not row.problem] == [
        "Ann",
        "Bob",
        "Cid",
        "Dan",
        "Eve",
        "Gus",
        "Hal",
    ]


def test_an_unclosed_quote_at_the_top_of_a_long_file(tmp_path):
    body = "".join(f"Person {i},City,{i}\n" for i in range(30_000))
    found = read(tmp_path, f'Name,City,No\nAnn,"Bath,0\n{body}'.encode())
    assert codes(found) == [(2, "open_quote")]
    assert len(found) == 30_001
    assert found[-1].cells == ["Person 29999", "City", "29999"]
    assert found[-1].number == 30_002


def test_bytes_that_are_no_text_refuse_their_row(tmp_path):
    good = "".join(f"佐藤{i},横浜\n" for i in range(100)).encode()
    found = read(tmp_path, "氏名,市\n".encode() + good + b"T\xffnaka,Kobe\n" + b"x\xed\xa0\x80,Kobe\n" + good)
    assert codes(found) == [(102, "bytes"), (103, "bytes")]
    assert found[100].cells == ["T\ufffdnaka", "Kobe"]
    assert len(found) == 202


def test_null_characters_are_left_out_and_told(tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes(b"Name,City\n" + b"Ann Example,Bath\n" * 100 + b"B\0ob,York\n")
    facts = sniff(path)
    assert [warning.code for warning in facts.warnings] == ["null_characters"]
    assert [row.cells for row in rows(path, facts)][-1] == ["Bob", "York"]


def test_too_long_cells_and_lines_refuse_their_row(tmp_path):
    long = "x" * 140_000
    assert codes(read(tmp_path, f"Name,City,No\n{GOOD}{long},Rye,6\nGus,Wem,7\n".encode())) == [
        (7, "long_cell")
    ]
    found = read(tmp_path, f"Name,City,No\n{GOOD}{long},Rye,6\nGus,Wem,7\n".encode(), line=100_000)
    assert codes(found) == [(7, "long_line")]
    assert found[-1].cells == ["Gus", "Wem", "7"]


def test_a_first_row_longer_than_the_sample_is_refused_alone(tmp_path):
    found = read(tmp_path, b"Name,City\n" + b"x" * 5_000_000 + b"\nAnn,Bath\n")
    assert codes(found) == [(2, "long_line")]
    assert found[1].cells == ["Ann", "Bath"]


def test_text_that_looks_like_a_formula_stays_text(tmp_path):
    found = read(tmp_path, b"Name,City\n=1+1,Bath\n@SUM(A1),York\n+44,Ely\n")
    assert [row.cells[0] for row in found] == ["=1+1", "@SUM(A1)", "+44"]


def test_memory_does_not_grow_with_the_file(tmp_path):
    path = tmp_path / "big.csv"
    path.write_text(
        "Name,Mail,City\n" + "".join(f"Person {i},p{i}@mail.example,Bath\n" for i in range(200_000))
    )
    facts = sniff(path)
    tracemalloc.start()
    assert sum(1 for _ in rows(path, facts)) == 200_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


def book(tmp_path: Path) -> Path:
    workbook = openpyxl.Workbook()
    workbook.active.title = "Cover"
    sheet = workbook.create_sheet("People")
    sheet["B2"] = "Exported from the register"
    for column, header in enumerate(["Name", "Phone", "Born", "Member", "Fee", "Formula"], start=2):
        sheet.cell(4, column, header)
    for column, value in enumerate(
        ["佐藤 花子", 9055500101, dt.date(1980, 4, 1), True, 12.5, "=1+1"], start=2
    ):
        sheet.cell(5, column, value)
    sheet["B7"] = "Ann Example"
    sheet["C7"] = "090-5550-0102"
    path = tmp_path / "list.xlsx"
    workbook.save(path)
    return path


def test_workbook_rows_are_typed_text(tmp_path):
    path = book(tmp_path)
    facts = sniff(path)
    assert (facts.sheet, facts.sheets) == ("People", ("Cover", "People"))
    assert facts.headers == ("Name", "Phone", "Born", "Member", "Fee", "Formula")
    assert [warning.code for warning in facts.warnings] == ["formula_without_value", "preamble"]
    assert [(row.number, row.cells) for row in rows(path, facts)] == [
        (5, ["佐藤 花子", "9055500101", "1980-04-01", "TRUE", "12.5", ""]),
        (7, ["Ann Example", "090-5550-0102", "", "", "", ""]),
    ]

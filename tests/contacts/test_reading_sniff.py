"""What sniff finds out about a file, on the smallest files that people upload."""

import codecs
import io
import zipfile
from pathlib import Path

import openpyxl
import pytest

from enishi.contacts.importing.archive import ArchiveLimits
from enishi.contacts.importing.reasons import Unreadable
from enishi.contacts.importing.sniff import Kind, Limits, sniff

JAPANESE = (
    "会社名,氏名,電話番号\r\n縁側建設株式会社,佐藤 花子,03-5550-0101\r\n汐見信用金庫,髙橋 健,03-5550-0102\r\n"
)
FRENCH = "Nom;Prénom;Société;Ville\r\nLefèvre;Zoé;Énergie du Littoral;Saint-Méen\r\nMüller;Hélène;Café crème;Nîmes\r\n"
PERSIAN = "نام,نام خانوادگی,شهر\r\nزهرا,کاظمی,تهران\r\nرضا,محمدي,اصفهان\r\n"


def write(tmp_path: Path, data: bytes, name: str = "list.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("text", "encoding", "found"),
    [
        (JAPANESE, "utf-8", "utf-8"),
        (JAPANESE, "utf-8-sig", "utf-8-sig"),
        (JAPANESE, "cp932", "cp932"),
        (JAPANESE.replace("髙", "高"), "euc_jp", "euc_jp"),
        (JAPANESE.replace("髙", "高"), "iso2022_jp", "iso2022_jp"),
        (JAPANESE, "utf-16-le", "utf-16-le"),
        (JAPANESE, "utf-16-be", "utf-16-be"),
        (JAPANESE, "utf-16", "utf-16"),
        (FRENCH, "utf-8", "utf-8"),
        (FRENCH, "cp1252", "cp1252"),
        (FRENCH, "mac_roman", "mac_roman"),
        (FRENCH, "utf-16-le", "utf-16-le"),
        (PERSIAN, "utf-8", "utf-8"),
        (PERSIAN.replace("ی", "ي"), "cp1256", "cp1256"),
        (PERSIAN, "utf-16-be", "utf-16-be"),
        ("name,city\nAnn Example,Bath\n", "ascii", "utf-8"),
        ("name,city\nZoe Lefèvre,Bath\n", "cp1252", "cp1252"),
        ("name,city\nJürgen Groß,Köln\nBjörn Ødegård,Ålesund\n", "cp1252", "cp1252"),
        ("name,city\n田中,東京\n", "cp932", "cp932"),
        ("name,kana\nTanaka,ﾀﾅｶ ﾀﾛｳ\nSato,ｻﾄｳ ﾊﾅｺ\n", "cp932", "cp932"),
        ("name,city\nرضا,شيراز\n", "cp1256", "cp1256"),
    ],
)
def test_encoding_is_found_on_files_of_a_few_rows(tmp_path, text, encoding, found):
    path = write(tmp_path, text.encode(encoding))
    facts = sniff(path)
    assert facts.encoding == found
    rows = text.splitlines()
    delimiter = ";" if ";" in rows[0] else ","
    assert facts.headers == tuple(rows[0].split(delimiter))
    assert facts.sample == tuple(tuple(row.split(delimiter)) for row in rows[1:])


def test_letters_after_a_megabyte_of_ascii_decide(tmp_path):
    data = "name,city\n" + "Ann Example,Bath\n" * 70_000 + "佐藤花子,横浜\n"
    assert sniff(write(tmp_path, data.encode("cp932"))).encoding == "cp932"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_found_though_texts_hold_others(tmp_path, delimiter):
    rows = [
        ["Name", "Amount", "Note"],
        ["Ann", '"1,50"', '"a; b"'],
        ["Bob", '"2,75"', '"c | d, e"'],
        ["Cid", '"3,10"', '"x; y"'],
    ]
    facts = sniff(write(tmp_path, "\r\n".join(delimiter.join(row) for row in rows).encode()))
    assert facts.delimiter == delimiter
    assert facts.kind is (Kind.TSV if delimiter == "\t" else Kind.CSV)
    assert facts.headers == ("Name", "Amount", "Note")
    assert facts.decimal == ","


def test_the_line_of_excel_that_names_the_delimiter_is_no_row(tmp_path):
    facts = sniff(write(tmp_path, b"sep=;\r\nName;City\r\nAnn;Bath\r\n"))
    assert (facts.delimiter, facts.header_row, facts.data_from) == (";", 2, 3)
    assert facts.headers == ("Name", "City")


def test_single_quotes_are_found(tmp_path):
    facts = sniff(write(tmp_path, b"'Name','City'\n'Example, Ann','Bath'\n'Sample, Bob','York'\n"))
    assert facts.quote == "'"
    assert facts.sample[0] == ("Example, Ann", "Bath")


def test_lines_above_the_header_are_skipped_and_told(tmp_path):
    text = "List of members\r\nMade on 3 May 2031\r\n\r\nName,Mail,City\r\nAnn,ann@mail.example,Bath\r\nBob,bob@mail.example,York\r\n"
    facts = sniff(write(tmp_path, text.encode()))
    assert (facts.header_row, facts.data_from) == (4, 5)
    assert facts.headers == ("Name", "Mail", "City")
    assert [warning.code for warning in facts.warnings] == ["preamble"]
    assert facts.warnings[0].params == {"count": 3}


def test_a_table_without_header_gets_letters(tmp_path):
    facts = sniff(write(tmp_path, b"Ann,ann@mail.example,Bath\nBob,bob@mail.example,York\n"))
    assert (facts.header_row, facts.data_from, facts.headers) == (0, 1, ("A", "B", "C"))
    assert facts.approximate_rows == 2


def test_headers_become_unique_and_named(tmp_path):
    facts = sniff(write(tmp_path, b"Name,Phone,Phone,,Phone (2)\nAnn,1,2,3,4\nBob,1,2,3,4\n"))
    assert facts.headers == ("Name", "Phone", "Phone (3)", "D", "Phone (2)")
    assert [warning.code for warning in facts.warnings] == ["duplicate_header", "blank_header"]


def test_rows_are_estimated(tmp_path):
    data = b"Name,City\n" + b"Ann Example,Bath\n" * 50_000
    assert 49_000 <= sniff(write(tmp_path, data)).approximate_rows <= 51_000
    quoted = b"Name,Note\n" + b'Ann,"one\ntwo\nthree"\n' * 20_000
    assert 19_000 <= sniff(write(tmp_path, quoted)).approximate_rows <= 21_000


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann\r\nEND:VCARD\r\n", Kind.VCARD),
        (codecs.BOM_UTF8 + b"\r\nbegin:vcard\r\n", Kind.VCARD),
        ("BEGIN:VCARD\r\nFN:佐藤\r\nEND:VCARD\r\n".encode("utf-16"), Kind.VCARD),
        (
            b"From ann@mail.example Thu Jan  1 10:00:00 2031\nFrom: ann@mail.example\nSubject: x\n\nx",
            Kind.MBOX,
        ),
        (
            b"Return-Path: <ann@mail.example>\r\nFrom: ann@mail.example\r\nSubject: hello\r\n\r\nhello",
            Kind.EML,
        ),
    ],
)
def test_kinds_that_are_no_tables(tmp_path, data, kind):
    assert sniff(write(tmp_path, data)).kind is kind


def zipped(**parts: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/"), data)
    return buffer.getvalue()


def workbook(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def str_or_place(value):
    return value if isinstance(value, str) else "file"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b" \r\n \r\n", "empty"),
        (b"Name,City\r\n", "only_header"),
        (bytes(range(256)) * 40, "binary"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 100, "binary"),
        (b"%PDF-1.7 text", "binary"),
        (b"<html><table><tr><td>Name</td></tr></table></html>", "html"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"),
            "encrypted",
        ),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "Workbook".encode("utf-16-le"),
            "old_spreadsheet",
        ),
        (zipped(**{"content.xml": b"<x/>"}), "old_spreadsheet"),
        (zipped(xl__workbook=b"")[:40], "damaged"),
        (workbook([["Name", "City"], ["Ann", "Bath"]])[:2000], "damaged"),
        (workbook([[f"c{i}" for i in range(10_000)], ["x"]]), "too_many_columns"),
        ((",".join(f"c{i}" for i in range(10_000)) + "\n" + "," * 9_999).encode(), "too_many_columns"),
        (workbook([]), "no_sheet"),
        (zipped(**{"xl/workbook.xml": b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'}), "doctype"),
    ],
    # Archives hold the time: bytes as names would differ from one run to the next.
    ids=str_or_place,
)
def test_what_cannot_be_imported_is_refused_in_words(tmp_path, data, code):
    with pytest.raises(Unreadable) as refused:
        sniff(write(tmp_path, data))
    assert refused.value.reason.code == code
    assert "%(" not in str(refused.value)


def test_too_large_a_file_is_refused_by_its_size(tmp_path):
    with pytest.raises(Unreadable) as refused:
        sniff(write(tmp_path, b"Name,City\nAnn,Bath\n" * 100), limits=Limits(file_bytes=1000))
    assert refused.value.reason.code == "too_large"


def test_zip_bombs_are_refused_by_their_directory(tmp_path):
    bomb = write(
        tmp_path,
        zipped(**{"xl/workbook.xml": b"<x/>", "xl/worksheets/sheet1.xml": b"0" * 20_000_000}),
        "b.xlsx",
    )
    with pytest.raises(Unreadable) as refused:
        sniff(bomb)
    assert refused.value.reason.code == "ratio"
    with pytest.raises(Unreadable) as refused:
        sniff(bomb, limits=Limits(archive=ArchiveLimits(unpacked_bytes=1_000_000)))
    assert refused.value.reason.code == "bomb"


def test_two_cells_in_opposite_corners_are_refused(tmp_path):
    book = openpyxl.Workbook()
    book.active["A1"] = "Name"
    book.active["ZZ1048576"] = "far"
    book.save(tmp_path / "far.xlsx")
    with pytest.raises(Unreadable) as refused:
        sniff(tmp_path / "far.xlsx")
    assert refused.value.reason.code == "too_many_cells"


def test_a_chosen_encoding_and_delimiter_overrule(tmp_path):
    facts = sniff(write(tmp_path, FRENCH.encode("cp1252")), chosen_encoding="latin-1", chosen_delimiter=";")
    assert (facts.encoding, facts.encoding_found.code) == ("latin-1", "chosen")
    with pytest.raises(Unreadable):
        sniff(write(tmp_path, FRENCH.encode("cp1252")), chosen_encoding="no-such")

"""Reports as files: the same bytes each time, safe in spreadsheets, readable in every script, and checked by themselves."""

from __future__ import annotations

import csv
import io
import json
import zipfile

import docx
import openpyxl
import pytest
from pypdf import PdfReader

from enishi.reports import queries, services
from enishi.reports.package import NotAPackage, check_package
from enishi.timeline.models import Entry
from reports.world import promises, say


def _take(here, report, format) -> bytes:
    taken = services.take(here.agent, queries.report(here.agent, report.pk), format)
    with taken.file as file:
        return file.read()


@pytest.mark.parametrize("format", services.FORMATS)
def test_the_same_report_gives_the_same_bytes(here, format):
    report = here.report()
    first = _take(here, report, format)
    say(here.agent, here.project, "Later", here.aoi)
    assert _take(here, report, format) == first
    entry = Entry.objects.unscoped("test").filter(event="reports.report_taken").first()
    assert entry is not None
    assert entry.data["format"] == format
    assert len(entry.data["sha256"]) == 64


def test_pdf_is_tagged_and_its_words_can_be_read(here):
    reader = PdfReader(io.BytesIO(_take(here, here.report(), "pdf")))
    text = "\n".join(page.extract_text() for page in reader.pages)
    assert "We talked with 2 people" in text
    assert "Night noise" in text
    assert "مهتدی" in text
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"].value is True
    assert "/StructTreeRoot" in reader.trailer["/Root"]
    assert reader.metadata is not None
    assert reader.metadata.title == "We talked with 2 people, 1 of them for the first time"


def test_persian_pdf_runs_from_right_to_left(here):
    report = here.report(language="fa")
    reader = PdfReader(io.BytesIO(_take(here, report, "pdf")))
    assert reader.trailer["/Root"]["/Lang"] == "fa"
    text = "\n".join(page.extract_text() for page in reader.pages)
    assert "شیرین" in text
    assert "مهتدی" in text
    assert "۱۴۰۵" in report.paper["subtitle"]


def test_xlsx_holds_texts_and_dates_and_no_formula(here):
    book = openpyxl.load_workbook(io.BytesIO(_take(here, here.report(), "xlsx")))
    assert book.sheetnames == ["Conversations", "People reached, by tag", "About this report"]
    sheet = book["Conversations"]
    rows = list(sheet.iter_rows())
    assert [cell.value for cell in rows[0]][:5] == ["When", "Channel", "Direction", "With", "Subject"]
    assert rows[1][0].value.isoformat() == "2026-10-18T09:40:00"
    assert rows[1][0].number_format == "yyyy\\-mm\\-dd\\ hh:mm"
    assert (rows[3][4].value, rows[3][4].data_type) == ("=HYPERLINK(1)", "s")
    assert not any(cell.data_type == "f" for row in rows for cell in row)
    assert book["About this report"]["A1"].value == "We talked with 2 people, 1 of them for the first time"


def test_csv_is_guarded_against_formulas(here):
    text = _take(here, here.report(), "csv").decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0][:2] == ["When", "Channel"]
    assert rows[1][0] == "2026-10-18T09:40+00:00"
    assert [row[4] for row in rows[1:]] == ["Night noise", "Berths", "'=HYPERLINK(1)"]


def test_docx_to_write_on(here):
    promises(here)
    word = docx.Document(io.BytesIO(_take(here, here.report(definition="promises"), "docx")))
    assert word.paragraphs[0].text == "We kept 1 of 2 promises in time; 1 is late"
    cells = [cell.text for table in word.tables for row in table.rows for cell in row.cells]
    assert "Mend the fence" in cells


def _altered(package: bytes, name: str, old: bytes, new: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as source, zipfile.ZipFile(out, "w") as target:
        for info in source.infolist():
            data = source.read(info)
            if info.filename == name:
                assert data.count(old) >= 1
                data = data.replace(old, new, 1)
            target.writestr(info, data)
    return out.getvalue()


def test_a_package_is_checked_without_a_database(here, tmp_path, django_db_blocker):
    report = here.report()
    path = tmp_path / "report.zip"
    path.write_bytes(_take(here, report, "zip"))
    with django_db_blocker.block():
        found = check_package(path)
    assert (found.holds, found.rows, found.report_id, found.sha256) == (True, 4, report.pk, report.sha256)
    with zipfile.ZipFile(path) as archive:
        assert set(archive.namelist()) == {
            "tables/register.jsonl", "tables/register.leaves", "register.csv", "tables/groups.jsonl", "tables/groups.leaves",
            "groups.csv", "report.pdf", "report.xlsx", "report.docx", "paper.json", "HOW-TO-CHECK.txt", "manifest.json",
        }  # fmt: skip
        assert json.loads(archive.read("manifest.json"))["report"] == report.manifest


@pytest.mark.parametrize(
    ("name", "old", "new", "broken"),
    [
        ("tables/register.jsonl", b"Berths", b"Berthz", ("tables/register.jsonl, row 2",)),
        ("tables/groups.jsonl", b"hidden", b"hiddem", ("tables/groups.jsonl, row 1",)),
        ("paper.json", b"2 people", b"9 people", ("paper.json",)),
        ("register.csv", b"Berths", b"Berthz", ("register.csv",)),
        ("report.pdf", b"%PDF-1", b"%PDF-2", ("report.pdf",)),
        ("manifest.json", b'"rows":3', b'"rows":4', ("manifest.json", "tables/register.leaves")),
    ],
)
def test_one_altered_byte_is_named(here, tmp_path, name, old, new, broken):
    path = tmp_path / "report.zip"
    path.write_bytes(_altered(_take(here, here.report(), "zip"), name, old, new))
    assert check_package(path).broken == broken


def test_a_package_still_proves_after_an_erasure(here, tmp_path):
    report = here.report()
    services.redact(here.manager, party_id=here.shirin.pk, words=["شیرین مهتدی"])
    path = tmp_path / "report.zip"
    path.write_bytes(_take(here, report, "zip"))
    found = check_package(path)
    assert (found.holds, found.sha256) == (True, report.sha256)
    with zipfile.ZipFile(path) as archive:
        assert not any("مهتدی".encode() in archive.read(name) for name in archive.namelist())


def test_a_file_that_is_no_package(tmp_path):
    path = tmp_path / "list.zip"
    path.write_bytes(b"no archive")
    with pytest.raises(NotAPackage):
        check_package(path)

"""Files and folders from the command line: every one imported or set aside with a reason, and nothing twice."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

import factories
from enishi.accounts.models import Project
from enishi.config.cli import main
from enishi.contacts.importing.protocol import ImportOptions, ImportReport, sources
from enishi.contacts.models import ContactPoint, ImportRun, Party, Quarantined, Relation
from enishi.contacts.services.importing import import_files

pytestmark = pytest.mark.django_db
LIST = "Name,Email,Phone\nAline Mercier,aline@mercier.example,06 39 98 01 01\nBrune Castel,brune@castel.example,0639\n"


@pytest.fixture
def project():
    return factories.project("Wind", country="FR")


def imported(project, *paths: Path, **options) -> ImportReport:
    return import_files(
        factories.SYSTEM, list(sources(paths)), project_id=project.pk, options=ImportOptions(**options)
    )


def contacts() -> int:
    return Party.objects.unscoped("t").present().count()


def test_every_shared_card_is_imported_once(project, shared_data):
    folder = shared_data / "vcard"
    first = imported(project, folder)
    assert len(list(folder.iterdir())) == 9
    assert (first.read, first.refused, first.quarantined) == (15, [], [])
    assert first.created + first.updated + first.duplicate == 15
    there, points = contacts(), ContactPoint.objects.count()
    second = imported(project, folder)
    assert (second.read, second.unchanged) == (15, 15)
    assert (contacts(), ContactPoint.objects.count()) == (there, points)


def test_the_command_prints_what_came_of_it(project, tmp_path, capsys):
    (tmp_path / "list.csv").write_text(LIST)
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0" + b"\0" * 50)
    assert main(["import", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {
        "read": 2,
        "created": 1,
        "updated": 0,
        "unchanged": 0,
        "duplicate": 0,
        "refused": [
            {
                "file": "list.csv",
                "row": 3,
                "column": "Phone",
                "reason": "“0639” has too few digits for a phone number. Is the area code missing?",
            }
        ],
        "quarantined": [
            {
                "file": "photo.jpg",
                "item": "",
                "reason": "This is not a table, a vCard or a mail archive. Save the list as CSV or XLSX and upload that.",
            }
        ],
    }
    assert Quarantined.objects.get().sha256 == ImportRun.objects.unscoped("t").get(state="failed").sha256
    assert main(["import", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "read 2: created 0, updated 0, unchanged 1" in out
    assert "refused: list.csv, row 3, column Phone: “0639” has too few digits" in out
    assert Quarantined.objects.count() == 1


def test_a_dry_run_changes_nothing(project, tmp_path, capsys):
    (tmp_path / "list.csv").write_text(LIST)
    assert main(["import", str(tmp_path / "list.csv"), "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["created"] == 1
    assert contacts() == 0
    assert not ImportRun.objects.unscoped("t").exists()


def test_which_project_is_meant(tmp_path, capsys):
    file = tmp_path / "list.csv"
    file.write_text(LIST)
    assert main(["import", str(file), "--country", "fr"]) == 0
    assert Project.objects.get().name == "General"
    factories.project("Wind", code="wind")
    capsys.readouterr()
    assert main(["import", str(file), "--country", "fr", "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["unchanged"] == 1
    assert told.err == (
        "Into “General”; another project is named by --project. There are: general (General), wind (Wind)\n"
    )
    assert main(["import", str(file), "--project", "sea"]) == 2
    assert "there is no project “sea”. There are: general (General), wind (Wind)" in capsys.readouterr().err
    assert main(["import", str(file), "--project", "wind", "--country", "fr"]) == 0
    assert Party.objects.unscoped("t").get(full_name="Aline Mercier").project_ids == [
        Project.objects.get(name="General").pk,
        Project.objects.get(code="wind").pk,
    ]


def test_among_projects_of_which_none_is_named_a_general_one_is_made(tmp_path, capsys):
    file = tmp_path / "list.csv"
    file.write_text(LIST)
    factories.project("Wind", code="wind")
    factories.project("Sea", code="sea")
    assert main(["import", str(file), "--country", "fr"]) == 0
    assert Party.objects.unscoped("t").get(full_name="Aline Mercier").project_ids == [
        Project.objects.get(code="general").pk
    ]
    assert "Into “General”" in capsys.readouterr().err


def test_nothing_that_could_be_read_is_a_failure(project, tmp_path, capsys):
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0" + b"\0" * 50)
    assert main(["import", str(tmp_path)]) == 1
    assert main(["import", str(tmp_path / "missing.csv")]) == 1
    assert "no such file or folder" in capsys.readouterr().err


def test_a_known_export_needs_no_mapping(project, tmp_path):
    lines = [
        "作成日時,2026/11/01", "件数,1", "※1", "※2", "※3",
        "会社名,部署名,役職,氏名,e-mail,郵便番号,住所,TEL会社,TEL部門,TEL直通,Fax,携帯電話,URL,名刺交換日",
        "水無瀬クレーン株式会社,営業部,部長,水無瀬 亮太,r.minase@minase.example,220-0012,横浜市西区1-2-3,,,,,,,2026/04/12",
    ]  # fmt: skip
    lines += [
        f"榊商店株式会社,総務部,,榊 悠斗{n},yuto{n}@sakaki.example,,,,,,,,,2026/04/13" for n in range(4)
    ]
    file = tmp_path / "eight.csv"
    file.write_bytes("\r\n".join(lines).encode("utf-8-sig"))
    report = imported(project, file)
    assert (report.read, report.created, report.refused) == (5, 5, [])
    tie = Relation.objects.get(source__full_name="水無瀬 亮太")
    assert (tie.source.full_name, tie.target.full_name, tie.department, tie.title, str(tie.seen_on)) == (
        "水無瀬 亮太", "水無瀬クレーン株式会社", "営業部", "部長", "2026-04-12",
    )  # fmt: skip
    wrong = imported(project, file, preset="sap")
    assert wrong.quarantined[0].reason.startswith("There is no preset “sap”. There are: ")


def test_tables_in_old_encodings(project, tmp_path):
    (tmp_path / "cp932.csv").write_bytes("氏名,電話番号\r\n髙橋 葵,03-3000-0116\r\n".encode("cp932"))
    (tmp_path / "utf16.tsv").write_bytes(
        "Name\tEmail\r\nشیرین مهتدی\tshirin@mohtadi.example\r\n".encode("utf-16")
    )
    report = imported(project, tmp_path, country="JP")
    assert (report.created, report.refused, report.quarantined) == (2, [], [])
    assert set(Party.objects.unscoped("t").values_list("full_name", flat=True)) == {"髙橋 葵", "شیرین مهتدی"}


def test_formula_cells_and_sheets(project, tmp_path):
    book = Workbook()
    sheet = book.active
    sheet.append(["Name", "Email"])
    sheet.append(["=1+1", "a@b.example"])
    sheet.append(["Aline Mercier", "aline@mercier.example"])
    book.save(tmp_path / "list.xlsx")
    report = imported(project, tmp_path / "list.xlsx")
    assert report.created == 2
    assert Party.objects.unscoped("t").filter(full_name="a@b.example").exists()


# --- hostile files: in words, and nothing good lost


def test_a_zip_bomb_is_not_opened(project, tmp_path):
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"\0" * (64 << 20))
    (aside,) = imported(project, bomb).quarantined
    assert "unpacks to" in aside.reason
    assert aside.file == "bomb.xlsx"


def test_ten_thousand_columns(project, tmp_path):
    file = tmp_path / "wide.csv"
    file.write_text(",".join(f"c{n}" for n in range(10_000)) + "\n" + ",".join("x" * 10_000) + "\n")
    (aside,) = imported(project, file).quarantined
    assert aside.reason == (
        "The file has 10000 columns; the limit is 1000. Is the delimiter right? Remove what is not needed."
    )


@pytest.mark.parametrize(
    "name",
    [
        "\ud83d Lonely",
        "Null\x00in the middle",
        "x" * 5_000,
        "\u202edetrever",
        "'; DROP TABLE contacts_party; --",
        "{{ 7 * 7 }} %(x)s %s {0}",
        "\\N",
        '"quoted\tand\\back\nslash"',
    ],
)
def test_names_that_mean_harm_are_names_or_refused(project, tmp_path, name):
    file = tmp_path / "list.csv"
    cell = name.replace('"', '""')
    file.write_bytes(
        f'Name,Email\n"{cell}",a@b.example\nAline Mercier,aline@m.example\n'.encode("utf-8", "surrogatepass")
    )
    report = imported(project, file)
    assert report.read == 2
    assert report.created + len(report.refused) == 2
    assert Party.objects.unscoped("t").filter(full_name="Aline Mercier").exists()
    assert not Party.objects.unscoped("t").filter(full_name__contains="\u202e").exists()


def test_rows_with_too_many_cells_are_refused_alone(project, tmp_path):
    (tmp_path / "list.csv").write_text(
        "Name,Email\nA,a@b.example\nB,b@b.example,more,and more\nC,c@b.example\n"
    )
    report = imported(project, tmp_path)
    assert report.created == 2
    assert [(row.row, row.column, row.reason) for row in report.refused] == [
        (3, "", "The row has 4 cells, the header has 2. Is a delimiter inside a text without quotes?")
    ]


def test_a_file_beyond_the_limit_is_refused_with_the_limit(project, tmp_path):
    file = tmp_path / "huge.csv"
    with file.open("wb") as out:
        out.write(b"Name,Email\n")
        out.truncate(513 << 20)
    source = next(sources([file]))
    assert str(source.problem) == "The file has 513 MB; the limit is 512 MB. Split it and import the parts."

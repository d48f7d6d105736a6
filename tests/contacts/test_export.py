"""Taking contacts out: what is in the file, what never is, and that it can be taken in again."""

from __future__ import annotations

import csv
import io
import json

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from enishi.accounts.access import Actor, Forbidden, Level
from enishi.accounts.models import User
from enishi.config.cli import main
from enishi.contacts import services
from enishi.contacts.importing.mapping.columns import apply
from enishi.contacts.importing.presets import detect_preset, mapping_for
from enishi.contacts.importing.tables import Row
from enishi.contacts.models import Field, RelationType
from enishi.contacts.queries import filters
from enishi.contacts.queries.lists import ListSpec
from enishi.contacts.services import PointDraft, change_party, exporting, relate, set_tags, set_values
from enishi.contacts.services.bulk import Selection
from enishi.core.documents.cells import _NUMBER
from enishi.timeline.models import Entry
from factories import SYSTEM, agent, outsider, party, project

EVERYBODY = Selection(spec=ListSpec())


def _table(actor: Actor, selection: Selection = EVERYBODY, *, columns=None) -> list[dict[str, str]]:
    started = exporting.start_export(actor, selection, format="csv", columns=columns)
    text = b"".join(exporting.csv_lines(started)).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _rich(where, name="Ada Vale"):
    one = party(where, name, family_name="Vale", given_name="Ada", language="fr", email="ada@vale.example")
    for kind, typed, label in (
        ("email", "home@vale.example", "home"),
        ("phone", "+81 90 0000 0173", "mobile"),
    ):
        services.save_point(SYSTEM, one, PointDraft(kind=kind, typed=typed, label=label))
    address = PointDraft(
        kind="address",
        typed="",
        parts={"street": "1 Quay", "city": "Brest", "postcode": "29200", "country": "FR"},
    )
    services.save_point(SYSTEM, one, address, country="FR")
    set_tags(SYSTEM, one, [services.tag_by_path(SYSTEM, "Media / Press")])
    firm = party(where, "Harbour Office", kind="organisation")
    relate(
        SYSTEM, one, firm, kind=RelationType.objects.get(code="works-for"), title="Pilot", department="North"
    )
    field = services.save_field(SYSTEM, label="Boats", kind=Field.Kind.NUMBER)
    set_values(SYSTEM, one, {field: "2"})
    services.set_external_id(SYSTEM, one, system="crm", value="77")
    return one


@pytest.mark.django_db
def test_everything_of_a_contact_is_in_the_file():
    where = project("Tidewall")
    one = _rich(where)
    row = next(r for r in _table(agent(where)) if r["Name"] == "Ada Vale")
    said = {name: value for name, value in row.items() if value and name not in {"Created", "Changed"}}
    assert said == {
        "Enishi ID": str(one.pk), "Kind": "person", "Name": "Ada Vale", "Family name": "Vale", "Given name": "Ada",
        "Organisation": "Harbour Office", "Job title": "Pilot", "Department": "North",
        "E-mail 1": "ada@vale.example", "E-mail 1 use": "work", "E-mail 2": "home@vale.example", "E-mail 2 use": "home",
        "Phone 1": "+819000000173", "Phone 1 use": "mobile", "Address 1 street": "1 Quay", "Address 1 postcode": "29200",
        "Address 1 city": "Brest", "Address 1 country": "FR", "Address 1 use": "work", "Language": "fr",
        "Tags": "Media / Press", "Projects": "Tidewall", "Confidentiality": "Internal", "Field: boats": "2", "ID: crm": "77",
    }  # fmt: skip


@pytest.mark.django_db
def test_what_was_exported_is_read_back():
    where = project()
    _rich(where)
    started = exporting.start_export(agent(where), EVERYBODY, format="csv")
    text = b"".join(exporting.csv_lines(started)).decode("utf-8-sig")
    headers, *lines = list(csv.reader(io.StringIO(text, newline="")))
    preset = detect_preset(headers)
    assert preset is not None and preset.code == "enishi"
    drafts = [apply(mapping_for(preset, headers), Row(n, cells)) for n, cells in enumerate(lines, 2)]
    draft = next(d for d in drafts if d.text("full_name") == "Ada Vale")
    assert {code: reading.value for code, reading in draft.texts.items()} == {
        "party_kind": "person", "full_name": "Ada Vale", "family_name": "Vale", "given_name": "Ada", "language": "fr",
    }  # fmt: skip
    assert [(p.value, p.kind) for p in draft.emails] == [
        ("ada@vale.example", "work"),
        ("home@vale.example", "private"),
    ]
    assert [(p.value, p.kind) for p in draft.phones] == [("+819000000173", "mobile")]
    assert {code: r.value for code, r in draft.addresses[0].parts.items()} == {
        "street": "1 Quay", "postcode": "29200", "city": "Brest", "country": "FR",
    }  # fmt: skip
    assert draft.affiliations[0].organisation.value == "Harbour Office"
    assert [tag.value for tag in draft.tags] == ["Media / Press"]
    assert draft.keyed["custom"]["boats"].value == "2"
    assert draft.keyed["external_id"]["crm"].value == "77"
    assert next(d for d in drafts if d.text("full_name") == "Harbour Office").is_organisation


@pytest.mark.django_db
def test_only_what_one_may_see_and_may_export():
    where, other = project(), project()
    party(where, "Open Person"), party(where, "Secret Person", confidentiality=Level.CONFIDENTIAL)
    party(other, "Elsewhere")
    assert [row["Name"] for row in _table(agent(where))] == ["Open Person"]
    assert _table(outsider()) == []
    with pytest.raises(Forbidden):
        _table(agent(where, codes=["contacts.view"]))


@pytest.mark.django_db
def test_a_hidden_employer_and_its_columns_leave_no_trace():
    where = project()
    one = party(where, "Ada")
    firm = party(where, "Secret Firm", kind="organisation", confidentiality=Level.RESTRICTED)
    relate(SYSTEM, one, firm, kind=RelationType.objects.get(code="works-for"))
    services.set_external_id(SYSTEM, firm, system="secret-ledger", value="1")
    rows = _table(agent(where))
    assert [row["Organisation"] for row in rows] == [""]
    assert "ID: secret-ledger" not in rows[0]


@pytest.mark.django_db
def test_the_filter_and_the_columns_of_the_list_count():
    where = project()
    party(where, "Aoi", language="ja"), party(where, "Ben", language="en")
    spec = ListSpec(filter=filters.parse({"field": "language", "cmp": "is", "value": ["ja"]}))
    rows = _table(agent(where), Selection(spec=spec), columns=["name", "language"])
    assert [(row["Name"], row["Language"]) for row in rows] == [("Aoi", "ja")]
    assert "E-mail 1" not in rows[0] and "Note" not in rows[0]
    entry = Entry.objects.unscoped("test").get(event="contacts.exported")
    assert entry.data == {
        "format": "csv",
        "count": 1,
        "filter": "Language is 日本語",
        "columns": ["name", "language"],
    }


DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@given(st.text(max_size=30) | st.builds(lambda a, b: a + b, st.sampled_from(DANGEROUS), st.text(max_size=20)))
def test_no_cell_begins_like_a_formula_and_nothing_else_is_touched(text):
    safe = exporting.guarded(text)
    assert safe in (text, f"'{text}")
    if not _NUMBER.fullmatch(text):
        assert not safe.lstrip(" \u200b\u200e\ufeff").startswith(DANGEROUS)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("=1+1", "'=1+1"), ("+81900000173", "+81900000173"), ("-3.5", "-3.5"), ("@SUM(A1)", "'@SUM(A1)"),
        ("+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0"), (" =1", "' =1"), ("＝1", "'＝1"), ("Ada", "Ada"), ("", ""),
    ],
)  # fmt: skip
def test_formulas_are_guarded_and_numbers_stay_usable(text, safe):
    assert exporting.guarded(text) == safe


@pytest.mark.django_db
def test_names_that_are_formulas_are_text_in_both_formats_and_come_back():
    where = project()
    party(where, '=HYPERLINK("http://x.example")')
    worker = agent(where)
    row = _table(worker)[0]
    assert row["Name"] == '\'=HYPERLINK("http://x.example")'
    headers = list(row)
    preset = detect_preset(headers)
    draft = apply(mapping_for(preset, headers), Row(2, list(row.values())))
    assert draft.text("full_name") == '=HYPERLINK("http://x.example")'
    file = io.BytesIO()
    exporting.write_xlsx(exporting.start_export(worker, EVERYBODY, format="xlsx"), file)
    sheet = openpyxl.load_workbook(file).active
    cell = sheet.cell(2, headers.index("Name") + 1)
    assert (cell.data_type, cell.value) == ("s", '=HYPERLINK("http://x.example")')


@pytest.mark.django_db
def test_a_workbook_goes_on_to_the_next_sheet_and_drops_what_it_cannot_hold(monkeypatch):
    monkeypatch.setattr(exporting, "SHEET_ROWS", 2)
    where = project()
    for name in ("A", "B", "C\x0b"):
        party(where, name)
    file = io.BytesIO()
    exporting.write_xlsx(exporting.start_export(agent(where), EVERYBODY, format="xlsx"), file)
    book = openpyxl.load_workbook(file)
    assert [[row[2].value for row in list(sheet.rows)[1:]] for sheet in book.worksheets] == [
        ["A", "B"],
        ["C"],
    ]


@pytest.mark.django_db
def test_rows_come_in_pieces_with_the_same_queries_for_each(monkeypatch):
    monkeypatch.setattr(exporting, "CHUNK", 3)
    where = project()
    for n in range(6):
        party(where, f"Person {n}", email=f"{n}@one.example")
    started = exporting.start_export(agent(where), EVERYBODY, format="csv")
    with CaptureQueriesContext(connection) as six:
        assert len(list(exporting.rows(started))) == 6
    for n in range(6, 12):
        party(where, f"Person {n:02}")
    with CaptureQueriesContext(connection) as twelve:
        names = [row[2] for row in exporting.rows(started)]
    assert len(names) == len(set(names)) == 12
    pieces = (len(twelve) - len(six)) / 2
    assert pieces == int(pieces)


@pytest.mark.django_db
def test_the_page_sends_a_file():
    where = project()
    one, two = party(where, "Ada"), party(where, "Ben")
    worker = agent(where)
    client = Client()
    client.force_login(User.objects.get(pk=worker.user_id))
    url = reverse("contacts:export")
    whole = client.post(url, {"all": "1", "format": "csv", "columns_of": "list"})
    text = b"".join(whole.streaming_content).decode("utf-8-sig")
    assert [row["Name"] for row in csv.DictReader(io.StringIO(text))] == ["Ada", "Ben"]
    assert "attachment" in whole["Content-Disposition"]
    some = client.post(url, {"id": [two.pk], "format": "xlsx"})
    book = openpyxl.load_workbook(io.BytesIO(b"".join(some.streaming_content)))
    assert [row[1].value for row in list(book.active.rows)[1:]] == ["Ben"]
    assert client.post(url, {"format": "csv"}).status_code == 302
    assert client.get(url).status_code == 405
    assert Client().post(url, {"all": "1"}).status_code == 302
    reader = Client()
    reader.force_login(User.objects.get(pk=agent(where, codes=["contacts.view"]).user_id))
    assert reader.post(url, {"all": "1"}).status_code == 403
    assert one.pk != two.pk


@pytest.mark.django_db
def test_the_command_writes_a_file_and_says_so(tmp_path, capsys):
    where = project(code="tidewall")
    party(where, "Ada"), party(project(), "Elsewhere")
    change_party(SYSTEM, party(where, "Ben"), note="=1")
    out = tmp_path / "people.csv"
    assert main(["export", "contacts", "--out", str(out), "--project", "tidewall", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["contacts"], said["format"], said["file"]) == (2, "csv", str(out))
    assert [r["Name"] for r in csv.DictReader(io.StringIO(out.read_text("utf-8-sig")))] == ["Ada", "Ben"]
    assert main(["export", "contacts", "--out", str(out)]) == 1
    assert "exists already" in capsys.readouterr().err
    assert main(["export", "contacts", "--out", str(tmp_path / "x.xlsx"), "--project", "none"]) == 1
    assert main(["export", "contacts", "--out", str(tmp_path / "x.xlsx")]) == 0
    assert len(list(openpyxl.load_workbook(tmp_path / "x.xlsx").active.rows)) == 4
    assert not list(tmp_path.glob(".*"))

"""The other reports: stakeholders that can be imported again, the summary, the tables of GRI and IFC."""

from __future__ import annotations

import csv
import io

import openpyxl
import pytest

from enishi.accounts.access import Forbidden, Level, Via
from enishi.accounts.models import ProtectedField, Role, User
from enishi.accounts.queries import actor as actor_of
from enishi.contacts.importing.mapping.columns import apply
from enishi.contacts.importing.presets import detect_preset, mapping_for
from enishi.contacts.importing.tables import Row
from enishi.contacts.models import Consent, ConsentPurpose, Relation, RelationType
from enishi.contacts.services import PointDraft, save_point
from enishi.core import registry
from enishi.reports import queries, services
from enishi.reports.definitions.disclosures import PLACE, Answer
from enishi.reports.models import Report
from enishi.reports.suppression import hidden
from factories import agent, manager, party, project
from reports.world import NOW, promises, say


def _rows(report: Report, table: str = "register") -> list[list[object]]:
    described = next(one for one in queries.tables(report) if one["code"] == table)
    return list(queries.rows(report, described))


@pytest.fixture
def known(here):
    """Aoi works for a cooperative, has an address, and agreed to news."""
    house = party(here.project, "Ushio Fishing Cooperative", kind="organisation")
    save_point(here.manager, here.aoi, PointDraft(kind="email", typed="aoi@ushio.example"))
    kind, _made = RelationType.objects.get_or_create(code="works-for", defaults={"name": "works for"})
    Relation.objects.create(source=here.aoi, target=house, type=kind, title="Skipper")
    purpose = ConsentPurpose.objects.create(code="pier-news", name="News")
    for day, state in ((1, "given"), (9, "withdrawn"), (12, "given")):
        Consent.objects.create(
            party=here.aoi, purpose=purpose, state=state, stated_on=NOW.date().replace(day=day)
        )
    return here


def test_stakeholder_list(known):
    report = known.report(definition="stakeholders")
    rows = {row[2]: row for row in _rows(report)}
    aoi = rows["Tanaka Aoi"]
    assert (aoi[1], aoi[5], aoi[6], aoi[7], aoi[9]) == (
        "person", "Ushio Fishing Cooperative", "Skipper", "aoi@ushio.example", "Residents",
    )  # fmt: skip
    assert aoi[11] == "News: Given"
    # the talk of two days ago is above the level of the report: her last one is of three days ago
    assert str(aoi[12]) == "2026-11-14 09:40:00+00:00"
    assert rows["Ushio Fishing Cooperative"][1] == "organisation"
    assert report.title == (
        "We know 2 people and 1 organisation or group; with 1 of them we have not talked for a year"
    )
    assert report.paper["charts"][1]["bars"] == [["News", 1, "1"]]


def test_protected_ways_to_reach_stand_in_no_report_whoever_makes_it(known):
    ProtectedField.objects.create(name="contacts.email")
    now = actor_of(User.objects.get(pk=known.manager.user_id), via=Via.WEB)
    Role.objects.filter(grants__user=now.user_id).update(seen_fields=["contacts.email"])
    rows = {row[2]: row for row in _rows(known.report(now, "stakeholders"))}
    assert rows["Tanaka Aoi"][7] == ""


def test_confidential_contacts_stand_in_no_list_of_lower_level(here):
    party(here.project, "Secret Source", by=here.manager, confidentiality=Level.CONFIDENTIAL)
    assert "Secret Source" not in str(_rows(here.report(here.manager, "stakeholders")))
    assert "Secret Source" in str(_rows(here.report(here.manager, "stakeholders", level=Level.CONFIDENTIAL)))


def test_a_stakeholder_list_needs_the_right_to_export(here):
    reader = agent(
        here.project, codes=["contacts.view", "conversations.view", "reports.view", "reports.make"]
    )
    with pytest.raises(Forbidden) as refused:
        here.report(reader, "stakeholders")
    assert refused.value.right == "contacts.export"


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_the_stakeholder_list_is_imported_again(known, format):
    with services.take(known.agent, known.report(definition="stakeholders"), format).file as file:
        data = file.read()
    if format == "csv":
        headers, *lines = csv.reader(io.StringIO(data.decode("utf-8-sig")))
    else:
        sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
        headers, *lines = [["" if cell is None else str(cell) for cell in row] for row in sheet.values]
    preset = detect_preset(headers)
    assert preset is not None
    assert preset.code == "enishi"
    mapping = mapping_for(preset, headers)
    read = [apply(mapping, Row(n, list(cells))) for n, cells in enumerate(lines, 2)]
    drafts = {draft.text("full_name"): draft for draft in read}
    assert set(drafts) == {"Tanaka Aoi", "شیرین مهتدی", "Ushio Fishing Cooperative"}
    aoi = drafts["Tanaka Aoi"]
    assert aoi.affiliations[0].organisation.value == "Ushio Fishing Cooperative"
    assert [tag.value for tag in aoi.tags] == ["Residents"]
    assert [point.value for point in aoi.emails] == ["aoi@ushio.example"]
    assert drafts["Ushio Fishing Cooperative"].is_organisation


def test_erasing_seals_out_every_cell_of_a_person(known):
    report = known.report(definition="stakeholders")
    services.redact(known.manager, party_id=known.aoi.pk, words=["Tanaka Aoi"])
    row = next(row for row in _rows(queries.report(known.agent, report.pk)) if row[2] == "[erased]")
    assert [row[place] for place in (0, 2, 6, 7)] == ["[erased]"] * 4
    assert queries.check(queries.report(known.agent, report.pk)).holds


def test_project_summary(here):
    promises(here)
    report = here.report(definition="summary")
    assert report.title == "We talked with 2 people; 2 promises are open, 1 late"
    assert [(row[0], row[2], row[5]) for row in _rows(report, "open")] == [
        ("Ring back", "Tanaka Aoi", "Late"),
        ("Mend the fence", "Tanaka Aoi", "Open"),
    ]
    assert report.paper["figures"][0] == ["3", "conversations"]
    assert [bar[0] for bar in report.paper["charts"][1]["bars"]] == ["Call", "E-mail", "Meeting"]


def test_tables_of_gri_and_ifc_say_from_what_they_come(here):
    promises(here)
    report = here.report(definition="disclosures")
    gri = {row[0] + str(row[1]): row for row in _rows(report, "gri")}
    assert gri["2-29 a iiiHow the engagement is made meaningful"][2:] == [
        "2 people in 3 conversations, 1 of them meetings and visits", "conversations and who took part",
    ]  # fmt: skip
    assert gri["2-25 bGrievances: how they are received and handled"][2:] == [
        "Grievances are confidential. Make this report up to that level to have their figures.", "",
    ]  # fmt: skip
    assert gri["2-25 eHow well it works"][2] == "1 of 2 promises were kept in time (50%)"
    # one resident: too few to be told
    assert gri["2-29 a iWhich groups of stakeholders were engaged"][2] == "Residents (fewer than 5)"
    assert report.title == "The records answer 8 of 26 points"


def test_another_app_answers_a_line(here, monkeypatch):
    monkeypatch.setitem(
        registry._providers[PLACE],
        "gri-2-25-b",
        lambda frame: Answer(f"12 grievances since {frame.since}", "cases"),
    )
    row = next(row for row in _rows(here.report(definition="disclosures"), "gri") if row[0] == "2-25 b")
    assert row[2:] == ["12 grievances since 2026-09-01", "cases"]


def test_small_counts_and_what_would_betray_them_are_hidden():
    assert hidden([[12], [3], [9]]) == {(1, 0), (2, 0)}
    assert hidden([[12], [3], [4], [9]]) == {(1, 0), (2, 0)}
    assert hidden([[12], [1], [2], [9]]) == {(1, 0), (2, 0), (3, 0)}
    assert hidden([[12], [0], [9]]) == set()
    assert hidden([[3]]) == {(0, 0)}
    assert hidden([[12], [3], [9]], totals=False) == {(1, 0)}


def test_a_report_of_nothing(here):
    empty, boss = project("Empty"), manager()
    for definition in (
        "engagement",
        "promises",
        "stakeholders",
        "summary",
        "disclosures",
        "grievances",
        "social",
    ):
        report = here.report(boss, definition, project_id=empty.pk)
        assert report.state == "frozen"
        with services.take(boss, report, "pdf").file as file:
            assert file.read(5) == b"%PDF-"
    say(boss, empty, "First")
    assert here.report(boss, project_id=empty.pk).title == "1 conversation, with nobody we know by name"

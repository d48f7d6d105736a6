"""The promise register, corrected in a spreadsheet and imported again: what would happen, what happens, and back."""

from __future__ import annotations

import csv
import io

import pytest
from django.test import Client
from django.urls import reverse

from enishi.accounts.access import Actor, Level, Via
from enishi.accounts.models import User
from enishi.accounts.queries import actor as actor_of
from enishi.commitments.models import Promise
from enishi.commitments.services import add_proof, change_promise
from enishi.contacts.models import ImportRow, ImportRun
from enishi.contacts.services import change_party, importing
from enishi.contacts.services.importing.problems import said
from enishi.reports import services
from enishi.reports.models import Report
from enishi.timeline.models import Entry, Operation
from enishi.timeline.services import undo_operation, undoer_for
from factories import agent, grant, party, role, user
from reports.test_as_it_stood import fresh, party_of
from reports.world import DAY, NOW, World, promises

pytestmark = pytest.mark.django_db

SURVEY, RING, FENCE = 0, 1, 2


def file(here: World, by: Actor | None = None, format: str = "csv", **values: object) -> bytes:
    report: Report = here.report(by or here.manager, "promises", **values)
    with services.take(by or here.manager, report, format).file as file:
        return file.read()


def taken(here: World, by: Actor | None = None, **values: object) -> list[dict[str, str]]:
    """The rows of the register as a file gives them, by their headers."""
    return list(csv.DictReader(io.StringIO(file(here, by, **values).decode("utf-8-sig"))))


def sent(here: World, data: bytes, by: Actor | None = None, name: str = "corrected.csv") -> ImportRun:
    """The run of a file, tried."""
    run = importing.receive(
        by or here.manager, project_id=here.project.pk, name=name, stream=io.BytesIO(data)
    )
    assert run is not None
    return run


def brought(here: World, rows: list[dict[str, str]], by: Actor | None = None) -> ImportRun:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return sent(here, out.getvalue().encode("utf-8-sig"), by)


def outcomes(run: ImportRun) -> list[str]:
    return [row.action for row in ImportRow.objects.filter(run=run).order_by("number")]


def reasons(run: ImportRun) -> list[tuple[str, str]]:
    rows = ImportRow.objects.filter(run=run, action="refuse").order_by("number")
    return [(found["column"], said(found)) for row in rows for found in row.errors]


def applied(here: World, run: ImportRun, by: Actor | None = None) -> ImportRun:
    importing.begin(by or here.manager, run)
    return importing.apply(by or here.manager, run)


def by_title(rows: list[dict[str, str]], title: str, key: str = "Promise") -> dict[str, str]:
    return next(row for row in rows if row[key] == title)


@pytest.mark.parametrize(
    ("format", "language"), [("csv", "en"), ("xlsx", "en"), ("csv", "ja"), ("xlsx", "fa"), ("csv", "fr")]
)
def test_as_it_was_written_nothing_changes(here, format, language):
    made = promises(here)
    change_promise(
        here.manager,
        made[FENCE],
        title="=HYPERLINK(1)",
        quote="-1 + 1\nsecond line",
        owner=User.objects.get(pk=here.manager.user_id),
    )
    run = sent(here, file(here, format=format, language=language), name=f"register.{format}")
    assert (run.importer, run.state) == ("promises", "checked")
    assert outcomes(run) == ["same"] * 3, reasons(run)
    assert set(ImportRow.objects.filter(run=run).values_list("party_id", flat=True)) == {here.aoi.pk}
    assert run.counts == {"read": 3, "unchanged": 3, "quarantined": 0}
    assert applied(here, run).operation is None
    assert not Operation.objects.unscoped("test").exists()


def test_corrected_and_taken_back(here):
    made = promises(here)
    rows = taken(here)
    boss = User.objects.get(pk=here.manager.user_id)
    ring, fence = by_title(rows, "Ring back"), by_title(rows, "Mend the fence")
    ring |= {
        "Promise": "'=Ring Aoi back",
        "Due": "1405/09/10",
        "To or from": "شیرین مهتدی",
        "Owner": boss.email,
        "State": "Kept",
    }
    fence |= {
        "Due": "",
        "Confidentiality": "confidential",
        "Who owes": "they owe us",
        "To or from": "",
        "Owner": "",
    }
    rows.append({"Promise": "Plant a hedge", "Due": "2026-12-24", "Reference": ""})
    run = brought(here, rows)
    assert sorted(outcomes(run)) == ["create", "same", "update", "update"], reasons(run)
    assert Promise.objects.unscoped("test").count() == 4
    assert fresh(made[RING]).title == "Ring back"
    assert run.confidentiality == Level.CONFIDENTIAL
    done = applied(here, run)
    assert done.counts == {
        "created": 1,
        "updated": 2,
        "unchanged": 1,
        "refused": 0,
        "read": 4,
        "quarantined": 0,
    }
    now = fresh(made[RING])
    assert (now.title, now.party_id, now.owner_id, now.state) == (
        "=Ring Aoi back",
        here.shirin.pk,
        boss.pk,
        "open",
    )
    assert now.due_at.isoformat() == "2026-12-01T09:40:00+00:00"
    now = fresh(made[FENCE])
    assert (now.due_at, now.confidentiality, now.direction, now.party_id, now.owner_id) == (
        None,
        2,
        "theirs",
        here.aoi.pk,
        None,
    )
    hedge = Promise.objects.unscoped("test").get(title="Plant a hedge")
    assert (hedge.project_id, hedge.direction, hedge.due_at.isoformat()) == (
        here.project.pk,
        "ours",
        "2026-12-24T18:00:00+00:00",
    )
    assert (
        Entry.objects.unscoped("test")
        .filter(operation=done.operation, subject_type="commitments.promise")
        .count()
        == 3
    )
    assert undo_operation(here.manager, done.operation_id)
    was = fresh(made[RING])
    assert (was.title, was.party_id, was.owner_id, was.due_at) == (
        "Ring back",
        here.aoi.pk,
        here.agent.user_id,
        NOW - 2 * DAY,
    )
    was = fresh(made[FENCE])
    assert (was.due_at, was.direction, was.confidentiality) == (NOW + 9 * DAY, "ours", Level.INTERNAL)
    assert not Promise.objects.unscoped("test").filter(title="Plant a hedge").exists()
    done.refresh_from_db(from_queryset=ImportRun.objects.unscoped("test"))
    assert done.state == "undone"


def test_what_was_edited_since_stays_unless_told_otherwise(here):
    made = promises(here)
    rows = taken(here)
    by_title(rows, "Ring back").update({"Promise": "Ring Aoi back", "Due": "2026-12-01"})
    rows.append({"Promise": "Plant a hedge", "Reference": ""})
    done = applied(here, brought(here, rows))
    change_promise(here.manager, fresh(made[RING]), title="Ring everybody")
    hedge = Promise.objects.unscoped("test").get(title="Plant a hedge")
    add_proof(here.manager, hedge, text="A photograph")
    operation = Operation.objects.unscoped("test").get(pk=done.operation_id)
    plan = undoer_for(here.manager, operation).preview(here.manager, operation)
    assert dict(plan.counts) == {"deleted": 0, "restored": 1}
    assert {(c.key, c.now, c.back_to) for c in plan.conflicts} == {
        (f"{made[RING].pk}:title", "Ring everybody", "Ring back"), (str(hedge.pk), "edited since", "removed"),
    }  # fmt: skip
    assert undo_operation(here.manager, operation.pk, keep=[str(hedge.pk)])
    assert (fresh(made[RING]).title, fresh(made[RING]).due_at) == ("Ring back", NOW - 2 * DAY)
    assert fresh(hedge).title == "Plant a hedge"


def test_what_cannot_be_brought_in_says_why(here):
    made = promises(here)
    rows = taken(here)
    other = party(here.project, "Tanaka Aoi", by=here.manager)
    survey, ring, fence = (
        by_title(rows, title) for title in ("Send the survey", "Ring back", "Mend the fence")
    )
    survey["Due"] = "2026-12-01"
    ring["Due"] = "31 November 2026"
    change_promise(here.manager, fresh(made[FENCE]), detail="Somebody was here")
    fence["Promise"] = "Mend the gate"
    wrong = [
        {**ring, "Due": "", "Reference": f"P{made[RING].pk}"},
        {"Reference": "12", "Promise": "A"},
        {"Reference": "P999999", "Promise": "B"},
        {"Reference": f"P{made[3].pk}", "Promise": "C"},
        {"Reference": "", "Promise": " "},
        {"Reference": "", "Promise": "D", "Owner": "Nobody Known"},
        {"Reference": "", "Promise": "E", "To or from": other.full_name},
        {"Reference": "", "Promise": "F", "Project": "Elsewhere"},
        {"Reference": "", "Promise": "G", "Confidentiality": "secret"},
        {"Reference": "", "Promise": "H", "Who owes": "both"},
    ]
    run = brought(
        here, [survey, ring, fence, *({**dict.fromkeys(ring, ""), **row} for row in wrong)], by=here.agent
    )
    assert outcomes(run) == ["refuse"] * 13
    found = reasons(run)
    assert found[0][1] == "A settled promise keeps its date. Open it again to move it."
    assert found[1][0] == "Due"
    assert found[2] == ("Reference", found[2][1])
    assert "changed since this file was made" in found[2][1]
    assert found[3] == ("Reference", "A row above has the same reference. Keep one of them.")
    assert found[4][0] == "Reference"
    # What may not be seen is as if it were not there.
    assert found[5] == found[6]
    assert [column for column, _reason in found[7:]] == [
        "Promise",
        "Owner",
        "To or from",
        "Project",
        "Confidentiality",
        "Who owes",
    ]
    assert [fresh(one).title for one in made] == [
        "Send the survey",
        "Ring back",
        "Mend the fence",
        "Buy parcel 14",
    ]


def test_without_the_version_the_file_counts(here):
    made = promises(here)
    rows = taken(here)
    change_promise(here.manager, fresh(made[FENCE]), detail="Somebody was here")
    fence = by_title(rows, "Mend the fence")
    fence |= {"Promise": "Mend the gate", "Reference": fence["Reference"].partition(".")[0]}
    run = applied(here, brought(here, [fence]))
    assert (fresh(made[FENCE]).title, run.counts["updated"]) == ("Mend the gate", 1)


def test_the_same_file_twice_makes_nothing_twice(here):
    promises(here)
    rows = [{**dict.fromkeys(taken(here)[0], ""), "Promise": "Plant a hedge", "Due": "2026-12-24"}]
    applied(here, brought(here, rows))
    again = brought(here, rows)
    assert outcomes(again) == ["same"]


def test_changed_between_the_trial_and_the_import(here):
    made = promises(here)
    rows = taken(here)
    by_title(rows, "Ring back")["Promise"] = "Ring Aoi back"
    run = brought(here, rows)
    change_promise(here.manager, fresh(made[RING]), detail="Quicker")
    done = applied(here, run)
    assert (done.counts["refused"], done.counts.get("updated", 0), done.operation) == (1, 0, None)
    assert "changed since" in reasons(done)[0][1]
    assert fresh(made[RING]).title == "Ring back"


def test_rights_of_today_hold(here):
    made = promises(here)
    rows = taken(here, level=Level.CONFIDENTIAL)
    assert len(rows) == 4
    for row in rows:
        row["Words"] = "As it was said"
    run = brought(here, rows, by=here.agent)
    assert sorted(outcomes(run)) == ["refuse", "update", "update", "update"]
    reader = agent(
        here.project, codes=["contacts.view", "contacts.edit", "contacts.import", "commitments.view"]
    )
    run = brought(here, rows, by=reader)
    assert outcomes(run) == ["refuse"] * 4
    assert fresh(made[3]).quote == ""


def test_an_import_never_holds_more_than_its_maker_may_read_of_imports(here):
    promises(here)
    rows = taken(here, level=Level.CONFIDENTIAL)
    somebody = user("Two roles")
    grant(
        somebody,
        here.project,
        role(codes=["contacts.view", "contacts.edit", "contacts.import"], clearance=Level.INTERNAL),
    )
    grant(
        somebody,
        here.project,
        role(codes=["commitments.view", "commitments.edit"], clearance=Level.CONFIDENTIAL),
    )
    who = actor_of(somebody, via=Via.WEB)
    run = brought(here, rows, by=who)
    assert sorted(outcomes(run)) == ["refuse", "same", "same", "same"]
    assert "more confidential than what you may import" in reasons(run)[0][1]
    assert run.confidentiality == Level.INTERNAL
    assert ImportRun.objects.visible_to(who).filter(pk=run.pk).exists()


def test_a_name_that_may_not_be_seen_is_not_confirmed(here):
    promises(here)
    change_party(here.manager, party_of(here.aoi), confidentiality=Level.CONFIDENTIAL)
    rows = taken(here, by=here.agent)
    assert {row["To or from"] for row in rows} == {""}
    run = brought(here, rows, by=here.agent)
    assert set(outcomes(run)) == {"same"}
    for row in rows:
        row["To or from"] = "Tanaka Aoi"
    run = brought(here, rows, by=here.agent)
    assert set(outcomes(run)) == {"refuse"}


def test_a_register_of_an_earlier_day_is_no_way_back(here, monkeypatch):
    promises(here)
    rows = taken(here, at=NOW)
    assert "Reference" not in rows[0]


def test_the_pages(here, django_capture_on_commit_callbacks):
    made = promises(here)
    rows = taken(here)
    by_title(rows, "Ring back")["Promise"] = "Ring Aoi back"
    by_title(rows, "Mend the fence")["Due"] = "never"
    run = brought(here, rows)
    client = Client()
    client.force_login(User.objects.get(pk=here.manager.user_id))
    address = reverse("contacts:import", args=[run.pk])
    page = client.get(f"{address}?show=update").content.decode()
    assert "Ring Aoi back" in page
    assert reverse("commitments:promise", args=[made[RING].pk]) in page
    assert "settle a promise on its own page" in page
    assert "New contacts" not in page
    assert reverse("contacts:import_columns", args=[run.pk]) not in page
    assert "Import 1 row" in page
    refused = client.get(f"{address}?show=refuse").content.decode()
    assert "<b><bdi>Due</bdi></b>" in refused
    outsider = Client()
    outsider.force_login(User.objects.get(pk=agent(here.site).user_id))
    assert outsider.get(address).status_code == 404
    applied(here, run)
    undo = reverse(
        "timeline:operation", args=[ImportRun.objects.unscoped("test").get(pk=run.pk).operation_id]
    )
    assert undo in client.get(address).content.decode()
    assert client.get(undo).status_code == 200

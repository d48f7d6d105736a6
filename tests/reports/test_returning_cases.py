"""The grievance register, corrected in a spreadsheet and imported again."""

from __future__ import annotations

import csv
import io

import pytest

from enishi.accounts.access import Actor, Level, Via
from enishi.accounts.models import User
from enishi.accounts.queries import actor
from enishi.cases.models import Case
from enishi.cases.services import change_case, keep_out, open_case
from enishi.contacts.models import ImportRun
from enishi.reports import services
from enishi.timeline.models import Operation
from enishi.timeline.services import undo_operation, undoer_for
from factories import agent, manager
from reports.test_returning import applied, by_title, outcomes, reasons, sent
from reports.world import NOW, World

pytestmark = pytest.mark.django_db
SECRET = Level.CONFIDENTIAL


def file(here: World, by: Actor | None = None, format: str = "csv", **values: object) -> bytes:
    report = here.report(by or here.manager, "grievances", level=SECRET, **values)
    with services.take(by or here.manager, report, format).file as found:
        return found.read()


def taken(here: World, **values: object) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file(here, **values).decode("utf-8-sig"))))


def brought(here: World, rows: list[dict[str, str]], by: Actor | None = None) -> ImportRun:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return sent(here, out.getvalue().encode(), by)


def fresh(case: Case) -> Case:
    return Case.objects.unscoped("test").get(pk=case.pk)


@pytest.fixture
def cases(here: World) -> list[Case]:
    owner = User.objects.get(pk=here.manager.user_id)
    return [
        open_case(here.manager, kind="grievance", project=here.project, title="=Dust", party=here.aoi, owner=owner, values={"category": "nuisance"}),
        open_case(here.manager, kind="grievance", project=here.project, title="Cracks", anonymous=True),
        open_case(here.manager, kind="grievance", project=here.project, title="Blocked way", teller_name="Somebody"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("format", "language"), [("csv", "en"), ("xlsx", "ja"), ("xlsx", "fa"), ("csv", "fr")]
)
def test_as_it_was_written_nothing_changes(here, cases, format, language):
    run = sent(here, file(here, format=format, language=language), name=f"register.{format}")
    assert (run.importer, run.state) == ("grievances", "checked")
    assert outcomes(run) == ["same"] * 3, reasons(run)
    assert run.confidentiality == SECRET
    assert applied(here, run).operation is None


def test_corrected_and_taken_back(here, cases):
    rows = taken(here)
    title, about, who = "Grievance", "What it is about", "Raised by"
    by_title(rows, "'=Dust", title).update(
        {title: "Dust on the washing", who: "شیرین مهتدی", "Owner": "", "Stage": "Closed"}
    )
    cracks = by_title(rows, "Cracks", title)
    cracks.update({about: rows[0][about], "Confidentiality": "Restricted"})
    run = brought(here, rows)
    assert outcomes(run) == ["update", "update", "same"], reasons(run)
    assert fresh(cases[0]).title == "=Dust"
    done = applied(here, run)
    now = fresh(cases[0])
    assert (now.title, now.party_id, now.owner_id, now.stage) == (
        "Dust on the washing",
        here.shirin.pk,
        None,
        "register",
    )
    assert fresh(cases[1]).values == {"category": "nuisance"}
    assert fresh(cases[1]).confidentiality == Level.RESTRICTED
    change_case(here.manager, fresh(cases[0]), title="Dust again")
    operation = Operation.objects.unscoped("test").get(pk=done.operation_id)
    plan = undoer_for(here.manager, operation).preview(here.manager, operation)
    assert [(c.now, c.back_to) for c in plan.conflicts] == [("Dust again", "=Dust")]
    assert undo_operation(here.manager, operation.pk)
    was = fresh(cases[0])
    assert (was.title, was.party_id, was.owner_id) == ("Dust again", here.aoi.pk, here.manager.user_id)
    assert (fresh(cases[1]).values, fresh(cases[1]).confidentiality) == ({}, SECRET)


def test_what_cannot_be_brought_in_says_why(here, cases):
    rows = taken(here)
    change_case(here.manager, fresh(cases[0]), text="More of it")
    for row in rows:
        row["Grievance"] += " and more"
    rows[1]["What it is about"] = "Weather"
    rows[2]["Raised by"] = "Nobody Known"
    rows.append({**dict.fromkeys(rows[0], ""), "Grievance": "A new one"})
    rows.append({**dict.fromkeys(rows[0], ""), "Grievance": "Unknown", "Reference": "G-2026-9999.1"})
    rows.append({**dict.fromkeys(rows[0], ""), "Grievance": "Odd", "Reference": "12"})
    run = brought(here, rows)
    assert outcomes(run) == ["refuse"] * 6
    assert [column for column, _reason in reasons(run)] == [
        "Reference", "What it is about", "Raised by", "Reference", "Reference", "Reference",
    ]  # fmt: skip
    assert "clocks begin" in reasons(run)[3][1]


def test_rights_of_today_hold(here, cases):
    rows = taken(here)
    for row in rows:
        row["Grievance"] += " and more"
    unknown = reasons(brought(here, [{**rows[0], "Reference": "G-2026-9999.1"}]))
    assert reasons(brought(here, rows, by=here.agent)) == unknown * 3
    who = manager(here.project, clearance=SECRET)
    keep_out(here.manager, cases[0], user=User.objects.get(pk=who.user_id), reason="A neighbour")
    who = actor(User.objects.get(pk=who.user_id), via=Via.WEB)
    assert outcomes(brought(here, rows, by=who)) == ["refuse", "update", "update"]
    reader = agent(
        here.project,
        codes=["contacts.view", "contacts.edit", "contacts.import", "cases.view"],
        clearance=SECRET,
    )
    assert outcomes(brought(here, rows, by=reader)) == ["refuse"] * 3


def test_a_register_of_an_earlier_day_is_no_way_back(here, cases):
    assert "Reference" in taken(here)[0]
    assert "Reference" not in taken(here, at=NOW)[0]

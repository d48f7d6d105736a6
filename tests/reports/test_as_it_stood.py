"""Reports of an earlier day: what was changed, deleted, restored or merged since stands there as it did then."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse

from enishi.accounts.access import Actor, Forbidden, Level
from enishi.accounts.models import User
from enishi.cases.services import change_case, open_case, pause, resume
from enishi.commitments.models import Promise
from enishi.commitments.services import (
    add_proof,
    change_promise,
    delete_promise,
    make_promise,
    settle_promise,
    undo,
)
from enishi.contacts.models import Party
from enishi.contacts.services import change_party
from enishi.contacts.services.merging import merge
from enishi.reports import queries, services
from enishi.reports.definitions import KIND
from enishi.reports.definitions.promises import PromiseRegister
from enishi.reports.models import Report
from enishi.timeline.models import Entry
from enishi.timeline.services import finish_undo
from factories import agent, manager, party
from reports.world import DAY, NOW, World, promises

pytestmark = pytest.mark.django_db


def rows(report: Report, table: str = "register") -> list[list[object]]:
    described = next(one for one in queries.tables(report) if one["code"] == table)
    return list(queries.rows(report, described))


def sealed(report: Report) -> object:
    """What it says, without the reference by which a register of now is imported again."""
    columns = {"promises": 15, "grievances": 17}.get(report.definition)
    said = [row[:columns] for row in rows(report)]
    return [report.title, report.paper["figures"], report.paper["charts"], said]


def then(here: World, by: Actor | None = None, definition: str = "promises", **values: object) -> Report:
    return here.report(by or here.manager, definition, at=NOW, **values)


def fresh(row: Promise) -> Promise:
    return Promise.objects.unscoped("test").get(pk=row.pk)


def party_of(row: Party) -> Party:
    return Party.objects.unscoped("test").get(pk=row.pk)


def test_the_promise_register_of_before(here, moment):
    made = promises(here)
    before = here.report(here.manager, "promises")
    moment[0] = NOW + DAY
    change_promise(
        here.manager,
        fresh(made[1]),
        title="Ring Aoi back",
        due_at=NOW + 5 * DAY,
        party=here.shirin,
        owner=None,
    )
    settle_promise(here.manager, fresh(made[2]), state="broken", outcome="No wood")
    add_proof(here.manager, fresh(made[0]), text="The letter")
    delete_promise(here.manager, fresh(made[0]))
    make_promise(here.manager, project=here.project, title="Made later", direction="ours", due_at=NOW)
    change_party(here.manager, party_of(here.aoi), full_name="Aoi Sato")
    moment[0] = NOW + 2 * DAY
    now = here.report(here.manager, "promises", until=NOW.date() + 3 * DAY)
    assert {row[0] for row in rows(now)} == {"Ring Aoi back", "Mend the fence", "Made later"}
    found = then(here)
    assert sealed(found) == sealed(before)
    assert [row[0] for row in rows(found)] == ["Ring back", "Send the survey", "Mend the fence"]
    assert [(row[2], row[6], row[8]) for row in rows(found)] == [
        ("Tanaka Aoi", "Late", 0), ("Tanaka Aoi", "Kept", 0), ("Tanaka Aoi", "Open", 0),
    ]  # fmt: skip
    assert fresh(made[1]).title == "Ring Aoi back"
    assert Promise.objects.unscoped("test").count() == 4


def test_deleted_and_brought_back(here, moment):
    made = promises(here)
    moment[0] = NOW + DAY
    add_proof(here.manager, fresh(made[1]), text="A note")
    entry = delete_promise(here.manager, fresh(made[1]))
    moment[0] = NOW + 2 * DAY
    undo(here.manager, entry.pk)
    change_promise(here.manager, fresh(made[1]), title="Once more")
    found = {row[0]: row[8] for row in rows(then(here))}
    assert found == {"Ring back": 0, "Send the survey": 0, "Mend the fence": 0}
    later = here.report(here.manager, "promises", at=NOW + DAY)
    assert "Ring back" not in {row[0] for row in rows(later)}


def test_merged_and_separated_again(here, moment):
    made = promises(here)
    other = party(here.project, "Aoi T.", by=here.manager)
    change_promise(here.manager, fresh(made[2]), party=other)
    before = here.report(here.manager, "promises")
    moment[0] = NOW + DAY
    operation = merge(here.manager, kept=party_of(here.aoi), gone=party_of(other))
    moment[0] = NOW + 2 * DAY
    assert {row[2] for row in rows(here.report(here.manager, "promises"))} == {"Tanaka Aoi"}
    assert sealed(then(here)) == sealed(before)
    finish_undo(here.manager, operation.pk, keep=None)
    moment[0] = NOW + 3 * DAY
    assert sealed(then(here)) == sealed(before)
    between = here.report(here.manager, "promises", at=NOW + DAY)
    assert {row[2] for row in rows(between)} == {"Tanaka Aoi"}


def test_the_grievance_register_of_before(here, moment):
    who = manager(here.project, clearance=Level.CONFIDENTIAL)
    level = Level.CONFIDENTIAL
    owner = User.objects.get(pk=who.user_id)
    case = open_case(
        who, kind="grievance", project=here.project, title="Dust on the washing", party=here.aoi, owner=owner, values={"category": "nuisance"},
    )  # fmt: skip
    before = here.report(who, "grievances", level=level)
    moment[0] = NOW + DAY
    case = pause(who, case, waits_for="them", reason="A photograph", look_on=(NOW + 9 * DAY).date())
    moment[0] = NOW + 3 * DAY
    case = resume(who, case)
    case = change_case(who, case, title="Dust", party=here.shirin, owner=None, values={"category": "safety"})
    moment[0] = NOW + 4 * DAY
    assert [row[1:4] for row in rows(here.report(who, "grievances", level=level))] != [
        row[1:4] for row in rows(before)
    ]
    found = then(here, who, "grievances", level=level)
    assert sealed(found) == sealed(before)
    assert rows(found)[0][1] == "Dust on the washing"
    assert rows(found)[0][3] == "Tanaka Aoi"


def test_the_paper_says_so_and_proves(here, moment):
    promises(here)
    moment[0] = NOW + 5 * DAY
    found = then(here)
    assert found.as_of == NOW
    assert found.manifest["as_of"] == found.manifest["filters"]["at"] == NOW.isoformat()
    assert found.manifest["made_at"] == moment[0].isoformat()
    assert "as it stood on" in found.paper["subtitle"]
    assert any("Worked out from the history" in note for note in found.paper["notes"])
    assert queries.check(found).holds
    facts = dict(queries.document(found).facts)
    assert "22 Nov" in facts["Made on"]
    assert "at" not in here.report(here.manager, "promises").filters


def test_never_more_than_may_be_seen_today(here, moment):
    made = promises(here)
    moment[0] = NOW + DAY
    change_promise(here.manager, fresh(made[1]), confidentiality=Level.CONFIDENTIAL, owner=None)
    secret = delete_promise(here.manager, fresh(made[3]))
    assert secret.confidentiality == Level.CONFIDENTIAL
    moment[0] = NOW + 2 * DAY
    assert {row[0] for row in rows(then(here))} == {"Send the survey", "Mend the fence"}
    wide = rows(then(here, level=Level.CONFIDENTIAL))
    assert {row[0] for row in wide} == {"Ring back", "Send the survey", "Mend the fence", "Buy parcel 14"}
    # what was confidential then and is open now stays out of a lower report
    change_promise(here.manager, fresh(made[1]), confidentiality=Level.INTERNAL)
    assert "Ring back" in {row[0] for row in rows(then(here))}
    assert "Ring back" not in {
        row[0] for row in rows(here.report(here.manager, "promises", at=moment[0] - DAY))
    }


def test_it_takes_the_right_to_the_history(here, moment):
    promises(here)
    moment[0] = NOW + DAY
    codes = ["commitments.view", "contacts.view", "reports.view", "reports.make"]
    reader = agent(here.project, codes=codes)
    assert here.report(reader, "promises").is_frozen
    with pytest.raises(Forbidden) as refused:
        then(here, reader)
    assert refused.value.right == "timeline.view"
    assert 'name="as_of"' not in _form(reader)
    assert 'name="as_of"' in _form(here.manager)


def _form(who: Actor) -> str:
    client = Client()
    client.force_login(User.objects.get(pk=who.user_id))
    return client.get(reverse("reports:new", args=["promises"])).content.decode()


@pytest.mark.parametrize(
    ("definition", "values"),
    [
        ("promises", {"at": NOW + 20 * DAY}),
        ("promises", {"at": dt.datetime(2026, 8, 1, tzinfo=dt.UTC)}),
    ],
)
def test_what_cannot_be_drawn_is_refused(here, moment, definition, values):
    with pytest.raises(queries.ReportError) as refused:
        here.report(here.manager, definition, **{"at": NOW - DAY, **values})
    assert refused.value.field == "as_of"


def test_a_history_that_does_not_say_enough(here, moment):
    who = manager(here.project, clearance=Level.CONFIDENTIAL)
    case = open_case(who, kind="grievance", project=here.project, title="Dust", party=here.aoi)
    moment[0] = NOW + DAY
    change_case(who, case, party=here.shirin)
    entry = Entry.objects.unscoped("test").filter(subject_type="cases.case").latest("pk")
    copy = replace_data(entry, {})
    assert "party" in copy.changes
    with pytest.raises(queries.ReportError):
        then(here, who, "grievances", level=Level.CONFIDENTIAL)
    assert not Report.objects.unscoped("test").exists()


def replace_data(entry: Entry, data: dict[str, object]) -> Entry:
    """An entry as older versions wrote it, beside the one that cannot be changed."""
    entry.pk, entry.seal_id, entry.data, entry._state.adding = None, None, data, True
    entry.save(force_insert=True)
    return entry


def test_chosen_on_the_page(here, moment):
    made = promises(here)
    moment[0] = NOW + 2 * DAY
    change_promise(here.manager, fresh(made[1]), title="Ring Aoi back")
    client = Client()
    client.force_login(User.objects.get(pk=here.manager.user_id))
    address = reverse("reports:new", args=["promises"])
    given = {
        "project": here.project.pk, "since": "2026-09-01", "until": "2026-11-19", "level": 1, "language": "en", "as_of": "2026-11-17",
    }  # fmt: skip
    looked = client.get(address, given).content.decode()
    assert "Ring back" in looked
    assert "Ring Aoi back" not in looked
    page = client.post(address, given, follow=True).content.decode()
    assert "Ring back" in page
    assert "As it stood on" in page
    report = Report.objects.unscoped("test").get()
    assert report.filters["until"] == "2026-11-17"
    assert report.paper["subtitle"] == (
        "Tidewall East and what is below it: Promise register, 1 September 2026 to 17 November 2026, as it stood on 17 Nov 2026, 23:59"
    )
    with services.take(here.manager, report, "pdf").file as file:
        assert file.read(5) == b"%PDF-"


def test_one_that_is_not_drawn_says_why(here, moment, monkeypatch):
    monkeypatch.setattr(PromiseRegister, "past", ())
    page = _form(here.manager)
    assert "This kind of report is not drawn for an earlier day." in page
    assert 'name="as_of"' not in page
    with pytest.raises(queries.ReportError, match="not drawn") as refused:
        then(here)
    assert refused.value.field == "as_of"


@pytest.mark.parametrize("code", [one.code for one in KIND.all()])
def test_every_kind_is_drawn_for_an_earlier_day(here, code):
    client = Client()
    client.force_login(User.objects.get(pk=here.manager.user_id))
    page = client.get(reverse("reports:new", args=[code])).content.decode()
    assert 'name="as_of"' in page
    assert "not drawn for an earlier day" not in page


def test_an_erased_person_stays_erased(here, moment):
    promises(here)
    lives = change_party(here.manager, party_of(here.aoi), full_name="Aoi Sato")
    moment[0] = NOW + DAY
    erased = party_of(lives)
    erased.full_name, erased.erased_at, erased.deleted_at = "Erased person", moment[0], moment[0]
    erased.save()
    moment[0] = NOW + 2 * DAY
    assert {row[2] for row in rows(then(here))} == {"Erased person"}


def test_world_choice_takes_a_moment(here):
    assert replace(here.choice(), at=NOW).stored()["at"] == NOW.isoformat()

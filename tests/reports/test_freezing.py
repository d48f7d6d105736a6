"""Freezing reports: what stands in them, who may, that nothing changes any more, and what is found when it does."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from enishi.accounts.access import Forbidden, Level
from enishi.contacts.services import change_party
from enishi.reports import queries, sealing, services
from enishi.reports.models import Part, Report
from enishi.timeline.models import Entry
from enishi.timeline.proof import seal_next
from factories import agent, outsider
from reports.world import promises, say


def _rows(report: Report, table: str = "register") -> list[list[object]]:
    described = next(one for one in queries.tables(report) if one["code"] == table)
    return list(queries.rows(report, described))


def test_engagement_register(here):
    report = here.report()
    assert report.title == "We talked with 2 people, 1 of them for the first time"
    assert report.paper["subtitle"] == (
        "Tidewall East and what is below it: Engagement register, 1 September 2026 to 17 November 2026,"
        " as of 17 Nov 2026, 09:40"
    )
    rows = _rows(report)
    assert [(row[1], row[3], row[4], row[7]) for row in rows] == [
        ("Call", "Tanaka Aoi", "Night noise", "Tidewall East"),
        ("Meeting", "Tanaka Aoi; شیرین مهتدی", "Berths", "Pier 3"),
        ("E-mail", "شیرین مهتدی", "=HYPERLINK(1)", "Tidewall East"),
    ]
    assert [row[6] for row in rows] == ["Agent", "Agent", "Agent"]
    assert report.paper["figures"] == [
        ["3", "conversations"],
        ["2", "people reached"],
        ["1", "of them for the first time in two years"],
    ]
    assert report.paper["charts"][0]["bars"] == [["October 2026", 1, "1"], ["November 2026", 2, "2"]]
    # one person under the tag: too few to be shown
    assert _rows(report, "groups") == [["Residents", "hidden", "hidden"]]
    assert (report.rows, report.state, report.confidentiality) == (4, "frozen", Level.INTERNAL)


def test_promise_register(here):
    promises(here)
    report = here.report(definition="promises")
    assert report.title == "We kept 1 of 2 promises in time; 1 is late"
    assert [(row[0], row[2], row[6], row[8]) for row in _rows(report)] == [
        ("Ring back", "Tanaka Aoi", "Late", 0),
        ("Send the survey", "Tanaka Aoi", "Kept", 0),
        ("Mend the fence", "Tanaka Aoi", "Open", 0),
    ]
    assert _rows(report, "kept") == [["Tidewall East", 1, 2, "50%"]]
    assert "Buy parcel 14" in str(_rows(here.report(here.manager, "promises", level=Level.CONFIDENTIAL)))


def test_confidential_records_stand_in_no_report_of_lower_level(here):
    promises(here)
    for by in (here.agent, here.manager):
        for definition in ("engagement", "promises"):
            report = here.report(by, definition)
            described = str([report.paper, [_rows(report, t["code"]) for t in queries.tables(report)]])
            assert "Secret" not in described
            assert "parcel" not in described
    secret = here.report(here.manager, level=Level.CONFIDENTIAL)
    assert "Secret land deal" in str(_rows(secret))
    assert secret.paper["figures"][0] == ["4", "conversations"]
    assert queries.reports(here.manager).filter(pk=secret.pk).exists()
    assert not queries.reports(here.agent).filter(pk=secret.pk).exists()


def test_nobody_makes_a_report_above_the_own_clearance(here):
    with pytest.raises(queries.ReportError, match="You read up to “Internal” there"):
        here.report(here.agent, level=Level.CONFIDENTIAL)
    with pytest.raises(Forbidden):
        here.report(here.agent, project_id=None)
    with pytest.raises(Forbidden):
        here.report(outsider())
    reader = agent(here.project, codes=["conversations.view", "contacts.view", "reports.view"])
    with pytest.raises(Forbidden):
        here.report(reader)
    assert Report.objects.unscoped("test").count() == 0


def test_who_may_see_a_report_must_be_able_to_read_what_it_was_made_from(here):
    report = here.report()
    seen = queries.reports
    assert (
        seen(agent(here.project, codes=["reports.view", "conversations.view", "contacts.view"])).get()
        == report
    )
    assert not seen(agent(here.project, codes=["reports.view", "contacts.view"])).exists()
    assert not seen(agent(here.site)).exists()
    assert not seen(outsider()).exists()


def test_people_of_other_projects_are_not_named(here):
    from factories import party, project

    apart = project("Elsewhere")
    stranger = party(apart, "Secret Guest")
    say(here.manager, here.project, "Open evening", here.aoi)
    from enishi.conversations.models import Interaction, Participant

    talk = Interaction.objects.unscoped("test").get(subject="Open evening")
    Participant.objects.create(interaction=talk, party=stranger, role="with")
    assert "Secret Guest" not in str(_rows(here.report(here.manager)))


def test_the_snapshot_does_not_follow_the_data(here):
    report = here.report()
    before = _rows(report)
    change_party(here.agent, here.aoi, full_name="Somebody Else")
    say(here.agent, here.project, "Later", here.aoi)
    again = queries.report(here.agent, report.pk)
    assert _rows(again) == before
    assert queries.check(again).holds


def test_the_history_knows_the_hash_and_the_report_knows_the_history(here):
    while seal_next():
        pass
    report = here.report()
    entry = Entry.objects.unscoped("test").get(event="reports.report_made")
    assert entry.data == {"definition": "engagement", "rows": 4, "sha256": report.sha256}
    assert len(report.manifest["history"]["head"]) == 64
    assert queries.check(report) == queries.Finding(4)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE reports_report SET title = 'x' WHERE id = %s",
        "UPDATE reports_report SET confidentiality = 0 WHERE id = %s",
        "UPDATE reports_report SET state = 'waiting' WHERE id = %s",
        "DELETE FROM reports_report WHERE id = %s",
        "UPDATE reports_part SET data = 'x' WHERE report_id = %s",
        "DELETE FROM reports_part WHERE report_id = %s",
        """INSERT INTO reports_part (report_id, "table", position, rows, people, leaves, data)
           VALUES (%s, 'register', 9, 0, '{}', '', '')""",
        "SET LOCAL enishi.redacting = 'on'; UPDATE reports_part SET leaves = 'x' WHERE report_id = %s",
    ],
)
def test_the_database_refuses_to_change_a_frozen_report(here, statement):
    report = here.report()
    with pytest.raises(DatabaseError, match="is frozen"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [report.pk])
    assert queries.check(queries.report(here.agent, report.pk)).holds


def _force(statement: str, *values: object) -> None:
    """As somebody does who owns the database: the triggers are switched off."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, values)
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_what_is_altered_is_named(here):
    report = here.report()
    part = Part.objects.get(report=report, table="register")
    rows = sealing.unpacked(bytes(part.data))
    rows[1][4][0][0] = "Berthz"
    with transaction.atomic():
        _force("UPDATE reports_part SET data = %s WHERE id = %s", sealing.packed(rows), part.pk)
        assert queries.check(report).broken == "register 2"
        transaction.set_rollback(True)
    with transaction.atomic():
        _force("UPDATE reports_part SET leaves = leaves || leaves WHERE id = %s", part.pk)
        assert queries.check(report).broken == "register 4"
        transaction.set_rollback(True)
    for column, value, broken in (
        ("title", "We talked with 3 people", "paper"),
        ("actor_name", "Nobody", "actor"),
        ("sha256", "0" * 64, "manifest"),
    ):
        with transaction.atomic():
            _force(f"UPDATE reports_report SET {column} = %s WHERE id = %s", value, report.pk)
            assert queries.check(queries.report(here.agent, report.pk)).broken == broken
            transaction.set_rollback(True)


def test_a_report_rewritten_as_a_whole_is_found_by_the_history(here):
    report = here.report()
    report.manifest["version"], report.version = 9, 9
    report.sha256 = sealing.whole(report.manifest)
    assert queries.check(report).broken == "history"


def test_somebody_erased_is_sealed_out_and_the_report_still_proves(here):
    report = here.report()
    part = Part.objects.get(report=report, table="register")
    assert here.shirin.pk in part.people
    values = services.redact(here.manager, party_id=here.shirin.pk, words=["شیرین مهتدی"])
    # her name twice, and the subject of the mail that concerned nobody else
    assert values == 3
    found = queries.report(here.agent, report.pk)
    rows = _rows(found)
    assert [(row[3], row[4]) for row in rows] == [
        ("Tanaka Aoi", "Night noise"),
        ("Tanaka Aoi; [erased]", "Berths"),
        ("[erased]", "[erased]"),
    ]
    assert queries.check(found) == queries.Finding(4)
    assert queries.redactions(found) == (1, 3)
    part.refresh_from_db()
    assert part.people == [here.aoi.pk]
    assert "مهتدی" not in sealing.canonical(sealing.unpacked(bytes(part.data))).decode()
    assert services.redact(here.manager, party_id=here.shirin.pk) == 0
    assert Entry.objects.unscoped("test").filter(event="reports.report_redacted").get().data == {"values": 3}


def test_texts_about_several_go_when_they_name_the_person(here):
    say(here.agent, here.project, "Tanaka Aoi asked for Shirin", here.aoi, here.shirin)
    report = here.report()
    services.redact(here.manager, party_id=here.aoi.pk, words=["tanaka aoi"])
    subjects = [row[4] for row in _rows(queries.report(here.agent, report.pk))]
    assert subjects == ["[erased]", "Berths", "=HYPERLINK(1)", "[erased]"]


def test_a_long_report_is_frozen_by_a_job(here, monkeypatch):
    from enishi.reports.services import making

    monkeypatch.setattr(making, "AT_ONCE", 2)
    report = here.report()
    assert (report.state, report.expected, report.rows) == ("waiting", 3, 0)
    services.run_job(report.pk)
    done = queries.report(here.agent, report.pk)
    assert (done.state, done.rows, done.done) == ("frozen", 4, 4)
    assert queries.check(done).holds
    services.run_job(report.pk)
    assert queries.report(here.agent, report.pk).sha256 == done.sha256


def test_a_job_reads_with_the_rights_of_the_moment(here, monkeypatch):
    from enishi.accounts.models import Grant
    from enishi.reports.services import making

    monkeypatch.setattr(making, "AT_ONCE", 2)
    report = here.report()
    Grant.objects.filter(user_id=here.agent.user_id).delete()
    services.run_job(report.pk)
    assert queries.report(here.manager, report.pk).state == "failed"
    assert Part.objects.filter(report=report).count() == 0


def test_a_period_that_ends_before_it_begins(here):
    with pytest.raises(queries.ReportError, match="ends before it begins"):
        here.report(until=here.choice().since.replace(year=2020))

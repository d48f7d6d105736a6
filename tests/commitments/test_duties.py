"""Duties from permits, laws and agreements: written down, kept with proof, reviewed, ended; who sees them."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from commitments.world import NOW, World, world
from enishi.accounts.access import Actor, Forbidden, Level
from enishi.accounts.models import User
from enishi.commitments import queries, services
from enishi.commitments.models import Duty, Promise, Source
from enishi.commitments.queries import DutyFilter
from enishi.commitments.services import CommitmentError, Conflict, DutyDraft
from enishi.contacts.services import change_party
from enishi.content.services import add_file, add_version
from enishi.due.services import remind_all
from enishi.timeline.models import Entry, Notification
from factories import READ, agent, outsider, party, project

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def permit(here: World, **values: object) -> Source:
    given = {
        "kind": "permit",
        "title": "Survey permit",
        "reference": "NP-118",
        "authority": here.person,
        **values,
    }
    by = here.manager if values.get("confidentiality") else here.agent
    return services.write_source(by, project=here.project, **given)


def write(here: World, source: Source, *drafts: DutyDraft) -> list[Duty]:
    return services.write_duties(here.agent, source, drafts)


def times(duty: Duty) -> list[Promise]:
    return list(Promise.objects.unscoped("test").filter(duty=duty).order_by("due_at", "pk"))


def client(who: Actor) -> Client:
    browser = Client()
    browser.force_login(User.objects.get(pk=who.user_id))
    return browser


def fresh(duty: Duty) -> Duty:
    return Duty.objects.unscoped("test").select_related("source", "owner").get(pk=duty.pk)


def test_a_clause_becomes_a_duty_whose_times_are_promises(at):
    here = world()
    report = DutyDraft("Report the noise", clause="4.1", citation="The holder shall report.", owner=here.user,
                       evidence="Receipt", due_at=NOW + DAY, rule="FREQ=MONTHLY", review_months=6)  # fmt: skip
    quiet = DutyDraft("No piling at night", clause="4.2", negative=True, owner=here.other_user)
    with pytest.raises(CommitmentError, match="may not read this"):
        write(here, permit(here), report, quiet)
    source = permit(here)
    monthly, always = write(
        here, source, report, DutyDraft("No piling at night", clause="4.2", negative=True)
    )
    assert [promise.due_at.date() for promise in times(monthly)] == [
        dt.date(2026, 11, 18), dt.date(2026, 12, 18), dt.date(2027, 1, 18),
    ]  # fmt: skip
    [first, *_later] = times(monthly)
    assert (first.title, first.party, first.owner, first.evidence, first.quote) == (
        "Report the noise", here.person, here.user, "Receipt", "The holder shall report.",
    )  # fmt: skip
    [standing] = times(always)
    assert standing.due_at is None and standing.negative and always.position == 2
    # Six months from a Tuesday is a Monday, no holiday in Great Britain.
    assert monthly.next_review_on == dt.date(2027, 5, 17)
    made = Entry.objects.unscoped("test").filter(event="commitments.duty_made")
    assert made.count() == 2 and made.first().changes["title"] == [None, "Report the noise"]


def test_what_asks_for_proof_is_kept_only_with_it(at):
    here = world()
    [duty] = write(
        here, permit(here), DutyDraft("Report", evidence="Receipt of the council", due_at=NOW + DAY)
    )
    [promise] = times(duty)
    with pytest.raises(CommitmentError, match="Asked for: Receipt of the council"):
        services.settle_promise(here.agent, promise, state="kept")
    kept = services.settle_promise(here.agent, promise, state="kept", proof_text="Receipt 17")
    assert kept.state == "kept"


def test_a_changed_clause_takes_its_open_promises_along_and_leaves_the_settled(at):
    here = world()
    [duty] = write(here, permit(here), DutyDraft("Report", due_at=NOW + DAY, rule="FREQ=MONTHLY"))
    services.settle_promise(here.agent, times(duty)[0], state="kept")
    changed = services.change_duty(here.agent, duty, duty.version, title="Report twice", owner=here.user)
    assert [(one.title, one.owner) for one in times(duty)] == [
        ("Report", None), ("Report twice", here.user), ("Report twice", here.user),
    ]  # fmt: skip
    with pytest.raises(Conflict):
        services.change_duty(here.agent, duty, duty.version, title="Late")
    [entry] = Entry.objects.unscoped("test").filter(event="commitments.duty_changed")
    assert entry.changes == {"title": ["Report", "Report twice"], "owner": ["", "Agent"]}
    assert changed.version == 2


def test_a_review_moves_to_a_business_day_and_is_told_once(at):
    here = world()
    [duty] = write(here, permit(here), DutyDraft("Report", owner=here.user, review_months=1))
    # 17 December is a Thursday.
    assert duty.next_review_on == dt.date(2026, 12, 17)
    assert remind_all() == 0
    at(dt.datetime(2026, 12, 17, 10, tzinfo=dt.UTC))
    assert [remind_all(), remind_all()] == [1, 0]
    [told] = Notification.objects.filter(user=here.user, kind="reminder")
    assert (told.title, told.url) == ("Due for review: Report", f"/promises/duties/{duty.pk}/")
    assert [row.duty.pk for row in queries.register(here.agent, DutyFilter(state="review")).rows] == [duty.pk]
    reviewed = services.review_duty(here.agent, fresh(duty), note="Still asked for")
    # 17 January 2027 is a Sunday: the Friday before it.
    assert reviewed.next_review_on == dt.date(2027, 1, 15)
    at(dt.datetime(2027, 1, 15, 10, tzinfo=dt.UTC))
    assert [remind_all(), remind_all()] == [1, 0]
    entry = Entry.objects.unscoped("test").get(event="commitments.duty_reviewed")
    assert entry.data["words"] == "Still asked for"


def test_an_ended_duty_waives_what_is_to_come_and_leaves_what_is_late(at):
    here = world()
    [duty] = write(here, permit(here), DutyDraft("Report", due_at=NOW - 40 * DAY, rule="FREQ=MONTHLY"))
    [always] = write(here, duty.source, DutyDraft("Keep the path open"))
    services.end_duty(here.agent, always, why="The path was given back")
    assert [(one.state, one.outcome) for one in times(always)] == [("waived", "The path was given back")]
    services.end_duty(here.agent, duty, why="Permit handed back")
    assert [one.sign for one in times(duty)] == ["late", "late"]
    with pytest.raises(CommitmentError, match="ended already"):
        services.end_duty(here.agent, duty, why="Again")
    services.resume_duty(here.agent, always)
    assert [one.state for one in times(always)] == ["waived", "open"]
    services.resume_duty(here.agent, duty)
    assert len(times(duty)) > 2


def test_the_register_knows_each_state(at):
    here = world()
    source = permit(here)
    names = ("late", "proof", "broken", "done", "fine", "ended")
    made = dict(
        zip(
            names,
            write(here, source, *(DutyDraft(name, owner=here.user, due_at=NOW + DAY) for name in names)),
            strict=True,
        )
    )
    late = times(made["late"])[0]
    services.change_promise(here.agent, late, due_at=NOW - DAY)
    services.report_done(here.agent, times(made["proof"])[0])
    services.settle_promise(here.agent, times(made["broken"])[0], state="broken", outcome="Storm")
    services.settle_promise(here.agent, times(made["done"])[0], state="kept")
    services.end_duty(here.agent, made["ended"], why="Over")
    write(here, source, DutyDraft("nobody"))

    def found(**filters: object) -> list[str]:
        return [row.duty.title for row in queries.register(here.agent, DutyFilter(**filters)).rows]

    assert found() == ["late", "proof", "broken", "done", "fine", "nobody"]
    assert found(state="late") == ["late"]
    assert found(state="proof") == ["proof"]
    assert found(state="broken") == ["broken"]
    assert found(state="done") == ["broken", "done"]
    assert found(state="ended") == ["ended"]
    assert found(state="unowned") == ["nobody"]
    assert found(text="FINE") == ["fine"]
    assert found(source_id=source.pk + 1) == []
    signs = {row.duty.title: row.sign for row in queries.register(here.agent, DutyFilter()).rows}
    assert signs == {
        "late": "late",
        "proof": "proof",
        "broken": "broken",
        "done": "kept",
        "fine": "open",
        "nobody": "open",
    }
    [row] = queries.sources(here.agent)
    assert (row.duties, row.late, row.review) == (6, 1, 0)
    page = queries.register(here.agent, DutyFilter(), limit=4)
    following = queries.register(here.agent, DutyFilter(), after=page.after, limit=4)
    assert [row.duty.title for row in [*page.rows, *following.rows]] == found()
    assert following.after is None


def test_a_duty_is_as_confidential_as_what_it_hangs_on(at):
    here = world()
    source = permit(here)
    [duty] = write(here, source, DutyDraft("Report", due_at=NOW + DAY, rule="FREQ=MONTHLY"))
    change_party(here.manager, here.person, confidentiality=Level.CONFIDENTIAL)
    services.raise_confidentiality(here.manager, Level.CONFIDENTIAL, party_id=here.person.pk)
    assert fresh(duty).confidentiality == fresh(duty).source.confidentiality == Level.CONFIDENTIAL
    assert {one.confidentiality for one in times(duty)} == {Level.CONFIDENTIAL}
    assert queries.register(here.agent, DutyFilter()).rows == []
    assert queries.sources(here.agent) == []
    for address in (f"/promises/duties/{duty.pk}/", f"/promises/documents/{source.pk}/"):
        assert client(here.agent).get(address).status_code == 404
        assert client(here.manager).get(address).status_code == 200
    entries = Entry.objects.visible_to(here.agent).filter(subject_type="commitments.duty")
    assert not entries.exists()


def test_who_reads_does_not_write_and_who_is_outside_sees_nothing(at):
    here = world()
    source = permit(here)
    [duty] = write(here, source, DutyDraft("Zymurgia"))
    reader, stranger = agent(here.project, codes=READ), outsider()
    for call in (
        lambda: services.write_source(reader, project=here.project, title="X"),
        lambda: services.change_source(reader, source, title="X"),
        lambda: services.write_duties(reader, source, [DutyDraft("X")]),
        lambda: services.change_duty(reader, duty, title="X"),
        lambda: services.review_duty(reader, duty),
        lambda: services.end_duty(reader, duty, why="X"),
        lambda: services.resume_duty(reader, duty),
    ):
        with pytest.raises(Forbidden):
            call()
    assert "Zymurgia" in client(reader).get("/promises/duties/").content.decode()
    assert "Zymurgia" not in client(stranger).get("/promises/duties/").content.decode()
    exported = b"".join(client(stranger).get("/promises/duties/export.csv").streaming_content).decode()
    assert "Zymurgia" not in exported


def test_a_document_follows_its_file_and_a_clause_its_version(at):
    here = world()
    elsewhere = add_file(
        here.manager, project=here.project, name="secret.pdf", data=b"x", confidentiality=Level.CONFIDENTIAL
    )
    source = services.write_source(here.manager, project=here.project, title="Permit", file=elsewhere)
    assert source.confidentiality == Level.CONFIDENTIAL
    plain = add_file(here.agent, project=here.project, name="permit.pdf", data=b"one")
    source = services.write_source(here.agent, project=here.project, title="Permit", file=plain)
    [first] = write(here, source, DutyDraft("First"))
    add_version(here.agent, plain, data=b"two")
    [second] = write(here, source, DutyDraft("Second"))
    assert (first.file_version.number, second.file_version.number) == (1, 2)
    with pytest.raises(CommitmentError, match="another file"):
        services.change_duty(here.agent, first, file_version=elsewhere.versions.first())


def test_pasted_clauses_are_proposed_and_written_down_when_confirmed(at):
    here = world()
    source, browser = permit(here), client(here.agent)
    address = f"/promises/documents/{source.pk}/paste/"
    pasted = "1. Report every month.\n2. No work at night shall be done.\n3. Tell the school."
    proposed = browser.post(address, {"pasted": pasted}).content.decode()
    assert 'value="Report every month"' in proposed and 'value="2026-12-17 18:00"' in proposed
    assert not Duty.objects.unscoped("test").exists()
    rows = {
        "c-TOTAL_FORMS": "3", "c-INITIAL_FORMS": "3", "owner": str(here.user.pk), "evidence": "Letter", "review_months": "12",
        "c-0-take": "on", "c-0-clause": "1", "c-0-title": "Report", "c-0-repeats": "FREQ=MONTHLY", "c-0-due_at": "2026-12-01",
        "c-1-take": "on", "c-1-clause": "2", "c-1-title": "No work at night", "c-1-negative": "on",
        "c-2-clause": "3", "c-2-title": "Tell the school",
    }  # fmt: skip
    refused = browser.post(address, {**rows, "c-0-due_at": ""})
    assert refused.status_code == 422 and "needs its first date" in refused.content.decode()
    assert browser.post(address, rows).status_code == 302
    made = list(Duty.objects.unscoped("test").order_by("position"))
    assert [(one.clause, one.title, one.negative, one.evidence, one.review_months) for one in made] == [
        ("1", "Report", False, "Letter", 12), ("2", "No work at night", True, "Letter", 12),
    ]  # fmt: skip
    assert browser.post(address, {"pasted": " "}).status_code == 422


def test_the_pages_write_change_review_and_end(at):
    here = world()
    browser = client(here.agent)
    saved = browser.post("/promises/documents/new/", {
        "kind": "law", "title": "Harbour law", "project": here.project.pk, "valid_from": "2027-01-01", "valid_until": "2026-01-01",
    })  # fmt: skip
    assert saved.status_code == 422 and "ends before it begins" in saved.content.decode()
    browser.post(
        "/promises/documents/new/", {"kind": "law", "title": "Harbour law", "project": here.project.pk}
    )
    source = Source.objects.unscoped("test").get()
    browser.post(
        f"/promises/documents/{source.pk}/duty/", {"title": "Tell the harbour master", "clause": "Art. 3"}
    )
    duty = Duty.objects.unscoped("test").get()
    page = browser.get(f"/promises/duties/{duty.pk}/").content.decode()
    assert "Obligation" in page and "At all times" in page
    browser.post(
        f"/promises/duties/{duty.pk}/edit/",
        {"title": "Tell him at once", "review_months": "3", "version": "1"},
    )
    assert (fresh(duty).title, fresh(duty).next_review_on) == ("Tell him at once", dt.date(2027, 2, 17))
    browser.post(f"/promises/duties/{duty.pk}/review/", {"next_on": "2026-12-01"})
    assert fresh(duty).next_review_on == dt.date(2026, 12, 1)
    assert "Tell him at once" in browser.get(f"/promises/documents/{source.pk}/").content.decode()
    browser.post(f"/promises/duties/{duty.pk}/end/", {"why": "Repealed"})
    assert fresh(duty).ended_why == "Repealed"
    browser.post(f"/promises/duties/{duty.pk}/resume/")
    assert fresh(duty).ended_at is None
    [promise] = Promise.objects.unscoped("test").filter(duty=duty, state="open")
    shown = browser.get(f"/promises/{promise.pk}/").content.decode()
    assert "Harbour law" in shown


def test_the_table_of_the_register_holds_no_formula(at):
    here = world()
    write(
        here,
        permit(here, title="=HYPERLINK(1)"),
        DutyDraft("@SUM(1)", clause="-4", owner=here.user, due_at=NOW + DAY),
    )
    answer = client(here.agent).get("/promises/duties/export.csv")
    told = b"".join(answer.streaming_content).decode("utf-8-sig")
    head, row = csv.reader(io.StringIO(told))
    cells = dict(zip(head, row, strict=True))
    assert (cells["Document"], cells["Duty"], cells["Next due"], cells["State"]) == (
        "'=HYPERLINK(1)", "'@SUM(1)", "2026-11-18", "open",
    )  # fmt: skip


def test_more_duties_take_no_more_queries(at):
    here = world()
    source, counts = permit(here), []
    for number in (2, 9):
        write(here, source, *(DutyDraft(f"D{n}", due_at=NOW + DAY, owner=here.user) for n in range(number)))
        with CaptureQueriesContext(connection) as captured:
            page = queries.register(here.agent, DutyFilter())
            assert [row.sign for row in page.rows] == ["open"] * len(page.rows)
            assert [str(row.duty.source) + row.duty.owner.name for row in page.rows]
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_a_duty_goes_to_whoever_takes_over(at):
    from enishi.timeline.handover import holding

    here = world()
    [duty] = write(here, permit(here), DutyDraft("Report", clause="4.1", owner=here.user))
    kind = holding("duties")
    [held] = kind.held(here.manager, here.user.pk)
    assert (held.title, held.note) == ("4.1 Report", "Survey permit (NP-118)")
    assert kind.held(outsider(), here.user.pk) == []
    boss = User.objects.get(pk=here.manager.user_id)
    [moved] = kind.assign({duty.pk: boss.pk})
    assert moved.party_id == here.person.pk and fresh(duty).owner == boss


def test_an_authority_outside_the_project_is_refused(at):
    here = world()
    with pytest.raises(CommitmentError, match="is not in the project"):
        permit(here, authority=party(project("Away"), "Far council"))

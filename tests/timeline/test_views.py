"""The pages of the history: what changed, the undo log, the proof, notifications."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from enishi.accounts import signals as accounts
from enishi.accounts.access import Actor, Forbidden, Level, Via
from enishi.accounts.models import User
from enishi.accounts.queries import actor as actor_of
from enishi.contacts import signals
from enishi.contacts.models import Party
from enishi.contacts.services import change_party
from enishi.core import clock, registry
from enishi.timeline import proof, queries, services
from enishi.timeline.models import Check, Entry, Notification, Operation
from enishi.timeline.undo import PLACE, Conflict, Undoer, UndoPlan, UndoRefused
from factories import SYSTEM, agent, grant, manager, outsider, party, project, role, user

pytestmark = pytest.mark.django_db


def _as(client, actor: Actor) -> User:
    who = User.objects.get(pk=actor.user_id)
    client.force_login(who)
    return who


def _main(answer) -> str:
    return answer.content.decode().partition("<main")[2]


# What changed


def test_my_day_tells_a_mass_change_once_and_leaves_out_ones_own():
    where, elsewhere = project("Wind"), project("Sea")
    reader = manager(where)
    aline, basile = party(where, "Aline"), party(where, "Basile")
    since = clock.now()
    single = services.record(SYSTEM, signals.party_changed, subject=aline)
    operation = services.start_operation(SYSTEM, kind="test", label="List", project_ids=[where.pk])
    services.record_each(
        SYSTEM, signals.party_changed, [(aline, aline.pk, {}), (basile, basile.pk, {})], operation=operation
    )
    whole = services.record(SYSTEM, signals.party_changed, subject=aline, operation=operation)
    services.record(reader, signals.party_changed, subject=basile)
    services.record(SYSTEM, signals.party_changed, subject=party(elsewhere, "Chloe"))
    told = queries.by_others(reader, since=since, limit=8)
    assert [entry.pk for entry in told] == [whole.pk, single.pk]
    assert queries.by_others(reader, since=since, limit=1) == [whole]
    assert queries.by_others(reader, since=clock.now(), limit=8) == []
    assert queries.by_others(reader, since=since, limit=8, project_id=elsewhere.pk) == []
    # Neither mass changes elsewhere nor one's own push it out.
    for where_else, who in ((elsewhere, SYSTEM), (where, reader)):
        services.start_operation(who, kind="test", label="Other", project_ids=[where_else.pk])
    assert queries.by_others(reader, since=since, limit=1, project_id=where.pk) == [whole]


def test_my_day_tells_what_changed_and_not_who_came_and_went():
    boss, colleague = manager(None), user("Kaito Arai")
    since = clock.now()
    for event in (accounts.signed_in, accounts.sign_in_failed, accounts.viewing_began):
        services.record(SYSTEM, event, subject=colleague)
    changed = services.record(SYSTEM, accounts.user_changed, subject=colleague)
    assert queries.by_others(boss, since=since, limit=8) == [changed]


def test_the_history_needs_its_right(client):
    where = project()
    party(where, "Tanaka Aoi")
    assert client.get("/history/")["Location"].startswith("/account/login/")
    _as(client, agent(where, codes=["contacts.view"]))
    for path in ("/history/", "/history/operations/", "/history/proof/", "/history/of/contacts.party/1/"):
        assert client.get(path).status_code == 403, path
    _as(client, agent(where))
    assert "Tanaka Aoi" in _main(client.get("/history/"))
    _as(client, outsider())
    assert "Tanaka Aoi" not in client.get("/history/").content.decode()


def test_an_entry_says_who_what_before_and_after(client):
    where = project()
    made = party(where, "Tanaka Aoi")
    worker = agent(where)
    change_party(worker, made, language="ja", note="Prefers letters")
    _as(client, worker)
    entry = client.get("/history/").context["entries"][0]
    assert (str(entry.what), entry.entry.actor_name, str(entry.via)) == ("Contact changed", "Agent", "Web")
    assert {(row["field"], row["old"], row["new"]) for row in entry.rows} == {
        ("Language", "", "Japanese"),
        ("Note", "", "Prefers letters"),
    }
    assert "Prefers letters" in _main(client.get("/history/"))


def test_confidential_entries_leave_no_trace(client):
    where = project()
    made = party(where, "Shirin Mohtadi", confidentiality=Level.CONFIDENTIAL)
    _as(client, agent(where))
    assert "Shirin" not in client.get("/history/").content.decode()
    assert client.get(f"/history/of/contacts.party/{made.pk}/").status_code == 404
    _as(client, agent(where, clearance=Level.CONFIDENTIAL))
    text = _main(client.get("/history/"))
    assert "Shirin" in text
    assert "Confidential" in text


def test_the_right_to_the_history_does_not_open_what_one_may_not_see(client):
    """A role that reads the history and not the contacts reads no contacts there."""
    where = project()
    made = party(where, "Tanaka Aoi")
    _as(client, agent(where, codes=["timeline.view", "commitments.view"]))
    assert "Tanaka" not in client.get("/history/").content.decode()
    assert client.get(f"/history/of/contacts.party/{made.pk}/").status_code == 404


def test_entries_of_the_organisation_are_for_those_who_see_everything(client):
    where = project()
    worker = agent(where)
    services.record(SYSTEM, _settings_changed(), subject=user("Somebody new"))
    _as(client, worker)
    assert client.get("/history/").context["entries"] == []
    _as(client, manager())
    assert [told.entry.label for told in client.get("/history/").context["entries"]] == ["Somebody new"]


def _settings_changed():
    from enishi.accounts.signals import user_created

    return user_created


def test_the_history_is_filtered(client):
    here, there = project("Here"), project("There")
    boss = manager()
    party(here, "Tanaka Aoi")
    changed = party(there, "Rui Tanase")
    change_party(boss, changed, note="x")
    _as(client, boss)

    def labels(**chosen: Any) -> list[str]:
        return [told.entry.label for told in client.get("/history/", chosen).context["entries"]]

    assert labels(project=here.pk) == ["Tanaka Aoi"]
    assert labels(who=boss.user_id) == ["Rui Tanase"]
    assert labels(event="contacts.party_changed") == ["Rui Tanase"]
    today = clock.today()
    assert len(labels(since=today, until=today)) == 3
    assert labels(until=today - dt.timedelta(days=1)) == []
    assert labels(since=today + dt.timedelta(days=1)) == []


@pytest.mark.parametrize(
    "query",
    [
        "who=x",
        "event=nonsense",
        "project=9999999",
        "since=2026-13-45",
        "before=abc",
        "before=" + "9" * 40,
        "until=%00",
    ],
)
def test_a_filter_that_makes_no_sense_is_left_out(client, query):
    party(project(), "Tanaka Aoi")
    _as(client, manager())
    assert "Tanaka Aoi" in _main(client.get(f"/history/?{query}"))


def test_the_filter_lists_only_projects_of_ones_own(client):
    project("Secret wind farm")
    _as(client, agent(project("Mine")))
    text = client.get("/history/").content.decode()
    assert "Mine" in text
    assert "Secret wind farm" not in text


def test_the_history_is_paged_by_key(client):
    where = project()
    made = party(where, "Tanaka Aoi")
    for number in range(60):
        change_party(SYSTEM, made, note=f"Note {number}")
    _as(client, manager())
    first = client.get("/history/")
    assert len(first.context["entries"]) == 50
    second = client.get("/history/" + first.context["next_url"])
    ids = [told.entry.pk for page in (first, second) for told in page.context["entries"]]
    assert len(ids) == len(set(ids)) == 61
    assert ids == sorted(ids, reverse=True)
    assert second.context["next_url"] == ""


def test_the_history_costs_the_same_for_one_and_for_many(client):
    where = project()
    _as(client, manager())

    def count() -> int:
        client.get("/history/")
        with CaptureQueriesContext(connection) as found:
            client.get("/history/")
        return len(found)

    operation = services.start_operation(SYSTEM, kind="test", label="Test", project_ids=[where.pk])
    made = party(where, "Tanaka Aoi")
    services.record(SYSTEM, _settings_changed(), subject=made, operation=operation)
    one = count()
    for number in range(20):
        other = party(where, f"Person {number}")
        services.record(SYSTEM, _settings_changed(), subject=other, operation=operation)
    assert count() == one


def test_the_history_of_one_record_is_a_part_and_a_page(client):
    where = project()
    made, other = party(where, "Tanaka Aoi"), party(where, "Rui Tanase")
    for number in range(25):
        change_party(SYSTEM, made, note=f"Note {number}")
    _as(client, agent(where))
    path = reverse("timeline:of", args=["contacts.party", made.pk])
    part = client.get(path, headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert len(part.context["entries"]) == 20
    rest = client.get(part.context["more_url"], headers={"HX-Request": "true"})
    assert len(rest.context["entries"]) == 6
    assert rest.context["more_url"] == ""
    page = client.get(path).content.decode()
    assert "What changed about Tanaka Aoi" in page
    assert other.full_name not in page
    _as(client, outsider())
    assert client.get(path).status_code == 404
    hidden = client.get(path, headers={"HX-Request": "true"}).content.decode()
    assert "Nothing is recorded here" in hidden


def test_words_with_markup_are_shown_as_text(client):
    where = project()
    made = party(where, "Tanaka Aoi")
    change_party(SYSTEM, made, note="<img src=x onerror=alert(1)>")
    _as(client, manager())
    text = client.get("/history/").content.decode()
    assert "<img src=x" not in text
    assert "&lt;img src=x" in text


# The undo log


class _Notes(Undoer):
    """Takes back a mass change of notes, for the tests of the log."""

    right = "contacts.bulk"

    def preview(self, actor: Actor, operation: Operation) -> UndoPlan:
        made = Party.objects.unscoped("test").get(pk=operation.data["party"])
        if made.note == operation.data["after"]:
            return UndoPlan({"changed": operation.data.get("size", 1)})
        conflict = Conflict(key="note", subject=made.full_name, field="Note", now=made.note, back_to="before")
        return UndoPlan({"changed": 1}, [conflict], ["A withdrawal is never undone."])

    def apply(self, actor: Actor, operation: Operation, *, keep):
        made = Party.objects.unscoped("test").get(pk=operation.data["party"])
        if made.note != operation.data["after"] and (keep is None or "note" in keep):
            return {"kept": 1}
        change_party(actor, made, note="before")
        return {"changed": 1}


@pytest.fixture
def mass_change(monkeypatch):
    """A finished operation that set a note to "after", in a project of its own."""
    monkeypatch.setitem(registry._providers[PLACE], "test.notes", _Notes)
    where = project()
    made = party(where, "Tanaka Aoi", note="after")
    operation = services.start_operation(
        SYSTEM, kind="test.notes", label="Notes of the field team", project_ids=[where.pk],
        data={"party": made.pk, "after": "after"},
    )  # fmt: skip
    return services.finish_operation(operation, counts={"changed": 1})


def _note(operation: Operation) -> str:
    return Party.objects.unscoped("test").get(pk=operation.data["party"]).note


def _worker(operation: Operation, codes: list[str] | None = None) -> Actor:
    from enishi.accounts.models import Project

    return agent(Project.objects.get(pk=operation.project_ids[0]), codes=codes)


def test_an_operation_is_listed_and_undone(client, mass_change):
    worker = _worker(mass_change)
    _as(client, worker)
    text = _main(client.get("/history/operations/"))
    assert "Notes of the field team" in text
    assert "1 changed" in text
    page = _main(client.get(f"/history/operations/{mass_change.pk}/"))
    assert "Undo 1 change" in page
    client.post(f"/history/operations/{mass_change.pk}/undo/", {"decided": "1"})
    mass_change.refresh_from_db()
    assert (_note(mass_change), mass_change.state, mass_change.undone_by_id) == (
        "before",
        "undone",
        worker.user_id,
    )
    entry = Entry.objects.unscoped("test").get(event="timeline.operation_undone")
    assert (entry.actor_name, entry.data) == ("Agent", {"changed": 1})
    assert "took it back" in _main(client.get(f"/history/operations/{mass_change.pk}/"))


def test_what_was_edited_since_stays_unless_one_says_otherwise(client, mass_change):
    _as(client, _worker(mass_change))
    edited = Party.objects.unscoped("test").get(pk=mass_change.data["party"])
    change_party(SYSTEM, edited, note="edited since")
    page = _main(client.get(f"/history/operations/{mass_change.pk}/"))
    assert "edited since" in page
    assert "A withdrawal is never undone." in page
    client.post(
        f"/history/operations/{mass_change.pk}/undo/", {"decided": "1", "conflict": "note", "choice-note": ""}
    )
    assert _note(mass_change) == "edited since"


def test_a_conflict_can_be_taken_back_too(client, mass_change):
    _as(client, _worker(mass_change))
    edited = Party.objects.unscoped("test").get(pk=mass_change.data["party"])
    change_party(SYSTEM, edited, note="edited since")
    data = {"decided": "1", "conflict": "note", "choice-note": "back"}
    client.post(f"/history/operations/{mass_change.pk}/undo/", data)
    assert _note(mass_change) == "before"


def test_the_toast_undoes_at_once_and_redraws(client, mass_change):
    _as(client, _worker(mass_change))
    answer = client.post(f"/history/operations/{mass_change.pk}/undo/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Refresh"]) == (204, "true")
    assert _note(mass_change) == "before"


def test_undoing_needs_the_right_of_the_operation(client, mass_change):
    _as(client, _worker(mass_change, ["timeline.view", "contacts.view"]))
    page = _main(client.get(f"/history/operations/{mass_change.pk}/"))
    assert "needs another right" in page
    assert client.post(f"/history/operations/{mass_change.pk}/undo/").status_code == 403
    _as(client, outsider())
    assert client.get(f"/history/operations/{mass_change.pk}/").status_code == 404
    assert client.post(f"/history/operations/{mass_change.pk}/undo/").status_code == 404
    assert _note(mass_change) == "after"


def test_ones_own_operation_is_undone_without_the_right_to_the_history(mass_change):
    worker = _worker(mass_change, ["contacts.view", "contacts.edit", "contacts.bulk"])
    Operation.objects.unscoped("test").update(user_id=worker.user_id)
    assert services.undo_operation(worker, mass_change.pk)
    assert _note(mass_change) == "before"


def test_the_right_is_needed_in_every_project_of_the_operation(mass_change):
    worker = _worker(mass_change)
    other = project()
    Operation.objects.unscoped("test").update(project_ids=[*mass_change.project_ids, other.pk])
    with pytest.raises(Forbidden):
        services.undo_operation(worker, mass_change.pk)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"state": "undone"}, "undone already"),
        ({"state": "running"}, "still running"),
        ({"kind": "nobody"}, "cannot be undone as a whole"),
        ({"undo_until": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)}, "has passed"),
    ],
)
def test_what_cannot_be_undone_says_why(client, mass_change, values, words):
    Operation.objects.unscoped("test").update(**values)
    worker = _worker(mass_change)
    with pytest.raises(UndoRefused, match=words):
        services.undo_operation(worker, mass_change.pk)
    _as(client, worker)
    answer = client.post(f"/history/operations/{mass_change.pk}/undo/", follow=True)
    assert words in answer.content.decode()
    assert _note(mass_change) == "after"


def test_a_large_undo_is_a_job_that_tells_how_it_ended(client, mass_change):
    worker = _worker(mass_change)
    Operation.objects.unscoped("test").update(data={**mass_change.data, "size": 5000})
    _as(client, worker)
    client.post(f"/history/operations/{mass_change.pk}/undo/")
    mass_change.refresh_from_db()
    assert (mass_change.state, _note(mass_change)) == ("undoing", "after")
    services.run_undo(actor_of(User.objects.get(pk=worker.user_id), via=Via.JOB), mass_change.pk, keep=None)
    assert _note(mass_change) == "before"
    assert Notification.objects.get(user_id=worker.user_id).title == "“Notes of the field team” is undone."


def test_a_job_that_may_not_undo_any_more_says_so(mass_change):
    worker = _worker(mass_change)
    Operation.objects.unscoped("test").update(
        state="undoing", undo_until=dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    )
    services.run_undo(worker, mass_change.pk, keep=None)
    mass_change.refresh_from_db()
    assert (mass_change.state, _note(mass_change)) == ("done", "after")
    assert "could not be undone" in Notification.objects.get().title


def test_the_undo_log_costs_the_same_for_one_and_for_many(client, mass_change):
    _as(client, manager())

    def count() -> int:
        client.get("/history/operations/")
        with CaptureQueriesContext(connection) as found:
            client.get("/history/operations/")
        return len(found)

    one = count()
    for number in range(10):
        made = services.start_operation(
            manager(), kind="test.notes", label=f"Import {number}", project_ids=mass_change.project_ids
        )
        services.finish_operation(made, counts={"created": number})
    assert count() == one


# The proof


def test_the_proof_is_for_those_who_see_the_whole_history(client):
    where = project()
    _as(client, manager(where))
    assert client.get("/history/proof/").status_code == 403
    assert client.post("/history/proof/check/").status_code == 403
    assert "Check now" not in client.get("/history/").content.decode()
    _as(client, manager())
    assert "has not been checked yet" in _main(client.get("/history/proof/"))


def test_a_check_runs_as_a_job_and_finds_the_history_whole(client):
    boss = manager()
    party(project(), "Tanaka Aoi")
    proof.seal_next()
    _as(client, boss)
    client.post("/history/proof/check/")
    check = Check.objects.get()
    assert (check.total, check.finished_at) == (1, None)
    running = client.get("/history/proof/")
    assert "is being checked" in _main(running)
    bar = client.get(f"/history/proof/{check.pk}/progress/").content.decode()
    assert "<progress" in bar
    client.post("/history/proof/check/")
    assert Check.objects.count() == 1
    services.run_check(check.pk)
    services.run_check(check.pk)
    check.refresh_from_db()
    assert (check.holds, check.done, check.head) == (True, 1, proof.verify().head)
    assert client.get(f"/history/proof/{check.pk}/progress/")["HX-Refresh"] == "true"
    assert "The history is whole" in _main(client.get("/history/proof/"))
    assert Notification.objects.get(user_id=boss.user_id).title == "The history is whole."
    assert client.get("/history/proof/99999/progress/").status_code == 404


def test_a_check_names_the_first_broken_entry(client):
    boss = manager()
    made = party(project(), "Tanaka Aoi")
    change_party(SYSTEM, made, note="true")
    proof.seal_next()
    entry = Entry.objects.unscoped("test").order_by("id").last()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE timeline_entry DISABLE TRIGGER timeline_entry_append_only")
        cursor.execute(
            'UPDATE timeline_entry SET changes = \'{"note": ["", "forged"]}\' WHERE id = %s', [entry.pk]
        )
        cursor.execute("ALTER TABLE timeline_entry ENABLE TRIGGER timeline_entry_append_only")
    services.run_check(services.start_check(boss).pk)
    _as(client, boss)
    text = _main(client.get("/history/proof/"))
    assert "The history was altered" in text
    assert f"Entry {entry.pk} was altered." in text
    assert "Tanaka Aoi" in text
    assert Notification.objects.get().title == "The history was altered. See where."


def test_a_check_whose_worker_died_is_given_up():
    boss = manager()
    first = services.start_check(boss)
    Check.objects.update(started_at=clock.now() - dt.timedelta(hours=7))
    second = services.start_check(boss)
    first.refresh_from_db()
    assert second.pk != first.pk
    assert (first.reason, first.holds) == ("stopped", False)


def test_progress_is_told_after_each_seal():
    party(project(), "Tanaka Aoi")
    proof.seal_next()
    party(project(), "Rui Tanase")
    proof.seal_next()
    told: list[int] = []
    assert proof.verify(progress=told.append).holds
    assert told == [1, 2]


# Notifications


def test_notifications_are_ones_own(client):
    worker, other = agent(project()), agent(project())
    services.notify([worker.user_id], kind="test", title="The import is done", url="/history/")
    services.notify([other.user_id], kind="test", title="Not for you", url="/history/")
    assert client.get("/notifications/").status_code == 302
    _as(client, worker)
    page = client.get("/notifications/").content.decode()
    assert "The import is done" in page
    assert "Not for you" not in page
    bell = client.get("/notifications/", headers={"HX-Request": "true"}).content.decode()
    assert "The import is done" in bell
    assert "<html" not in bell
    foreign = Notification.objects.get(user_id=other.user_id)
    assert client.post(f"/history/notifications/{foreign.pk}/").status_code == 404
    foreign.refresh_from_db()
    assert foreign.read_at is None


def test_following_a_notification_reads_it(client):
    worker = agent(project())
    services.notify([worker.user_id], kind="test", title="The import is done", url="/history/")
    _as(client, worker)
    one = Notification.objects.get()
    assert client.get(f"/history/notifications/{one.pk}/").status_code == 405
    assert client.post(f"/history/notifications/{one.pk}/")["Location"] == "/history/"
    assert queries.unread_notifications(worker) == 0


def test_a_notification_never_leads_elsewhere(client):
    worker = agent(project())
    services.notify([worker.user_id], kind="test", title="Look", url="https://evil.example/")
    _as(client, worker)
    assert (
        client.post(f"/history/notifications/{Notification.objects.get().pk}/")["Location"]
        == "/notifications/"
    )


def test_all_are_marked_as_read(client):
    worker, other = agent(project()), agent(project())
    for one in (worker, worker, other):
        services.notify([one.user_id], kind="test", title="News")
    _as(client, worker)
    client.post("/history/notifications/read/")
    assert (queries.unread_notifications(worker), queries.unread_notifications(other)) == (0, 1)


def test_notifications_are_paged_by_key(client):
    worker = agent(project())
    for number in range(55):
        services.notify([worker.user_id], kind="test", title=f"News {number}")
    _as(client, worker)
    first = client.get("/notifications/")
    second = client.get("/notifications/" + first.context["next_url"])
    titles = [one.title for page in (first, second) for one in page.context["notifications"]]
    assert titles == [f"News {number}" for number in range(54, -1, -1)]


def test_roles_decide_even_with_two_grants(client):
    """Two roles in one project: the history of contacts by one, the sight of contacts by the other."""
    where = project()
    party(where, "Tanaka Aoi")
    who = user("Two roles")
    grant(who, where, role(codes=["timeline.view"], clearance=Level.INTERNAL))
    client.force_login(who)
    assert "Tanaka" not in client.get("/history/").content.decode()
    grant(who, where, role(codes=["contacts.view"], clearance=Level.OPEN))
    assert "Tanaka" not in client.get("/history/").content.decode()
    grant(who, where, role(codes=["contacts.view"], clearance=Level.INTERNAL))
    assert "Tanaka" in client.get("/history/").content.decode()

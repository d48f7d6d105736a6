"""Making, changing and settling promises and tasks."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection

from commitments.world import NOW, world
from enishi.accounts.access import Forbidden, Level
from enishi.commitments import queries, services
from enishi.commitments.models import Promise, Task
from enishi.contacts.models import Party
from enishi.contacts.services import change_party
from enishi.content.services import FileDraft
from enishi.search.queries import find
from enishi.timeline.models import Entry, Notification
from enishi.timeline.queries import history_of, timeline
from factories import SYSTEM, agent, outsider, party, project

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def _make(here: Any, **values: Any) -> Promise:
    given: dict[str, Any] = {
        "project": here.project,
        "title": "Send the noise survey",
        "direction": "ours",
        "party": here.person,
    }
    return services.make_promise(here.agent, **{**given, **values})


def _entries(promise: Promise | Task) -> list[str]:
    kind = "commitments.promise" if isinstance(promise, Promise) else "commitments.task"
    return [entry.event for entry in history_of(SYSTEM, kind, promise.pk)]


def test_a_promise_is_recorded_found_and_on_the_timeline(at):
    here = world()
    made = _make(here, due_at=NOW + DAY, owner=here.user, quote="You will have it by Wednesday.")
    assert (made.state, made.sign, made.version, made.confidentiality) == ("open", "open", 1, Level.INTERNAL)
    entry = history_of(SYSTEM, "commitments.promise", made.pk)[0]
    assert entry.event == "commitments.promise_made"
    assert entry.party_id == here.person.pk
    assert entry.changes["title"] == [None, "Send the noise survey"]
    assert [
        (hit.kind, hit.subject_id, hit.detail) for hit in find(here.agent, "noise", kinds=["promise"])
    ] == [("promise", made.pk, "Tanaka Aoi")]
    placed = timeline(here.agent, [here.person.pk], family="promise")
    assert [(place.subject_type, place.subject_id) for place in placed] == [("commitments.promise", made.pk)]
    assert find(outsider(), "noise", kinds=["promise"]) == []


def test_who_may_make_and_delete(at):
    here = world()
    reader = agent(here.project, codes=["commitments.view", "contacts.view"])
    with pytest.raises(Forbidden) as refused:
        services.make_promise(reader, project=here.project, title="x", direction="ours")
    assert refused.value.right == "commitments.edit"
    editor = agent(here.project, codes=["commitments.view", "commitments.edit", "contacts.view"])
    made = services.make_promise(editor, project=here.project, title="x", direction="ours")
    with pytest.raises(Forbidden):
        services.delete_promise(editor, made)
    with pytest.raises(Forbidden):
        services.settle_promise(outsider(), made, state="kept")
    assert Promise.objects.unscoped("test").get().state == "open"


@pytest.mark.parametrize(
    ("values", "field"),
    [({"title": " \u200f\n "}, "title"), ({"title": "x" * 301}, "title"), ({"rule": "FREQ=DAILY"}, "due_at")],
)
def test_what_cannot_be_used_is_refused_at_its_field(at, values, field):
    here = world()
    with pytest.raises(services.CommitmentError) as refused:
        _make(here, **values)
    assert refused.value.field == field
    assert not Promise.objects.unscoped("test").exists()


def test_nobody_promises_for_somebody_outside_the_project(at):
    here = world()
    stranger = party(project(), "Far Away")
    with pytest.raises(services.CommitmentError, match="Far Away is not in the project") as refused:
        _make(here, party=stranger)
    assert refused.value.field == "party"


def test_nobody_owns_what_they_may_not_read(at):
    here = world()
    with pytest.raises(services.CommitmentError, match="may not read this") as refused:
        _make(here, owner=here.other_user)
    assert refused.value.field == "owner"
    confidential = party(here.project, "Sealed One", confidentiality=Level.CONFIDENTIAL)
    with pytest.raises(services.CommitmentError):
        services.make_promise(
            here.manager,
            project=here.project,
            title="x",
            direction="ours",
            party=confidential,
            owner=here.user,
        )


def test_a_promise_is_never_less_confidential_than_its_person(at):
    here = world()
    confidential = party(here.project, "Sealed One", confidentiality=Level.RESTRICTED)
    made = services.make_promise(
        here.manager,
        project=here.project,
        title="Call the lawyer",
        direction="ours",
        party=confidential,
        confidentiality=Level.OPEN,
    )
    assert made.confidentiality == Level.RESTRICTED
    serving = services.make_task(here.manager, project=here.project, title="Find the number", promise=made)
    assert serving.confidentiality == Level.RESTRICTED
    assert queries.promises(here.agent, queries.Filter()).count() == 0
    assert find(here.agent, "lawyer") == []
    with pytest.raises(services.CommitmentError) as refused:
        _make(here, confidentiality=Level.RESTRICTED)
    assert refused.value.field == "confidentiality"


def test_a_person_that_becomes_confidential_takes_promises_along(at):
    here = world()
    made = _make(here)
    serving = services.make_task(here.agent, project=here.project, title="Print it", promise=made)
    changed = change_party(here.manager, here.person, confidentiality=Level.CONFIDENTIAL)
    for _time in range(2):
        services.raise_confidentiality(SYSTEM, changed.confidentiality, party_id=here.person.pk)
    assert Promise.objects.unscoped("test").get().confidentiality == Level.CONFIDENTIAL
    assert Task.objects.unscoped("test").get().confidentiality == Level.CONFIDENTIAL
    assert [entry.event for entry in history_of(here.agent, "commitments.promise", made.pk)] == []
    assert find(here.agent, "noise") == find(here.agent, "print") == []
    assert _entries(serving) == ["commitments.task_changed", "commitments.task_made"]


def test_many_people_that_become_confidential_take_promises_along(at):
    here = world()
    _make(here)
    services.make_task(here.agent, project=here.project, title="Print it", party=here.person)
    Party.objects.unscoped("as a mass edit does").filter(pk=here.person.pk).update(
        confidentiality=Level.RESTRICTED
    )
    for _time in range(2):
        services.catch_up(SYSTEM)
    assert Promise.objects.unscoped("test").get().confidentiality == Level.RESTRICTED
    assert Task.objects.unscoped("test").get().confidentiality == Level.RESTRICTED


def test_promises_are_found_by_the_present_name(at):
    here = world()
    made = _make(here)
    change_party(here.manager, here.person, full_name="Aoi Yamada")
    services.index_of_party(here.person.pk)
    assert [hit.subject_id for hit in find(here.agent, "yamada", kinds=["promise"])] == [made.pk]
    assert find(here.agent, "tanaka", kinds=["promise"]) == []


def test_the_owner_is_told_when_somebody_else_gives_it(at):
    here = world()
    _make(here, owner=here.user)
    assert not Notification.objects.exists()
    made = services.make_promise(
        here.manager, project=here.project, title="Publish the minutes", direction="ours", owner=here.user
    )
    told = Notification.objects.get()
    assert (told.user_id, told.title, told.url) == (
        here.user.pk,
        "Manager gave you a promise: Publish the minutes",
        f"/promises/{made.pk}/",
    )
    services.change_promise(here.manager, made, title="Publish all minutes")
    assert Notification.objects.count() == 1


@pytest.mark.parametrize(
    ("due", "negative", "state"),
    [
        (NOW + DAY, False, "kept"),
        (None, False, "kept"),
        (NOW - DAY, False, "kept_late"),
        (NOW - DAY, True, "kept"),
    ],
)
def test_the_clock_decides_whether_it_was_kept_in_time(at, due, negative, state):
    here = world()
    made = _make(here, due_at=due, negative=negative)
    settled = services.settle_promise(here.agent, made, state="kept", proof_text="Receipt of the post office")
    assert (settled.state, settled.settled_at, settled.settled_by_id) == (state, NOW, here.user.pk)
    assert [proof.text for proof in queries.proofs(here.agent, settled)] == ["Receipt of the post office"]
    assert _entries(settled) == [
        "commitments.proof_added",
        "commitments.promise_settled",
        "commitments.promise_made",
    ]


def test_late_is_derived_and_never_stored(at):
    here = world()
    made = _make(here, due_at=NOW + DAY)
    assert made.sign == "open"
    assert services.start_promise(here.agent, made).sign == "doing"
    at(NOW + 2 * DAY)
    late = queries.promise(here.agent, made.pk)
    assert (late.state, late.sign) == ("open", "late")


def test_what_is_done_waits_for_its_proof_and_is_judged_by_when_it_was_done(at):
    here = world()
    made = _make(here, due_at=NOW + DAY, owner=here.user)
    done = services.report_done(here.agent, made)
    assert (done.state, done.sign, done.done_at, done.settled_at) == ("open", "proof", NOW, None)
    at(NOW + 5 * DAY)
    waiting = queries.promise(here.agent, made.pk)
    assert (waiting.sign, waiting.is_late(NOW + 5 * DAY)) == ("proof", False)
    with pytest.raises(services.CommitmentError, match="what proves it") as refused:
        services.settle_promise(here.agent, waiting, state="kept")
    assert refused.value.field == "proof_text"
    services.add_proof(here.agent, waiting, text="Log of the lorries")
    settled = services.settle_promise(here.agent, waiting, state="kept")
    assert (settled.state, settled.done_at, settled.settled_at) == ("kept", NOW, NOW + 5 * DAY)
    assert _entries(settled) == [
        "commitments.promise_settled",
        "commitments.proof_added",
        "commitments.promise_done",
        "commitments.promise_made",
    ]


def test_what_was_done_late_is_kept_late_once_proven(at):
    here = world()
    done = services.report_done(here.agent, _make(here, due_at=NOW - DAY))
    assert done.sign == "proof"
    settled = services.settle_promise(here.agent, done, state="kept", proof_text="Photograph")
    assert settled.state == "kept_late"


def test_that_it_was_done_is_taken_back(at):
    here = world()
    started = services.start_promise(here.agent, _make(here, due_at=NOW + DAY))
    done = services.report_done(here.agent, started)
    assert services.undo(here.agent, done.undo_entry).sign == "doing"
    done = services.report_done(here.agent, started)
    assert services.reopen_promise(here.agent, done).sign == "doing"
    done = services.report_done(here.agent, started)
    broken = services.settle_promise(here.agent, done, state="broken", outcome="The log was empty.")
    assert (broken.done_at, broken.settled_at) == (None, NOW)
    with pytest.raises(Forbidden):
        services.report_done(outsider(), broken)


def test_a_kept_promise_whose_proof_is_asked_for_was_done_when_it_was_kept(at):
    here = world()
    kept = services.settle_promise(here.agent, _make(here, due_at=NOW + DAY), state="kept")
    at(NOW + 3 * DAY)
    waiting = services.move_promise(here.agent, kept, to="proof")
    assert (waiting.sign, waiting.done_at) == ("proof", NOW)
    assert services.settle_promise(here.agent, waiting, state="kept", proof_text="Receipt").state == "kept"


@pytest.mark.parametrize("state", ["broken", "waived"])
def test_broken_and_waived_need_a_reason(at, state):
    here = world()
    made = _make(here)
    with pytest.raises(services.CommitmentError) as refused:
        services.settle_promise(here.agent, made, state=state, outcome="  ")
    assert refused.value.field == "outcome"
    settled = services.settle_promise(here.agent, made, state=state, outcome="The site was sold.")
    assert (settled.state, settled.outcome) == (state, "The site was sold.")


def test_a_settled_promise_keeps_its_date(at):
    here = world()
    made = services.settle_promise(here.agent, _make(here, due_at=NOW - DAY), state="kept")
    with pytest.raises(services.CommitmentError, match="keeps its date"):
        services.change_promise(here.agent, made, due_at=NOW + DAY)
    again = services.reopen_promise(here.agent, made)
    assert (again.state, again.settled_at, again.settled_by_id) == ("open", None, None)
    assert services.change_promise(here.agent, again, due_at=NOW + DAY).due_at == NOW + DAY


def test_open_to_all_is_a_level_that_the_history_tells(at):
    here = world()
    made = _make(here, party=None, confidentiality=Level.OPEN)
    task = services.make_task(here.agent, project=here.project, title="Print it", confidentiality=Level.OPEN)
    for row, kind in ((made, "promise"), (task, "task")):
        first = history_of(SYSTEM, f"commitments.{kind}", row.pk)[0]
        assert first.changes["confidentiality"] == [None, 0]
        assert "negative" not in first.changes


def test_a_file_can_be_the_proof(at):
    here = world()
    made = _make(here)
    settled = services.settle_promise(
        here.agent,
        made,
        state="kept",
        proof_text="Stamped",
        files=[FileDraft("receipt.txt", b"received 17 November")],
    )
    proof = queries.proofs(here.agent, settled)[0]
    assert (proof.text, proof.file.name, proof.file.project_id) == ("Stamped", "receipt.txt", here.project.pk)


def test_two_people_do_not_overwrite_one_another(at):
    here = world()
    made = _make(here)
    services.change_promise(here.agent, made, version=1, title="Send both surveys")
    with pytest.raises(services.Conflict) as refused:
        services.change_promise(here.manager, made, version=1, title="Send nothing")
    assert refused.value.current == 2
    assert Promise.objects.unscoped("test").get().title == "Send both surveys"


def test_nobody_deletes_what_was_changed_since_they_read_it(at):
    here = world()
    made = _make(here)
    task = services.make_task(here.agent, project=here.project, title="Print it")
    services.change_promise(here.manager, made, title="Send both surveys")
    services.finish_task(here.manager, task)
    with pytest.raises(services.Conflict) as refused:
        services.delete_promise(here.agent, made, 1)
    assert refused.value.current == 2
    with pytest.raises(services.Conflict):
        services.delete_task(here.agent, task, 1)
    assert Promise.objects.unscoped("test").get().title == "Send both surveys"
    services.delete_promise(here.agent, made, 2)
    services.delete_task(here.agent, task, 2)
    assert not Promise.objects.unscoped("test").exists() and not Task.objects.unscoped("test").exists()


def test_nothing_is_recorded_when_nothing_changed(at):
    here = world()
    made = _make(here)
    services.change_promise(here.agent, made, title="Send the noise survey")
    assert _entries(made) == ["commitments.promise_made"]


def test_another_project_needs_the_right_there_too(at):
    here = world()
    elsewhere = project("Elsewhere")
    made = _make(here, party=None)
    with pytest.raises(Forbidden):
        services.change_promise(here.agent, made, project=elsewhere)
    moved = services.change_promise(SYSTEM, made, project=elsewhere)
    assert moved.project_id == elsewhere.pk
    assert list(history_of(here.agent, "commitments.promise", made.pk)) == []


def test_settling_and_moving_can_be_taken_back(at):
    here = world()
    made = services.start_promise(here.agent, _make(here, due_at=NOW + DAY))
    settled = services.settle_promise(here.agent, made, state="waived", outcome="No longer wanted")
    back = services.undo(here.agent, settled.undo_entry)
    assert (back.state, back.outcome, back.settled_at, back.started_at) == ("open", "", None, NOW)
    moved = services.change_promise(here.agent, back, due_at=NOW + 9 * DAY)
    assert services.undo(here.agent, moved.undo_entry).due_at == NOW + DAY


def test_only_ones_own_untouched_change_is_taken_back(at):
    here = world()
    moved = services.change_promise(here.agent, _make(here, due_at=NOW), due_at=NOW + DAY)
    with pytest.raises(Entry.DoesNotExist):
        services.undo(here.manager, moved.undo_entry)
    services.change_promise(here.manager, moved, due_at=NOW + 5 * DAY)
    with pytest.raises(services.CommitmentError, match="changed since"):
        services.undo(here.agent, moved.undo_entry)


def test_a_deleted_promise_comes_back_whole(at):
    here = world()
    made = _make(
        here, due_at=NOW + DAY, owner=here.user, quote="by Wednesday", said_in_id=77, said_start=3, said_end=9
    )
    services.add_proof(here.agent, made, text="Draft sent")
    serving = services.make_task(here.agent, project=here.project, title="Print it", promise=made)
    before = {
        f.attname: getattr(queries.promise(here.agent, made.pk), f.attname)
        for f in Promise._meta.concrete_fields
    }
    entry = services.delete_promise(here.agent, made)
    assert not Promise.objects.unscoped("test").exists()
    assert find(here.agent, "noise") == []
    assert timeline(here.agent, [here.person.pk], family="promise") == []
    assert Task.objects.unscoped("test").get().promise_id is None
    services.undo(here.agent, entry.pk)
    back = queries.promise(here.agent, made.pk)
    assert {f.attname: getattr(back, f.attname) for f in Promise._meta.concrete_fields} == before
    assert [proof.text for proof in queries.proofs(here.agent, back)] == ["Draft sent"]
    assert queries.task(here.agent, serving.pk).promise_id == made.pk
    assert len(find(here.agent, "noise")) == 1
    with pytest.raises(services.CommitmentError, match="back already"):
        services.undo(here.agent, entry.pk)


def test_a_task_from_beginning_to_end(at):
    here = world()
    made = services.make_task(
        here.agent, project=here.project, title="Translate the summary", party=here.person, due_at=NOW
    )
    done = services.finish_task(here.agent, made)
    assert done.done_at == NOW
    assert services.undo(here.agent, done.undo_entry).done_at is None
    done = services.finish_task(here.agent, made)
    assert services.reopen_task(here.agent, done).done_at is None
    entry = services.delete_task(here.agent, made)
    assert find(here.agent, "summary") == []
    assert services.undo(here.agent, entry.pk).title == "Translate the summary"
    assert _entries(made) == [
        "commitments.task_restored", "commitments.task_deleted", "commitments.task_reopened", "commitments.task_done",
        "commitments.task_changed", "commitments.task_done", "commitments.task_made",
    ]  # fmt: skip


def test_making_a_promise_costs_the_same_whatever_is_there(at, django_assert_max_num_queries):
    here = world()
    for number in range(20):
        _make(here, title=f"Promise {number}")
    with django_assert_max_num_queries(14):
        _make(here)
    assert connection.queries_limit

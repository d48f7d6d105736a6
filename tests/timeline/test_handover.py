"""Handing over everything open that somebody holds: who may, who can get it, the brief, and taking it back."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from enishi.accounts.access import Actor, Forbidden, Level, Via
from enishi.accounts.models import Project, User
from enishi.accounts.queries import actor as actor_of
from enishi.commitments.models import Promise, Series, Task
from enishi.commitments.services import change_promise, make_promise, make_task, settle_promise
from enishi.contacts.models import Party, SavedView
from enishi.contacts.services import setup as contact_setup
from enishi.conversations.models import Interaction, UnknownSender
from enishi.conversations.services import ParticipantDraft, log_interaction
from enishi.core import clock
from enishi.timeline.handover import brief, moving, planning
from enishi.timeline.models import Entry, Notification, Operation
from enishi.timeline.queries import history_of
from enishi.timeline.services import undo_operation
from factories import agent, grant, manager, outsider, party, project, role, user

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 17, 9, 0, tzinfo=dt.UTC)
WORK = [
    "contacts.view", "contacts.edit", "commitments.view", "commitments.edit", "conversations.view",
    "conversations.edit", "timeline.view",
]  # fmt: skip


@dataclass
class Office:
    """Kenji looks after one thing of every kind in Harbour, and a promise in Dunes."""

    harbour: Project
    dunes: Project
    kenji: User
    mina: User
    boss: Actor
    aoi: Party
    promise: Promise
    far: Promise
    task: Task
    series: Series
    talk: Interaction
    sender: UnknownSender
    view: SavedView

    @property
    def as_kenji(self) -> Actor:
        return actor_of(self.kenji, via=Via.WEB)

    @property
    def as_mina(self) -> Actor:
        return actor_of(self.mina, via=Via.WEB)


def _user_in(
    name: str, *places: Project, codes: list[str] | None = None, clearance: int = Level.INTERNAL
) -> User:
    made = user(name)
    given = role(codes=WORK if codes is None else codes, clearance=clearance)
    for place in places:
        grant(made, place, given)
    return made


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    harbour, dunes = project("Harbour"), project("Dunes")
    kenji, mina = _user_in("Kenji Mori", harbour, dunes), _user_in("Mina Sato", harbour)
    me = actor_of(kenji, via=Via.WEB)
    aoi = party(harbour, "Tanaka Aoi", by=me)
    Party.objects.unscoped("test").filter(pk=aoi.pk).update(owner=kenji, note="Prefers letters")
    due = {"owner": kenji, "due_at": NOW + dt.timedelta(days=2)}
    promise = make_promise(me, project=harbour, title="Send the survey", direction="ours", party=aoi, **due)
    far = make_promise(me, project=dunes, title="Mark the path", direction="ours", owner=kenji)
    task = make_task(me, project=harbour, title="Ring back", owner=kenji)
    first = make_promise(
        me, project=harbour, title="Weekly report", direction="ours", rule="FREQ=WEEKLY;COUNT=3", **due
    )
    talk = log_interaction(
        me, channel="email", occurred_at=NOW - dt.timedelta(days=3), project_ids=[harbour.pk], answer="waiting",
        subject="Noise at night", participants=[ParticipantDraft("from", party_id=aoi.pk)],
    )  # fmt: skip
    log_interaction(
        me, channel="email", occurred_at=NOW, project_ids=[harbour.pk], subject="Hello",
        participants=[
            ParticipantDraft("from", address="new@ushio.example"), ParticipantDraft("to", user_id=kenji.pk)
        ],
    )  # fmt: skip
    assert first.series is not None
    return Office(
        harbour, dunes, kenji, mina, manager(), aoi, promise, far, task, first.series, talk,
        UnknownSender.objects.unscoped("test").get(address="new@ushio.example"),
        contact_setup.save_view(me, name="Harbour people", spec={}, shared=True),
    )  # fmt: skip


def _holders(office: Office) -> dict[str, str]:
    """Who holds what, as the database has it."""
    names = {None: "", office.kenji.pk: "Kenji", office.mina.pk: "Mina"}
    found = {
        "promise": Promise.objects.unscoped("test").get(pk=office.promise.pk).owner_id,
        "far": Promise.objects.unscoped("test").get(pk=office.far.pk).owner_id,
        "task": Task.objects.unscoped("test").get(pk=office.task.pk).owner_id,
        "series": Series.objects.unscoped("test").get(pk=office.series.pk).template["owner_id"],
        "contact": Party.objects.unscoped("test").get(pk=office.aoi.pk).owner_id,
        "talk": Interaction.objects.unscoped("test").get(pk=office.talk.pk).answer_by_id,
        "sender": UnknownSender.objects.unscoped("test").get(pk=office.sender.pk).reviewer_id,
        "view": SavedView.objects.get(pk=office.view.pk).owner_id,
    }
    times = Promise.objects.unscoped("test").filter(series=office.series).values_list("owner_id", flat=True)
    return {name: names[pk] for name, pk in found.items()} | {"times": "".join(names[pk][0] for pk in times)}


KENJIS = {
    "promise": "Kenji", "far": "Kenji", "task": "Kenji", "series": "Kenji", "contact": "Kenji", "talk": "",
    "sender": "", "view": "Kenji", "times": "KKK",
}  # fmt: skip
MINAS = {**dict.fromkeys(KENJIS, "Mina"), "far": "Kenji", "times": "MMM"}


def test_everything_open_is_counted_by_kind_and_project(office):
    settled = make_promise(
        office.boss, project=office.harbour, title="Old", direction="ours", owner=office.kenji
    )
    settle_promise(office.boss, settled, state="kept")
    groups = planning.held_by(office.boss, office.kenji)
    assert [
        (g.kind.code, g.count, [(str(p.project or "-"), [i.title for i in p.items]) for p in g.places])
        for g in groups
    ] == [
        ("promises", 2, [("Dunes", ["Mark the path"]), ("Harbour", ["Send the survey"])]),
        ("tasks", 1, [("Harbour", ["Ring back"])]),
        ("repeats", 1, [("Harbour", ["Weekly report"])]),
        ("contacts", 1, [("Harbour", ["Tanaka Aoi"])]),
        ("waiting", 1, [("Harbour", ["Noise at night"])]),
        ("senders", 1, [("Harbour", ["new@ushio.example"])]),
        ("views", 1, [("-", ["Harbour people"])]),
    ]


def test_handing_over_moves_what_the_other_may_do_and_names_the_rest(office):
    planned = planning.plan(office.boss, office.kenji, {"all": str(office.mina.pk)})
    assert [
        (r.user.name, r.kind.code, str(r.place.project), [i.title for i in r.items]) for r in planned.refused
    ] == [("Mina Sato", "promises", "Dunes", ["Mark the path"])]
    assert (planned.count, planned.stay) == (7, 1)
    assert _holders(office) == KENJIS
    operation = moving.hand_over(office.boss, office.kenji, {"all": str(office.mina.pk)})
    assert (operation.state, operation.counts) == ("done", {"handed": 7})
    assert _holders(office) == MINAS
    told = Notification.objects.get(user=office.mina, kind="handover")
    assert (told.title, told.url) == (
        "7 things that Kenji Mori looked after are yours now. Read the brief.",
        f"/handover/brief/{operation.pk}/{office.mina.pk}/",
    )


def test_the_nearest_choice_counts(office):
    ines = _user_in("Ines Vidal", office.harbour, office.dunes)
    choices = {
        "all": str(office.mina.pk), "promises": str(ines.pk), f"promises-{office.harbour.pk}": "stay",
        f"tasks:{office.task.pk}": str(ines.pk), "views": "stay",
    }  # fmt: skip
    planned = planning.plan(office.boss, office.kenji, choices)
    given = {gift.user.name: [i.title for g in gift.groups for i in g.items] for gift in planned.gifts}
    assert given == {
        "Ines Vidal": ["Mark the path", "Ring back"],
        "Mina Sato": ["Weekly report", "Tanaka Aoi", "Noise at night", "new@ushio.example"],
    }
    assert planned.stay == 2


def test_the_past_stays_with_who_did_it(office):
    before = Entry.objects.unscoped("test").filter(user=office.kenji).count()
    operation = moving.hand_over(office.boss, office.kenji, {"all": str(office.mina.pk)})
    assert Entry.objects.unscoped("test").filter(user=office.kenji).count() == before
    talk = Interaction.objects.unscoped("test").get(pk=office.talk.pk)
    assert (talk.user_id, talk.version) == (office.kenji.pk, 1)
    entry = history_of(office.boss, "commitments.promise", office.promise.pk)[0]
    assert (entry.event, entry.changes, entry.operation_id, entry.user_id) == (
        "commitments.promise_changed", {"owner": ["Kenji Mori", "Mina Sato"]}, operation.pk, office.boss.user_id,
    )  # fmt: skip
    entry = history_of(office.boss, "contacts.party", office.aoi.pk)[0]
    assert (entry.event, entry.changes) == (
        "contacts.party_changed", {"owner_id": [office.kenji.pk, office.mina.pk]},
    )  # fmt: skip
    assert Entry.objects.unscoped("test").filter(operation=operation).count() == 11


def test_undo_puts_everything_back(office):
    operation = moving.hand_over(office.boss, office.kenji, {"all": str(office.mina.pk)})
    assert undo_operation(office.boss, operation.pk) is True
    assert _holders(office) == KENJIS
    assert Operation.objects.unscoped("test").get(pk=operation.pk).state == "undone"


def test_undo_leaves_what_was_given_on_or_settled_since(office):
    operation = moving.hand_over(office.boss, office.kenji, {"all": str(office.mina.pk)})
    settle_promise(office.boss, office.promise, state="kept")
    ines = _user_in("Ines Vidal", office.harbour)
    task = Task.objects.unscoped("test").get(pk=office.task.pk)
    from enishi.commitments.services import change_task

    change_task(office.boss, task, owner=ines)
    plan = moving.UndoHandover().preview(office.boss, operation)
    assert dict(plan.counts) == {"moved": 8, "kept": 2}
    assert [(c.key, c.subject, c.now, c.back_to) for c in plan.conflicts] == [
        (f"tasks:{task.pk}", "Ring back", "Ines Vidal", "Kenji Mori")
    ]
    undo_operation(office.boss, operation.pk)
    assert Promise.objects.unscoped("test").get(pk=office.promise.pk).owner_id == office.mina.pk
    assert Task.objects.unscoped("test").get(pk=task.pk).owner_id == ines.pk
    assert Party.objects.unscoped("test").get(pk=office.aoi.pk).owner_id == office.kenji.pk


def test_a_conflict_can_be_settled_for_the_time_before(office):
    operation = moving.hand_over(office.boss, office.kenji, {"promises": str(office.mina.pk)})
    change_promise(office.boss, Promise.objects.unscoped("test").get(pk=office.promise.pk), owner=None)
    undo_operation(office.boss, operation.pk, keep=[])
    assert Promise.objects.unscoped("test").get(pk=office.promise.pk).owner_id == office.kenji.pk


def test_people_hand_over_their_own_work_where_they_may_change_it(office):
    me = office.as_kenji
    operation = moving.hand_over(me, office.kenji, {"tasks": str(office.mina.pk)})
    assert _holders(office) == {**KENJIS, "task": "Mina"}
    undo_operation(me, operation.pk)
    assert _holders(office) == KENJIS
    reader = _user_in("Rea Der", office.harbour, codes=["commitments.view", "contacts.view"])
    make_task(office.boss, project=office.harbour, title="Read on", owner=reader)
    assert planning.held_by(actor_of(reader, via=Via.WEB), reader) == []


def _kenjis_promise(office, confidentiality: Level) -> Promise:
    """A promise above what Kenji may own by himself."""
    made = make_promise(
        office.boss,
        project=office.harbour,
        title="Buy the quay",
        direction="ours",
        confidentiality=confidentiality,
    )
    Promise.objects.unscoped("test").filter(pk=made.pk).update(owner=office.kenji)
    return made


def test_nobody_hands_over_for_others_without_managing_people(office):
    for stranger in (office.as_mina, outsider(), agent(office.harbour)):
        with pytest.raises(Forbidden):
            planning.held_by(stranger, office.kenji)
        with pytest.raises(Forbidden):
            moving.hand_over(stranger, office.kenji, {"all": str(office.mina.pk)})
    operation = moving.hand_over(office.boss, office.kenji, {"tasks": str(office.mina.pk)})
    with pytest.raises(Forbidden):
        undo_operation(agent(office.harbour), operation.pk)
    assert _holders(office) == {**KENJIS, "task": "Mina"}


def test_what_the_giver_may_not_see_is_not_there(office):
    """Somebody manages people and reads internal records only: a restricted promise leaves no trace."""
    secret = _kenjis_promise(office, Level.RESTRICTED)
    lesser = manager(clearance=Level.INTERNAL)
    titles = [i.title for g in planning.held_by(lesser, office.kenji) for i in g.items]
    assert "Buy the quay" not in titles
    moving.hand_over(lesser, office.kenji, {"all": str(office.mina.pk)})
    assert Promise.objects.unscoped("test").get(pk=secret.pk).owner_id == office.kenji.pk


def test_nobody_gets_what_is_above_their_clearance(office):
    sealed = _kenjis_promise(office, Level.CONFIDENTIAL)
    planned = planning.plan(office.boss, office.kenji, {f"promises:{sealed.pk}": str(office.mina.pk)})
    assert planned.count == 0
    assert [[i.title for i in refused.items] for refused in planned.refused] == [["Buy the quay"]]
    with pytest.raises(moving.HandoverError):
        moving.hand_over(office.boss, office.kenji, {f"promises:{sealed.pk}": str(office.mina.pk)})


def test_the_brief_says_what_is_open_due_and_noted(office):
    operation = moving.hand_over(office.boss, office.kenji, {"all": str(office.mina.pk)})
    sheet = brief.brief_of(office.as_mina, operation, office.mina.pk)
    assert [(one.item.title, one.late) for one in sheet.first] == [
        ("Send the survey", False), ("Weekly report", False),
    ]  # fmt: skip
    assert (sheet.giver, sheet.receiver, sheet.count, sheet.sealed) == (office.kenji, office.mina, 7, 0)
    assert [
        (k.person.name, k.things, k.looked_after, k.person.note, k.note and (k.note.words, k.note.at))
        for k in sheet.people
    ] == [("Tanaka Aoi", 2, True, "Prefers letters", ("Noise at night", NOW - dt.timedelta(days=3)))]
    settle_promise(office.boss, office.promise, state="kept")
    assert brief.brief_of(office.as_mina, operation, office.mina.pk).count == 6


def test_confidential_things_are_counted_and_left_off_the_paper(office):
    _kenjis_promise(office, Level.CONFIDENTIAL)
    ines = _user_in("Ines Vidal", office.harbour, clearance=Level.CONFIDENTIAL)
    operation = moving.hand_over(office.boss, office.kenji, {"promises": str(ines.pk)})
    sheet = brief.brief_of(actor_of(ines, via=Via.WEB), operation, ines.pk)
    assert ([i.title for g in sheet.groups for i in g.items], sheet.sealed) == (["Send the survey"], 1)


def test_views_of_one_name_stay_apart_and_come_back_plain(office):
    contact_setup.save_view(office.as_mina, name="Harbour people", spec={})
    operation = moving.hand_over(office.boss, office.kenji, {"views": str(office.mina.pk)})
    view = SavedView.objects.get(pk=office.view.pk)
    assert (view.owner, view.name) == (office.mina, "Harbour people (Kenji Mori)")
    undo_operation(office.boss, operation.pk)
    view.refresh_from_db()
    assert (view.owner, view.name) == (office.kenji, "Harbour people")


def test_many_things_go_by_a_job_and_cost_few_statements(office, monkeypatch):
    monkeypatch.setattr(moving, "AT_ONCE", 3)
    for number in range(40):
        make_task(office.boss, project=office.harbour, title=f"Task {number}", owner=office.kenji)
    deferred = []
    monkeypatch.setattr(moving.jobs, "defer", lambda name, **given: deferred.append((name, given)))
    operation = moving.hand_over(office.boss, office.kenji, {"tasks": str(office.mina.pk)})
    assert (operation.state, _holders(office)["task"]) == ("running", "Kenji")
    assert deferred == [("timeline.handover", {"operation_id": operation.pk, "user_id": office.boss.user_id})]
    with CaptureQueriesContext(
        connection,
    ) as queries:
        moving.finish_by_job(office.boss, operation.pk)
    assert len(queries) <= 60
    assert Task.objects.unscoped("test").filter(owner=office.mina).count() == 41
    moving.finish_by_job(office.boss, operation.pk)
    assert Task.objects.unscoped("test").filter(owner=office.mina).count() == 41


def _client(who: User) -> Client:
    client = Client()
    client.force_login(who)
    return client


def test_the_pages_choose_look_do_and_undo(office):
    boss = _client(User.objects.get(pk=office.boss.user_id))
    address = f"/handover/{office.kenji.pk}/"
    page = boss.get(address).content.decode()
    assert "8 things are open." in page and 'name="to-promises"' in page
    assert boss.post(address, {}).status_code == 422
    look = boss.post(address, {"to-all": office.mina.pk})
    text = look.content.decode()
    assert "Hand over 7 things" in text and "may not do this work in Dunes" in text
    sheet = boss.post(address, {"to-all": office.mina.pk, "brief": office.mina.pk}).content.decode()
    assert "From Kenji Mori to Mina Sato" in sheet and "Not handed over yet." in sheet
    done = boss.post(address, {"to-all": office.mina.pk, "step": "do"})
    operation = Operation.objects.unscoped("test").get(kind="timeline.handover")
    assert (done.status_code, done["Location"]) == (302, address)
    assert _holders(office) == MINAS
    brief_url = f"/handover/brief/{operation.pk}/{office.mina.pk}/"
    assert brief_url in boss.get(address).content.decode()
    assert "From Kenji Mori to Mina Sato" in _client(office.mina).get(brief_url).content.decode()
    assert _client(User.objects.get(pk=outsider().user_id)).get(brief_url).status_code == 404
    assert boss.get(f"/history/operations/{operation.pk}/").status_code == 200
    boss.post(f"/history/operations/{operation.pk}/undo/")
    assert _holders(office) == KENJIS


def test_one_by_one_is_loaded_when_it_is_opened(office):
    boss = _client(User.objects.get(pk=office.boss.user_id))
    part = boss.get(
        f"/handover/{office.kenji.pk}/",
        {"open": f"tasks-{office.harbour.pk}"},
        headers={"HX-Request": "true"},
    )
    assert f'name="to-tasks:{office.task.pk}"' in part.content.decode()
    assert boss.get(
        f"/handover/{office.kenji.pk}/", {"open": "tasks-0"}, headers={"HX-Request": "true"}
    ).status_code == 404  # fmt: skip


def test_switching_an_account_off_offers_the_hand_over_first(office):
    boss = _client(User.objects.get(pk=office.boss.user_id))
    address = f"/settings/people/{office.kenji.pk}/"
    assert f"/handover/{office.kenji.pk}/" in boss.get(address).content.decode()
    given = {
        "name": "Kenji Mori", "email": office.kenji.email, "language": "en", "time_zone": "UTC",
    }  # fmt: skip
    refused = boss.post(address, given)
    assert refused.status_code == 422
    assert "8 open things would stay with Kenji Mori" in refused.content.decode()
    assert User.objects.get(pk=office.kenji.pk).is_active
    assert boss.post(address, {**given, "leave_open": "1"}).status_code == 302
    assert not User.objects.get(pk=office.kenji.pk).is_active

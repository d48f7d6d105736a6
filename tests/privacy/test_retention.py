"""Retention rules: shown before they do anything, switched on with that number, resumable, undoable, then final, proven."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from enishi.accounts.access import Actor, Forbidden, Level, Via
from enishi.accounts.models import Grant, Project, User
from enishi.accounts.queries import actor as actor_of
from enishi.accounts.services import keep_from
from enishi.cases.models import Case, CaseWord
from enishi.cases.services import open_case
from enishi.commitments.services import make_promise
from enishi.contacts.models import ImportRun, Party, Quarantined
from enishi.content.models import File, FileVersion
from enishi.content.services import add_file
from enishi.conversations.models import Interaction, Participant
from enishi.conversations.services import (
    ParticipantDraft,
    change_interaction,
    delete_interaction,
    log_interaction,
    restore_interaction,
)
from enishi.core import clock
from enishi.core.personal import STRUCK
from enishi.privacy import queries, services
from enishi.privacy.models import RetentionItem, RetentionRule, RetentionRun
from enishi.privacy.retention import kinds
from enishi.privacy.services import aging
from enishi.privacy.services.holding import set_hold
from enishi.search.queries import find
from enishi.themes.models import Passage
from enishi.themes.services import mark_passage
from enishi.timeline import proof
from enishi.timeline.models import Entry, Notification, Operation
from enishi.timeline.services import undo_operation, undoer_for
from enishi.timeline.undo import UndoRefused
from factories import agent, grant, manager, party, project, role, user

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 17, 9, 40, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
SECRET = "Zymurgia"


@dataclass
class World:
    where: Project
    boss: Actor
    person: Party

    def talk(self, subject: str, years: float, **values) -> Interaction:
        given = {
            "channel": "email",
            "project_ids": [self.where.pk],
            "text": f"{SECRET} in {subject}",
            **values,
        }
        people = given.pop("people", [self.person])
        drafts = [ParticipantDraft(party_id=one.pk) for one in people]
        return log_interaction(
            self.boss, occurred_at=NOW - years * 365 * DAY, subject=subject, participants=drafts, **given
        )

    def rule(self, by: Actor | None = None, **values) -> RetentionRule:
        given = {"kind": "conversations", "part": "", "after": 3, "unit": "years", "deed": "bin", "reason": "Policy 4",
                 "project": self.where, **values}  # fmt: skip
        return services.draft_rule(by or self.boss, **given)

    def on(self, rule: RetentionRule, by: Actor | None = None) -> RetentionRun:
        """Switch on with the number that is shown, and do the work."""
        by = by or self.boss
        takes = services.look(by, rule).takes
        services.switch_on(by, rule, shown=takes, typed=takes)
        run = services.start_run(by, RetentionRule.objects.unscoped("a test").get(pk=rule.pk), total=takes)
        services.work(run.pk)
        run.refresh_from_db()
        return run


@pytest.fixture
def now(monkeypatch):
    def at(moment: dt.datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    at(NOW)
    return at


@pytest.fixture
def here(now) -> World:
    where = project("Tidewall East")
    return World(where, manager(where), party(where, "Tanaka Aoi"))


def alive(*talks: Interaction) -> list[bool]:
    rows = Interaction.objects.unscoped("a test").in_bulk([talk.pk for talk in talks])
    return [rows[talk.pk].deleted_at is None for talk in talks]


def test_a_draft_does_nothing_and_shows_what_it_would_do(here):
    old, new = here.talk("Old", 4), here.talk("New", 1)
    rule = here.rule()
    look = services.look(here.boss, rule)
    assert (look.takes, look.held, look.in_use, look.every, look.share) == (1, 0, 0, 2, 0.5)
    assert services.retain_all() == 0
    assert alive(old, new) == [True, True]
    assert look.wanted.before == NOW.replace(year=2023)


def test_it_is_switched_on_with_the_number_that_was_shown(here):
    here.talk("Old", 4)
    for _ in range(9):
        here.talk("New", 1)
    rule = here.rule()
    here.talk("Older", 5)
    with pytest.raises(services.RetentionRefused, match="By now it would take 2, not 1"):
        services.switch_on(here.boss, rule, shown=1)
    on = services.switch_on(here.boss, rule, shown=2)
    assert (on.state, on.agreed, on.switched_by_id) == ("on", 2, here.boss.user_id)
    entry = Entry.objects.unscoped("a test").get(event="privacy.rule_switched_on")
    assert entry.changes["state"] == ["draft", "on"] and entry.changes["agreed"] == [None, 2]


def test_a_large_share_is_refused_until_its_number_is_typed(here):
    here.talk("Old", 4)
    rule = here.rule()
    with pytest.raises(
        services.RetentionRefused, match=r"It would take 1 of 1\. If that is meant, type the number 1\."
    ):
        services.switch_on(here.boss, rule, shown=1)
    with pytest.raises(services.RetentionRefused):
        services.switch_on(here.boss, rule, shown=1, typed=2)
    assert services.switch_on(here.boss, rule, shown=1, typed=1).state == "on"


def test_conversations_go_to_the_bin_come_back_and_stay(here):
    old, other = here.talk("Old", 4), here.talk("Call", 4, channel="call")
    proof.seal_next()
    run = here.on(here.rule(part="email"))
    assert (run.state, run.done, alive(old, other)) == ("done", 1, [False, True])
    assert find(here.boss, "Old") == []
    assert undo_operation(here.boss, run.operation_id)
    assert alive(old) == [True]
    # Else the next night would take it again.
    rule = RetentionRule.objects.unscoped("a test").get(pk=run.rule_id)
    assert (rule.state, rule.trouble) == ("off", "A run was taken back.")
    assert services.retain_all() == 0
    proof.seal_next()
    assert proof.verify().holds


def test_what_somebody_deleted_again_since_is_a_conflict(here, now):
    old, again = here.talk("Old", 4), here.talk("Again", 4)
    run = here.on(here.rule())
    now(NOW + DAY)
    restore_interaction(here.boss, again)
    delete_interaction(here.boss, again)
    operation = Operation.objects.unscoped("a test").get(pk=run.operation_id)
    plan = undoer_for(here.boss, operation).preview(here.boss, operation)
    assert (plan.counts, [one.key for one in plan.conflicts]) == ({"restored": 1, "kept": 1}, [str(again.pk)])
    assert undo_operation(here.boss, run.operation_id)
    assert alive(old, again) == [True, False]


def test_after_the_days_of_the_bin_words_are_gone_and_the_history_proves(here, now):
    old, kept = here.talk("Old", 4), here.talk("Back", 4)
    change_interaction(here.boss, old, text=f"{SECRET} once more")
    mark_passage(here.boss, old, start=0, end=8, feeling=2)
    proof.seal_next()
    run = here.on(here.rule())
    restore_interaction(here.boss, kept)
    now(NOW + 31 * DAY)
    assert services.empty_bins() == 1
    services.work_final(run.pk)
    run.refresh_from_db()
    assert services.run_counts(run) == {"binned": 0, "restored": 1, "gone": 1, "left": 0}
    row = Interaction.objects.unscoped("a test").get(pk=old.pk)
    assert (row.subject, row.text, row.channel, row.occurred_at) == (
        "Words erased",
        "",
        "email",
        old.occurred_at,
    )
    assert Participant.objects.filter(interaction=old, party=here.person).exists()
    assert SECRET not in str(list(Passage.objects.filter(interaction=old).values()))
    told = Entry.objects.unscoped("a test").filter(
        subject_type="conversations.interaction", subject_id=old.pk
    )
    assert SECRET not in str(list(told.values("label", "changes", "data")))
    assert Interaction.objects.unscoped("a test").get(pk=kept.pk).text == f"{SECRET} in Back"
    with pytest.raises(UndoRefused):
        undo_operation(here.boss, run.operation_id)
    proof.seal_next()
    found = proof.verify()
    assert found.holds


def test_strangers_are_named_nowhere_any_more_and_contacts_still_are(here):
    old = here.talk("Old", 4)
    known = ParticipantDraft(party_id=here.person.pk)
    stranger = ParticipantDraft("from", name="Zymurgia Quill", address="quill@zymurgia.example")
    old = change_interaction(here.boss, old, participants=[known, stranger])
    old = change_interaction(here.boss, old, participants=[known, stranger, ParticipantDraft(name="Ann")])
    proof.seal_next()
    here.on(here.rule(deed="now"))
    told = Entry.objects.unscoped("a test").filter(
        subject_type="conversations.interaction", subject_id=old.pk, changes__has_key="participants"
    )
    sizes = [[len(side) for side in one.changes["participants"]] for one in told.order_by("pk")]
    assert sizes == [[0, 1], [1, 2], [2, 3]]
    before, after = told.latest("pk").changes["participants"]
    assert [one["party"] for one in after] == [here.person.pk, None, None]
    assert [(one["name"], one["address"]) for one in after[1:]] == [(STRUCK, STRUCK), (STRUCK, "")]
    assert before == after[:2]
    proof.seal_next()
    assert proof.verify().holds


def test_at_once_is_final(here):
    old = here.talk("Old", 4)
    rule = here.rule(deed="now")
    run = here.on(rule)
    assert services.run_counts(run)["gone"] == 1 and run.final_at == NOW
    assert Interaction.objects.unscoped("a test").get(pk=old.pk).text == ""
    with pytest.raises(UndoRefused, match="What is gone for good does not come back"):
        undo_operation(here.boss, run.operation_id)
    # It is not taken again.
    assert services.look(here.boss, rule).takes == 0
    proof.seal_next()
    assert proof.verify().holds


def test_who_must_be_kept_and_what_is_needed_stays(here):
    held = party(here.where, "Held Person")
    set_hold(here.boss, held, reason="Lawsuit")
    theirs = here.talk("Theirs", 4, people=[held])
    waiting = here.talk("Waiting", 4, direction="in", answer="waiting")
    said = here.talk("Said", 4)
    make_promise(here.boss, project=here.where, title="Survey", direction="ours", said_in_id=said.pk)
    tied = here.talk("Tied", 4)
    open_case(here.boss, project=here.where, kind="issue", title="Dust", said_in=tied)
    free = here.talk("Free", 4)
    look = services.look(here.boss, here.rule())
    assert (look.takes, look.held, look.in_use) == (1, 1, 2)
    run = here.on(here.rule())
    assert alive(theirs, waiting, said, tied, free) == [True, True, True, True, False]
    assert run.done == 1


def test_a_rule_reaches_only_what_its_worker_may_read(here):
    secret = here.talk("Secret", 4, confidentiality=Level.RESTRICTED)
    kept, other = here.talk("Kept", 4), here.talk("Elsewhere too", 4)
    elsewhere = project("Elsewhere")
    Interaction.objects.unscoped("a test").filter(pk=other.pk).update(
        project_ids=[here.where.pk, elsewhere.pk]
    )
    free = here.talk("Free", 4)
    second = manager(here.where, clearance=Level.CONFIDENTIAL)
    keep_from("a test:1", [second.user_id], [("conversations.interaction", kept.pk)])
    second = actor_of(User.objects.get(pk=second.user_id), via=Via.WEB)
    here.on(here.rule(second), by=second)
    assert alive(secret, kept, other, free) == [True, True, True, False]


def test_rights(here):
    reader = agent(here.where, codes=["privacy.retain", "conversations.view"])
    rule = here.rule(reader)
    with pytest.raises(Forbidden) as refused:
        services.switch_on(reader, rule, shown=0)
    assert refused.value.right == "conversations.delete"
    with pytest.raises(Forbidden):
        here.rule(agent(here.where, codes=["privacy.erase"]))
    with pytest.raises(Forbidden):
        here.rule(here.boss, project=None)
    assert list(queries.rules(agent(project("Elsewhere")))) == []


def test_who_may_not_any_more_stops_the_rule(here):
    old = here.talk("Old", 4)
    rule = here.rule()
    services.switch_on(here.boss, rule, shown=1, typed=1)
    Grant.objects.filter(user=here.boss.user_id).delete()
    assert services.retain_all() == 0
    row = RetentionRule.objects.unscoped("a test").get(pk=rule.pk)
    assert row.state == "off" and row.trouble.startswith("Whoever switched it on may not")
    assert alive(old) == [True]
    assert Notification.objects.get(user=here.boss.user_id).title.startswith("A retention rule stopped")


def test_a_rule_that_suddenly_takes_much_stops_by_itself(here):
    rule = here.rule()
    services.switch_on(here.boss, rule, shown=0)
    old = [here.talk(f"Old {n}", 4) for n in range(3)]
    assert services.retain_all() == 0
    assert all(alive(*old))
    assert (
        RetentionRule.objects.unscoped("a test")
        .get(pk=rule.pk)
        .trouble.startswith("It would take a large part")
    )


def test_the_night_begins_what_is_due(here):
    for n in range(9):
        here.talk(f"New {n}", 1)
    rule = here.rule()
    services.switch_on(here.boss, rule, shown=0)
    old = here.talk("Old", 4)
    assert services.retain_all() == 1
    services.work(RetentionRun.objects.get().pk)
    assert alive(old) == [False]


def test_a_run_that_was_killed_goes_on_where_it_stood(here, monkeypatch):
    talks = [here.talk(f"Old {n}", 4) for n in range(7)]
    monkeypatch.setattr("enishi.conversations.retention.OldTalks.batch", 3)
    rule = here.rule()
    services.switch_on(here.boss, rule, shown=7, typed=7)
    run = services.start_run(here.boss, RetentionRule.objects.unscoped("a test").get(pk=rule.pk), total=7)
    put_away, calls = aging._put_away, []

    def killed(*args):
        calls.append(1)
        if len(calls) == 2:
            put_away(*args)
            raise KeyboardInterrupt
        return put_away(*args)

    monkeypatch.setattr(aging, "_put_away", killed)
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        aging._next(run.pk)
        with transaction.atomic():
            aging._next(run.pk)
    services.work(run.pk)
    run.refresh_from_db()
    assert (run.done, run.items.count(), any(alive(*talks))) == (7, 7, False)
    deleted = Entry.objects.unscoped("a test").filter(event="conversations.interaction_deleted")
    assert deleted.count() == 7


def test_closed_cases_lose_what_was_told_and_stay_in_the_figures(here):
    case = open_case(here.boss, project=here.where, kind="grievance", title=f"{SECRET} gate", text=SECRET,
                     teller_name="Zadie", values={"category": "land"})  # fmt: skip
    CaseWord.objects.create(case=case, side="note", text=SECRET, at=NOW)
    rows = Case.objects.unscoped("a test").filter(pk=case.pk)
    rows.update(closed_at=NOW - 5 * 365 * DAY, due_at=None, satisfaction=4)
    running = open_case(here.boss, project=here.where, kind="grievance", title="Running")
    proof.seal_next()
    run = here.on(here.rule(kind="cases", part="grievance", deed="now"))
    row = rows.get()
    assert (row.text, row.teller_name, row.values, row.satisfaction, row.number) == (
        "",
        "",
        {},
        4,
        case.number,
    )
    assert SECRET not in row.title and SECRET not in CaseWord.objects.get(case=case).text
    told = Entry.objects.unscoped("a test").filter(subject_type="cases.case", subject_id=case.pk)
    assert SECRET not in str(list(told.values("label", "changes", "data")))
    assert Case.objects.unscoped("a test").get(pk=running.pk).title == "Running"
    assert run.done == 1 and find(here.boss, SECRET) == []
    proof.seal_next()
    assert proof.verify().holds
    with pytest.raises(services.RetentionRefused, match="That cannot be done with these"):
        here.rule(kind="cases", deed="bin")


def test_people_without_contact_are_erased_by_the_keepers(here):
    gone = party(here.where, "Zadie Gonemaker", email="zadie@gone.example")
    busy, held = party(here.where, "Busy Person"), party(here.where, "Held Person")
    firm = party(here.where, "Old Firm", kind="organisation")
    make_promise(here.boss, project=here.where, title="Survey", direction="ours", party=busy)
    set_hold(here.boss, held, reason="Lawsuit")
    everybody = Party.objects.unscoped("a test")
    everybody.filter(pk__in=[gone.pk, busy.pk, held.pk, firm.pk]).update(created_at=NOW - 6 * 365 * DAY)
    rule = here.rule(kind="people", after=5, deed="now")
    look = services.look(here.boss, rule)
    assert (look.takes, look.held, look.in_use) == (1, 1, 1)
    here.on(rule)
    row = everybody.get(pk=gone.pk)
    assert (row.full_name, row.erased_at) == ("Erased person", NOW)
    assert all(everybody.get(pk=one.pk).erased_at is None for one in (busy, held, firm))
    told = Entry.objects.unscoped("a test").values("label", "changes", "data")
    assert "Gonemaker" not in str(list(told))
    proof.seal_next()
    assert proof.verify().holds


def test_people_come_back_from_the_bin(here):
    row = Party.objects.unscoped("a test").filter(pk=here.person.pk)
    row.update(created_at=NOW - 6 * 365 * DAY)
    run = here.on(here.rule(kind="people", after=5))
    assert row.get().deleted_at == NOW
    undo_operation(here.boss, run.operation_id)
    assert row.get().deleted_at is None


def test_files_go_with_their_bytes(here, now):
    made = add_file(here.boss, project=here.where, name="plan.txt", data=b"old words")
    File.objects.unscoped("a test").filter(pk=made.pk).update(created_at=NOW - 6 * 365 * DAY)
    run = here.on(here.rule(kind="files", after=5))
    assert File.objects.unscoped("a test").get(pk=made.pk).deleted_at == NOW
    now(NOW + 31 * DAY)
    services.empty_bins()
    services.work_final(run.pk)
    assert FileVersion.objects.get(file=made).sha256 == ""


def test_what_could_not_be_read_is_deleted(here):
    run = ImportRun.objects.create(
        project=here.where,
        user_id=here.boss.user_id,
        filename="a.mbox",
        importer="mail",
        finished_at=NOW - 900 * DAY,
    )
    Quarantined.objects.create(run=run, file="a.mbox", item="3", reason="no mail", sha256="a" * 64)
    done = here.on(here.rule(kind="quarantine", after=1, deed="now"))
    assert done.done == 1 and not Quarantined.objects.exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": "cakes"}, "kind"),
        ({"part": "pigeon"}, "part"),
        ({"after": 29, "unit": "days"}, "after"),
        ({"after": 0}, "after"),
        ({"reason": "  "}, "reason"),
        ({"deed": "later"}, "deed"),
    ],
)
def test_what_makes_no_rule(here, values, field):
    with pytest.raises(services.RetentionRefused) as refused:
        here.rule(**values)
    assert refused.value.field == field


def test_the_database_holds_what_a_rule_is(here):
    rule = here.rule()
    rows = RetentionRule.objects.unscoped("a test").filter(pk=rule.pk)
    for wrong in ({"after": 0}, {"reason": ""}, {"state": "on"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**wrong)


def test_a_changed_rule_is_a_draft_again(here):
    here.talk("Old", 4)
    rule = here.rule()
    services.switch_on(here.boss, rule, shown=1, typed=1)
    values = {
        "kind": "conversations",
        "part": "call",
        "after": 2,
        "unit": "years",
        "deed": "bin",
        "reason": "New",
    }
    changed = services.change_rule(here.boss, rule, project=here.where, **values)
    assert (changed.state, changed.agreed, changed.switched_by) == ("draft", None, None)


def test_every_kind_names_rights_that_exist():
    from enishi.accounts.access import rights

    assert [kind.code for kind in kinds()] == ["conversations", "people", "cases", "files", "quarantine"]
    assert all(set(kind.rights) <= set(rights()) for kind in kinds())


def test_the_pages(here):
    old = here.talk("Old words", 4)
    client = Client()
    client.force_login(User.objects.get(pk=here.boss.user_id))
    assert client.get("/privacy/rules/").status_code == 200
    made = client.post(
        "/privacy/rules/new/?kind=conversations",
        {
            "project": here.where.pk,
            "part": "email",
            "after": "3",
            "unit": "years",
            "deed": "bin",
            "reason": "Policy",
        },
    )
    rule = RetentionRule.objects.unscoped("a test").get()
    assert made["Location"] == f"/privacy/rules/{rule.pk}/"
    page = client.get(made["Location"]).content.decode()
    assert "Old words" in page and "Conversations (E-mail), 3 years after they were held" in page
    for which in ("takes", "every"):
        assert "Old words" in client.get(f"/privacy/rules/{rule.pk}/things/?which={which}").content.decode()
    for which in ("held", "in_use"):
        assert (
            "Old words" not in client.get(f"/privacy/rules/{rule.pk}/things/?which={which}").content.decode()
        )
    refused = client.post(f"/privacy/rules/{rule.pk}/on/", {"shown": "1"})
    assert refused.status_code == 422 and "type the number 1" in refused.content.decode()
    begun = client.post(f"/privacy/rules/{rule.pk}/on/", {"shown": "1", "typed": "1"})
    run = RetentionRun.objects.get()
    assert begun["Location"] == f"/privacy/runs/{run.pk}/"
    services.work(run.pk)
    page = client.get(begun["Location"]).content.decode()
    assert f"Number {old.pk}" in page or "Old words" in page
    assert f'href="/history/operations/{run.operation_id}/"' in page or "Take it back" in page
    assert client.get(f"/privacy/rules/{rule.pk}/").status_code == 200
    assert client.post(f"/privacy/rules/{rule.pk}/off/").status_code == 302
    stranger = Client()
    somebody = user()
    grant(somebody, project("Elsewhere"), role())
    stranger.force_login(somebody)
    for path in (
        f"rules/{rule.pk}/",
        f"runs/{run.pk}/",
        f"rules/{rule.pk}/things/",
        f"rules/{rule.pk}/change/",
    ):
        assert stranger.get(f"/privacy/{path}").status_code == 404
    assert RetentionItem.objects.filter(run=run, subject_id=old.pk, state="binned").exists()


def test_the_history_of_a_rule_says_which_of_them_in_words(here):
    rule = here.rule(part="email")
    client = Client()
    client.force_login(User.objects.get(pk=here.boss.user_id))
    told = client.get(f"/history/of/privacy.retentionrule/{rule.pk}/").content.decode()
    assert "which of them" in told.lower()
    assert ">E-mail<" in told and ">email<" not in told

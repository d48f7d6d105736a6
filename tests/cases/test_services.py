"""Opening, moving, closing, appealing: what a case asks for before it moves on."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import translation

from cases.world import NOW, user_of, world
from enishi.accounts.access import Forbidden, Level
from enishi.cases import queries, services
from enishi.cases.models import Case
from enishi.commitments.models import Promise, Task
from enishi.commitments.services import change_promise, make_promise, settle_promise
from enishi.commitments.services.rules import CommitmentError
from enishi.contacts.services import change_party
from enishi.conversations.services import ParticipantDraft, log_interaction
from enishi.core import registry
from enishi.core.keyset import Position
from enishi.search.queries import find
from enishi.timeline.handover.moving import hand_over
from enishi.timeline.models import Notification
from enishi.timeline.queries import history_of, timeline
from factories import SYSTEM, agent, party, project

pytestmark = pytest.mark.django_db


def _events(case: Case) -> list[str]:
    return [entry.event.partition(".")[2] for entry in history_of(SYSTEM, "cases.case", case.pk)]


def test_a_case_has_its_number_and_is_recorded_found_and_on_the_timeline(at):
    here = world()
    first = here.case("issue", by=here.agent, party=here.person, text="Every morning", place="Minato street")
    second = here.case("issue", by=here.agent)
    other = here.case("enquiry", by=here.agent)
    assert [one.number for one in (first, second, other)] == ["S-2026-0001", "S-2026-0002", "Q-2026-0001"]
    assert (first.stage, first.confidentiality, first.owner_id) == ("register", Level.INTERNAL, None)
    (entry,) = history_of(SYSTEM, "cases.case", first.pk)
    assert entry.event == "cases.case_opened" and entry.party_id == here.person.pk
    assert entry.changes["party"] == ["", "Tanaka Aoi"] and entry.data["number"] == "S-2026-0001"
    hits = find(here.agent, "minato", kinds=["case"])
    assert [(hit.subject_id, hit.detail) for hit in hits] == [(first.pk, "S-2026-0001 Tanaka Aoi")]
    assert [hit.subject_id for hit in find(here.agent, "S-2026-0002", kinds=["case"])] == [second.pk]
    placed = timeline(here.agent, [here.person.pk], family="case")
    assert [(one.subject_type, one.subject_id) for one in placed] == [("cases.case", first.pk)]
    assert find(here.outsider, "minato", kinds=["case"]) == []
    assert queries.open_count(here.outsider) == 0


def test_the_number_starts_anew_each_year(at):
    here = world()
    here.case("issue")
    at(dt.datetime(2027, 1, 4, 9, tzinfo=dt.UTC))
    assert here.case("issue").number == "S-2027-0001"


def test_who_may_open_and_work(at):
    here = world()
    reader = agent(here.project, codes=["cases.view"])
    with pytest.raises(Forbidden):
        here.case("issue", by=reader)
    with pytest.raises(Forbidden):
        here.case("issue", by=here.outsider)
    case = here.case("issue")
    for step in (
        lambda: services.move_case(reader, case, to="assess"),
        lambda: services.change_case(reader, case, title="Mine"),
        lambda: services.note(reader, case, text="x"),
        lambda: services.acknowledge(reader, case),
        lambda: services.keep_out(reader, case, user=user_of(reader), reason="x"),
    ):
        with pytest.raises(Forbidden):
            step()


def test_a_kind_is_never_less_confidential_than_its_pack_says(at):
    here = world()
    grievance = here.case("grievance", by=here.agent)
    assert grievance.confidentiality == Level.CONFIDENTIAL
    assert not queries.may_see(here.agent, grievance.pk)
    assert queries.may_see(here.manager, grievance.pk)
    lower = services.change_case(here.manager, grievance, confidentiality=Level.OPEN)
    assert lower.confidentiality == Level.CONFIDENTIAL
    with pytest.raises(services.CaseError, match="more confidential than you may read"):
        here.case("issue", by=here.agent, confidentiality=Level.RESTRICTED)


def test_those_who_can_work_on_it_are_told_and_never_the_words(at):
    here = world()
    case = here.case("grievance", by=here.agent, title="Dust")
    told = dict(Notification.objects.values_list("user", "title"))
    assert told == {
        one.user_id: f"A new case waits for an owner: {case.number}" for one in (here.manager, here.second)
    }
    given = here.case("issue", owner=user_of(here.agent))
    assert Notification.objects.get(user=here.agent.user_id).title == f"Manager gave you a case: {given}"


def test_an_anonymous_case_names_nobody(at):
    here = world()
    for named in ({"party": here.person}, {"teller_name": "Aoi"}, {"teller_reach": "aoi@tanaka.example"}):
        with pytest.raises(services.CaseError, match="names nobody") as refused:
            here.case("issue", anonymous=True, **named)
        assert refused.value.field == "anonymous"


def test_person_and_owner_must_fit(at):
    here = world()
    with pytest.raises(services.CaseError, match="is not in the project"):
        here.case("issue", party=party(project("Elsewhere"), "Far Away"))
    with pytest.raises(services.CaseError, match="may not work on this") as refused:
        here.case("grievance", owner=user_of(here.agent))
    assert refused.value.field == "owner"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "x" * 301}, "title"),
        ({"kind": "riot"}, "kind"),
        ({"values": {"topic": "luck"}}, "values.topic"),
        ({"values": {"gone": "1"}}, "values"),
    ],
)
def test_what_cannot_be_used_is_refused_where_it_stands(at, given: dict[str, Any], field):
    here = world()
    with pytest.raises(services.CaseError) as refused:
        here.case(**{"kind": "issue", **given})
    assert refused.value.field == field
    assert Case.objects.unscoped("test").count() == 0


def test_a_move_says_what_is_missing_and_refuses(at):
    here = world()
    case = here.case("grievance", party=here.person)
    with pytest.raises(services.Missing) as refused:
        services.move_case(here.manager, case, to="assess")
    assert [need.code for need in refused.value.needs] == ["owner"]
    assert str(refused.value) == "Before it comes to “Assess” this is missing: Somebody owns it."
    case = services.change_case(here.manager, case, owner=user_of(here.manager))
    case = services.move_case(here.manager, case, to="assess")
    with pytest.raises(services.CaseError, match="Next comes “Investigate”"):
        services.move_case(here.manager, case, to="resolve")
    with pytest.raises(services.Missing) as refused:
        services.move_case(here.manager, case, to="investigate")
    assert [need.code for need in refused.value.needs] == ["acknowledged", "weighed", "field:category"]
    with translation.override("ja"), pytest.raises(services.Missing) as refused:
        services.move_case(here.manager, case, to="investigate")
    assert "調査" in str(refused.value)
    with pytest.raises(services.CaseError, match="no such stage"):
        services.move_case(here.manager, case, to="party")
    with pytest.raises(services.CaseError, match="Say why it goes back"):
        services.move_case(here.manager, case, to="register")
    back = services.move_case(here.manager, case, to="register", note="Taken for another one")
    assert back.stage == "register"
    assert [(step.stage, step.note) for step in queries.steps(back)] == [
        ("register", ""), ("assess", ""), ("register", "Taken for another one"),
    ]  # fmt: skip


def _to_resolve(here: Any) -> Case:
    case = here.case("grievance", party=here.person, owner=user_of(here.manager), priority=4, impact=3)
    services.acknowledge(here.manager, case)
    case = services.change_case(
        here.manager, case, values={"category": "nuisance", "remedy": "Wet the road"}, root_cause="No truck"
    )
    for stage in ("assess", "investigate", "resolve"):
        case = services.move_case(here.manager, case, to=stage)
    return case


def test_a_grievance_closes_when_all_is_there(at):
    here = world()
    case = _to_resolve(here)
    promise = services.promise_from_case(here.manager, case, kind="ours", title="Water on Saturdays")
    assert isinstance(promise, Promise) and promise.confidentiality == Level.CONFIDENTIAL
    with pytest.raises(services.Missing) as refused:
        services.move_case(here.manager, case, to="close")
    assert [(need.code, need.detail) for need in refused.value.needs] == [
        ("outcome", ""), ("promises", "0 of 1"), ("asked", ""),
    ]  # fmt: skip
    with pytest.raises(services.CaseError, match="Write down the outcome first"):
        services.ask_satisfaction(here.manager, case)
    case = services.change_case(here.manager, case, outcome="A truck comes on Saturdays.")
    with pytest.raises(services.CaseError, match="Nobody has asked yet"):
        services.note_satisfaction(here.manager, case, step=4)
    case = services.ask_satisfaction(here.manager, case)
    settle_promise(here.manager, promise, state="kept")
    with pytest.raises(services.Missing) as refused:
        services.move_case(here.manager, case, to="close")
    assert [need.code for need in refused.value.needs] == ["asked"]
    at(NOW + dt.timedelta(days=14))
    closed = services.move_case(here.manager, case, to="close")
    assert (closed.closed_at, closed.closed_by_id, closed.due_at) == (
        NOW + dt.timedelta(days=14), here.manager.user_id, None,
    )  # fmt: skip
    assert _events(closed)[:3] == ["case_closed", "case_asked", "case_changed"]
    judged = services.note_satisfaction(here.manager, closed, step=5, words="Thank you")
    assert judged.get_satisfaction_display() == "Fully"
    with pytest.raises(services.CaseError, match="Choose one of the five"):
        services.note_satisfaction(here.manager, closed, step=6)


def test_an_appeal_is_closed_by_somebody_else_and_made_once(at):
    here = world()
    case = _to_resolve(here)
    case = services.change_case(here.manager, case, outcome="Nothing to be done.")
    case = services.ask_satisfaction(here.manager, case)
    case = services.note_satisfaction(here.manager, case, step=1)
    case = services.move_case(here.manager, case, to="close")
    with pytest.raises(services.CaseError, match="Say what is not settled"):
        services.appeal(here.manager, case, words=" ")
    case = services.appeal(here.second, case, words="The dust is still there.")
    assert (case.stage, case.outcome, case.satisfaction, case.is_open) == ("appeal", "", None, True)
    assert queries.steps(case)[-1].note == "Nothing to be done."
    case = services.change_case(here.second, case, outcome="The road is paved.")
    case = services.ask_satisfaction(here.second, case)
    case = services.note_satisfaction(here.second, case, step=4)
    with pytest.raises(services.Missing) as refused:
        services.move_case(here.manager, case, to="close")
    assert [need.words for need in refused.value.needs] == [
        "After an appeal somebody else than Manager closes it"
    ]
    case = services.move_case(here.second, case, to="close")
    with pytest.raises(services.CaseError, match="made already"):
        services.appeal(here.manager, case, words="Once more")
    reopened = services.reopen_case(here.manager, case, note="New photos")
    assert (reopened.stage, reopened.closed_at) == ("resolve", None)


def test_an_appeal_has_its_time(at):
    here = world()
    case = here.case("grievance", anonymous=True)
    assert services.appeal_until(case) is None
    case.closed_at, case.due_at, case.stage = NOW, None, "close"
    case.save()
    at(NOW + dt.timedelta(days=30))
    with pytest.raises(services.CaseError, match="has passed"):
        services.appeal(here.manager, case, words="Late")
    issue = here.case("issue")
    assert services.appeal_until(issue) is None


def test_a_conflict_is_said(at):
    here = world()
    case = here.case("issue")
    services.change_case(here.agent, case, 1, title="Dust and noise")
    with pytest.raises(services.Conflict) as refused:
        services.change_case(here.agent, case, 1, title="Noise")
    assert refused.value.current == 2


def test_history_speaks_in_words(at):
    here = world()
    case = here.case("grievance")
    services.change_case(here.manager, case, values={"category": "nuisance"}, priority=5)
    entry = history_of(SYSTEM, "cases.case", case.pk)[0]
    assert entry.changes == {"category": [None, "nuisance"], "priority": [None, 5]}
    words = registry.provider("timeline.values", "cases.case")
    assert words is not None
    assert words("category", "nuisance") == "Noise, dust, water, traffic"
    assert (words("priority", 5), words("stage", "assess"), words("kind", "grievance")) == (
        "Urgent", "Assess", "Grievance",
    )  # fmt: skip


def test_things_are_tied_and_follow_the_level(at):
    here = world()
    case = here.case("issue")
    promise = make_promise(here.agent, project=here.project, title="Send the survey", direction="ours")
    talk = log_interaction(
        here.manager, channel="call", occurred_at=NOW, project_ids=[here.project.pk], text="Dust again",
        confidentiality=Level.CONFIDENTIAL, participants=[ParticipantDraft(party_id=here.person.pk)],
    )  # fmt: skip
    services.tie(here.manager, case, kind="promise", subject_id=promise.pk)
    services.tie(here.manager, case, kind="conversation", subject_id=talk.pk)
    tied = queries.tied(here.manager, case)
    assert ([one.pk for one in tied.promises], [one.pk for one in tied.conversations]) == (
        [promise.pk], [talk.pk],
    )  # fmt: skip
    # The conversation is confidential, so the case becomes it, and with it the promise.
    assert queries.case(here.manager, case.pk).confidentiality == Level.CONFIDENTIAL
    assert Promise.objects.visible_to(here.agent).count() == 0
    # Nobody takes the level away again while it is tied.
    kept = change_promise(here.manager, Promise.objects.unscoped("test").get(), confidentiality=Level.OPEN)
    assert kept.confidentiality == Level.CONFIDENTIAL
    services.untie(here.manager, case, kind="promise", subject_id=promise.pk)
    opened = change_promise(here.manager, kept, confidentiality=Level.INTERNAL)
    assert opened.confidentiality == Level.INTERNAL


def test_what_stands_elsewhere_or_is_not_seen_is_not_tied(at):
    here = world()
    case = here.case("issue")
    far = project("Elsewhere")
    strange = make_promise(SYSTEM, project=far, title="Strange", direction="ours")
    with pytest.raises(Promise.DoesNotExist):
        services.tie(here.agent, case, kind="promise", subject_id=strange.pk)
    with pytest.raises(services.CaseError, match="another project"):
        services.tie(SYSTEM, case, kind="promise", subject_id=strange.pk)
    with pytest.raises(services.CaseError, match="Only promises"):
        services.tie(here.agent, case, kind="party", subject_id=here.person.pk)


def test_promises_and_tasks_are_born_in_a_case(at):
    here = world()
    case = here.case("issue", party=here.person)
    task = services.promise_from_case(here.agent, case, kind="task", title="Ring the school")
    owed = services.promise_from_case(here.agent, case, kind="theirs", title="Send photos")
    assert isinstance(task, Task) and task.party_id == here.person.pk
    assert isinstance(owed, Promise) and owed.direction == "theirs"
    with pytest.raises(CommitmentError):
        services.promise_from_case(here.agent, case, kind="ours", title=" ")
    assert len(queries.tied(here.agent, case).tasks) == 1


def test_a_case_follows_its_person(at):
    here = world()
    case = here.case("issue", party=here.person)
    services.raise_of_party(SYSTEM, here.person.pk, Level.CONFIDENTIAL)
    assert not queries.may_see(here.agent, case.pk)
    change_party(here.manager, here.person, family_name="", given_name="", full_name="Kimura Sora")
    services.index_of_party(here.person.pk)
    assert [hit.subject_id for hit in find(here.manager, "kimura", kinds=["case"])] == [case.pk]


def test_a_note_is_found_and_recorded(at):
    here = world()
    case = here.case("issue")
    services.note(here.agent, case, text="Spoke to the headmaster")
    with pytest.raises(services.CaseError, match="Write what you want to say"):
        services.note(here.agent, case, text="  ")
    assert [hit.subject_id for hit in find(here.agent, "headmaster", kinds=["case"])] == [case.pk]
    assert _events(case) == ["note_made", "case_opened"]


def test_cases_are_handed_over(at):
    here = world()
    case = here.case("issue", owner=user_of(here.agent))
    chief = agent(here.project)
    hand_over(here.agent, user_of(here.agent), {"all": str(chief.user_id)})
    assert queries.case(chief, case.pk).owner_id == chief.user_id
    assert history_of(SYSTEM, "cases.case", case.pk)[0].changes == {"owner": ["Agent", "Agent"]}


def test_the_list_turns_its_pages(at):
    here = world()
    made = [here.case("issue", title=f"Case {number}") for number in range(5)]
    closed = made[4]
    closed.closed_at, closed.due_at = NOW, None
    closed.save()
    first = queries.case_list(here.agent, queries.Filter(), limit=3)
    assert [row.title for row in first.rows] == ["Case 0", "Case 1", "Case 2"]
    assert first.before is None and first.after is not None
    second = queries.case_list(here.agent, queries.Filter(), after=first.after, limit=3)
    assert [row.title for row in second.rows] == ["Case 3"] and second.after is None
    assert second.before is not None
    back = queries.case_list(here.agent, queries.Filter(), before=second.before, limit=3)
    assert [row.title for row in back.rows] == ["Case 0", "Case 1", "Case 2"]
    over = queries.case_list(here.agent, queries.Filter(state="closed"))
    assert [row.title for row in over.rows] == ["Case 4"]
    totals = queries.totals(here.agent)
    assert (totals.open, totals.over, totals.nobody, totals.kinds["issue"]) == (4, 0, 4, 4)
    at(NOW + dt.timedelta(days=30))
    assert queries.totals(here.agent).over == 4
    assert Position.parse(str(first.after)) == first.after
    assert Position.parse("nonsense~x") is None

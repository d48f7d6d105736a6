"""The score of a relation and of a project: its parts, what each reader may count, and what people say beside it."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.test import Client

from enishi.accounts.access import Actor, Forbidden, Level
from enishi.accounts.models import Project, User
from enishi.cases.services import open_case
from enishi.commitments.models import Promise
from enishi.commitments.services import make_promise
from enishi.contacts.models import Party, RelationType
from enishi.contacts.services import change_party, relate
from enishi.conversations.models import Interaction
from enishi.conversations.services import ParticipantDraft, log_interaction
from enishi.core import clock
from enishi.health import queries, services
from enishi.health.models import Expected, OwnScore
from enishi.health.queries import Subject
from enishi.health.services import HealthError
from enishi.themes.models import Overall, Passage, Reading
from enishi.timeline.models import Entry
from factories import READ, SYSTEM, agent, manager, outsider, party, project

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 9, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _now():
    with clock.standing_at(NOW):
        yield


class Here:
    def __init__(self) -> None:
        self.project: Project = project("Tidewall East")
        self.actor = agent(self.project)
        self.aoi: Party = party(self.project, "Tanaka Aoi")

    def talk(
        self, days: float, by: Actor | None = None, who: Party | None = None, **values: object
    ) -> Interaction:
        return log_interaction(
            by or self.actor,
            channel="call",
            occurred_at=NOW - dt.timedelta(days=days),
            project_ids=[self.project.pk],
            subject=f"Talk {days}",
            text="It is loud at night.",
            participants=[ParticipantDraft(party_id=(who or self.aoi).pk)],
            **values,
        )

    def promise(self, state: str, *, days: float = 10, **values: object) -> Promise:
        due = NOW - dt.timedelta(days=days)
        made = make_promise(
            self.actor,
            project=self.project,
            title=f"Send the {state}",
            direction="ours",
            party=self.aoi,
            due_at=due,
            **values,
        )
        if state != "open":
            Promise.objects.unscoped("test").filter(pk=made.pk).update(state=state, settled_at=due)
        return made

    def read(
        self, actor: Actor | None = None, *, of: Party | None = None, rows: bool = True
    ) -> queries.Score:
        return queries.score(actor or self.actor, Subject(party=of or self.aoi), rows=rows)


def _points(score: queries.Score) -> dict[str, int | None]:
    return {part.code: part.score for part in score.parts}


def test_nothing_known_is_said_and_gives_no_number():
    found = Here().read()
    assert _points(found) == {"rhythm": 0, "feelings": None, "promises": None, "cases": None}
    assert found.total is None
    assert [part.words for part in found.parts] == [
        "0 conversations in 30 days; 1 expected.",
        "Not counted: felt in 0 conversations of 90 days; it counts from 3 on.",
        "Not counted: none was settled in 180 days, none is late.",
        "Not counted: none is open, none was closed in 180 days.",
    ]


def test_rhythm_counts_the_last_thirty_days_against_what_was_expected():
    here = Here()
    for days in (1, 29, 31, -2):
        here.talk(days)
    services.expect(here.actor, Subject(party=here.aoi), number=4)
    rhythm = here.read().parts[0]
    assert (rhythm.score, rhythm.words) == (50, "2 conversations in 30 days; 4 expected.")
    assert [row.title for row in rhythm.rows] == ["Talk 1", "Talk 29"]
    services.expect(here.actor, Subject(party=here.aoi), number=1)
    assert here.read().parts[0].score == 100
    assert Expected.objects.count() == 1
    told = Entry.objects.unscoped("test").filter(event="health.expected").order_by("pk")
    assert [one.changes for one in told] == [{"expected_talks": [None, 4]}, {"expected_talks": [4, 1]}]


def test_a_plan_goes_before_the_number_that_was_set():
    from enishi.engagement.services import plan

    here = Here()
    for _n in range(2):
        plan(
            here.actor, project=here.project, party=here.aoi, aim="Hear them", method="consult",
            starts_on=NOW.date() - dt.timedelta(days=5),
        )  # fmt: skip
    services.expect(here.actor, Subject(party=here.aoi), number=9)
    here.talk(3)
    found = here.read()
    assert (found.planned, found.expected, found.parts[0].score) == (True, 2, 50)
    assert found.parts[0].words == "1 conversation in 30 days; the plan had 2."


def test_what_people_felt_goes_before_what_the_machine_read():
    here = Here()
    talks = [here.talk(days) for days in (1, 2, 3, 100)]
    for one in talks:
        Reading.objects.update_or_create(
            interaction=one,
            defaults={"version": one.version, "round": 1, "feeling": 1, "sure": 0.9, "read_at": NOW},
        )
    Overall.objects.create(interaction=talks[0], party=here.aoi, feeling=5, judged_at=NOW)
    Passage.objects.create(interaction=talks[0], start=0, end=2, quote="It", feeling=1, marked_at=NOW)
    Passage.objects.create(interaction=talks[1], start=0, end=2, quote="It", feeling=4, marked_at=NOW)
    Passage.objects.create(
        interaction=talks[1], start=3, end=5, quote="is", feeling=1, marked_at=NOW, removed_at=NOW
    )
    other = party(here.project, "Somebody else")
    Overall.objects.create(interaction=talks[2], party=other, feeling=5, judged_at=NOW)
    part = here.read().parts[1]
    # 5, 4 and 1: a mean of 3.33
    assert (part.score, part.count) == (58, 3)
    assert part.words == "Mean of 3 conversations in 90 days: 2 by people, 1 by the machine."
    assert [row.words for row in part.rows] == [
        "Delighted, by people",
        "Content, by people",
        "Angry, by the machine",
    ]
    Reading.objects.filter(interaction=talks[2]).update(version=99)
    assert here.read().parts[1].score is None


def test_promises_and_cases_bring_their_points_and_the_total_is_weighed():
    here = Here()
    here.talk(1)
    for state in ("kept", "kept_late", "broken", "waived", "open"):
        here.promise(state)
    here.promise("kept", days=200)
    here.promise("open", days=-5)
    promises = here.read().parts[2]
    assert (promises.score, promises.count) == (38, 4)
    assert promises.words == "1 of 4 kept in time in 180 days, both ways; 1 late now."
    assert {row.words for row in promises.rows} == {"Late", "Broken", "Kept late", "Kept"}
    open_case(here.actor, project=here.project, kind="issue", title="Dust", party=here.aoi)
    found = here.read()
    assert (found.parts[3].score, found.parts[3].words) == (50, "1 case in 180 days: 1 open, 0 of them late.")
    # (30 * 100 + 25 * 38 + 15 * 50) / 70
    assert found.total == 67
    with clock.standing_at(NOW + dt.timedelta(days=300)):
        assert _points(here.read())["cases"] == 0


def test_each_reader_counts_only_what_they_may_see():
    here = Here()
    boss = manager(here.project)
    here.talk(1)
    here.talk(2, by=boss, confidentiality=Level.RESTRICTED)
    services.expect(here.actor, Subject(party=here.aoi), number=2)
    assert (here.read().parts[0].score, here.read(boss).parts[0].score) == (50, 100)
    assert "Talk 2" not in [row.title for row in here.read().parts[0].rows]
    narrow = agent(here.project, codes=["contacts.view", "commitments.view"])
    found = here.read(narrow)
    assert [part.words for part in found.parts if part.code != "promises"] == [
        "Not counted: you do not see these here."
    ] * 3
    assert found.total is None


def test_own_scores_stand_beside_and_are_never_overwritten():
    here = Here()
    subject = Subject(party=here.aoi)
    services.judge(here.actor, subject, score=40, reason="She no longer calls back")
    with clock.standing_at(NOW + dt.timedelta(days=1)):
        services.judge(here.actor, subject, score=70, reason="We met at the harbour")
        found = here.read()
    assert [(own.score, own.reason) for own in found.own] == [
        (70, "We met at the harbour"),
        (40, "She no longer calls back"),
    ]
    assert found.latest is not None and found.latest.score == 70 and found.total is None
    told = Entry.objects.unscoped("test").filter(event="health.judged").order_by("pk")
    assert [(one.subject_type, one.subject_id, one.changes) for one in told] == [
        (
            "contacts.party",
            here.aoi.pk,
            {"own_score": [None, 40], "own_reason": [None, "She no longer calls back"]},
        ),
        (
            "contacts.party",
            here.aoi.pk,
            {"own_score": [40, 70], "own_reason": [None, "We met at the harbour"]},
        ),
    ]
    with pytest.raises(HealthError, match="Say why"):
        services.judge(here.actor, subject, score=40, reason="  ")
    with pytest.raises(HealthError, match="0 to 100"):
        services.judge(here.actor, subject, score=101, reason="x")
    for stranger in (agent(here.project, codes=READ), outsider()):
        with pytest.raises(Forbidden):
            services.judge(stranger, subject, score=40, reason="x")
        with pytest.raises(Forbidden):
            services.expect(stranger, subject, number=4)


def test_a_project_has_a_score_of_its_own():
    here = Here()
    for days in range(1, 6):
        here.talk(days, who=party(here.project, f"Person {days}"))
    found = queries.score(here.actor, Subject(project=here.project), rows=True)
    assert (found.expected, found.parts[0].score) == (10, 50)
    services.judge(here.actor, Subject(project=here.project), score=55, reason="Quiet, yet tense")
    assert OwnScore.objects.get().project == here.project
    entry = Entry.objects.unscoped("test").get(event="health.judged")
    assert (entry.subject_type, entry.project_ids) == ("accounts.project", [here.project.pk])


def test_the_pages_and_the_panel():
    here = Here()
    here.talk(1)
    client = Client()
    client.force_login(User.objects.get(pk=here.actor.user_id))
    base = f"/health/contact/{here.aoi.pk}/"
    assert f'hx-get="{base}"' in client.get(f"/people/{here.aoi.pk}/").content.decode()
    assert (
        f'hx-get="/health/project/{here.project.pk}/"'
        in client.get(f"/projects/{here.project.pk}/").content.decode()
    )
    panel = client.get(base, headers={"HX-Request": "true"}).content.decode()
    assert "Too little is known" in panel and "<html" not in panel
    page = client.get(base).content.decode()
    assert "The formula" in page and "Talk 1" in page and "1 conversation in 30 days; 1 expected." in page
    assert client.post(f"{base}own/", {"score": "200", "reason": "x"}).status_code == 422
    assert client.post(f"{base}own/", {"score": "20", "reason": "Cold"})["Location"] == base
    assert client.post(f"{base}expected/", {"number": "3"})["Location"] == base
    page = client.get(base).content.decode()
    assert "20 of 100" in page and "Cold" in page and "3 expected." in page
    stranger = Client()
    stranger.force_login(User.objects.get(pk=outsider().user_id))
    for address in (base, f"/health/project/{here.project.pk}/"):
        assert stranger.get(address).status_code == 404
    assert stranger.post(f"{base}own/", {"score": "20", "reason": "x"}).status_code == 404


def test_many_rows_ask_no_more_questions(django_assert_max_num_queries):
    here = Here()
    here.talk(1)
    with django_assert_max_num_queries(14) as few:
        here.read()
    for days in range(2, 8):
        here.talk(days)
        here.promise("kept", days=days)
    with django_assert_max_num_queries(len(few.captured_queries) + 1):
        here.read()


def test_whoever_is_erased_leaves_no_invitation_and_no_reason():
    from enishi.conversations.models import Invitee
    from enishi.conversations.queries.invitations import token_of
    from enishi.conversations.services import answer_invitation, invite
    from enishi.privacy.services import run_erasure, start_erasure

    here = Here()
    boss = manager()
    shirin = party(here.project, "Shirin Mohtadi", email="shirin@quay.example")
    services.judge(here.actor, Subject(party=shirin), score=30, reason="Angry since the wall fell")
    services.expect(here.actor, Subject(party=shirin), number=2)
    talk = log_interaction(
        here.actor,
        channel="meeting",
        occurred_at=NOW + dt.timedelta(days=3),
        project_ids=[here.project.pk],
        subject="The wall",
        participants=[ParticipantDraft(party_id=shirin.pk), ParticipantDraft(party_id=here.aoi.pk)],
    )
    invite(here.actor, talk, tokens=[f"party:{shirin.pk}"], title="The wall", words="For Shirin Mohtadi")
    answer_invitation(token_of(Invitee.objects.get()), answer="declined", note="Ask Shirin Mohtadi's son")
    run_erasure(boss, start_erasure(boss, shirin, ground="objected", reason="She asked for it").pk)
    assert (Invitee.objects.count(), OwnScore.objects.count(), Expected.objects.count()) == (0, 0, 0)
    told = json.dumps(
        list(Entry.objects.unscoped("test").values("label", "changes", "data", "actor_name")), default=str
    )
    for trace in ("Mohtadi", "shirin@quay.example", "Angry since the wall fell"):
        assert trace not in told, trace
    kept = talk.__class__.objects.unscoped("test").get(pk=talk.pk).invitation
    assert "Mohtadi" not in kept.text and kept.title == "The wall"


def test_what_the_people_of_an_organisation_said_is_its_story_too_as_far_as_the_reader_sees_them():
    here = Here()
    firm = party(here.project, "Ushio Fisheries", kind="organisation")
    hidden = party(here.project, "Somebody protected")
    kind = RelationType.objects.get(code="works-for")
    for one in (here.aoi, hidden):
        relate(SYSTEM, one, firm, kind=kind)
    change_party(SYSTEM, hidden, confidentiality=Level.RESTRICTED)
    here.talk(3)
    here.talk(5, by=SYSTEM, who=hidden)
    here.promise("kept")
    score = queries.score(here.actor, queries.party_subject(here.actor, firm.pk))
    told = {part.code: part.count for part in score.parts}
    assert (told["rhythm"], told["promises"]) == (1, 1)
    boss = manager(here.project)
    assert queries.score(boss, queries.party_subject(boss, firm.pk)).parts[0].count == 2

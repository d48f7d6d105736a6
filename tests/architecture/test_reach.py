"""Somebody who reaches only their own, or their team's, finds no trace of a colleague's work anywhere."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable

import pytest
from django.db import transaction
from django.test import Client

from api.tokens import Api
from architecture.traces import pages, traces
from architecture.world import World, joined, routes
from enishi.accounts import services as accounts
from enishi.accounts.access import Actor, Via, narrowable, rights
from enishi.accounts.models import Team, User
from enishi.accounts.queries import actor as actor_of
from enishi.cases.services import note, open_case, promise_from_case
from enishi.commitments import queries as commitments
from enishi.commitments.services import DutyDraft, make_promise, make_task, write_duties, write_source
from enishi.contacts.models import Party
from enishi.conversations.services import ParticipantDraft, change_interaction, log_interaction
from enishi.core import clock
from enishi.reports.queries import Choice
from enishi.reports.services import make_report
from enishi.themes.models import Chorus
from enishi.themes.services import judge_overall, mark_passage
from enishi.timeline import queries as timeline
from enishi.timeline.handover.moving import hand_over
from factories import grant, manager, narrowed, role, user

pytestmark = pytest.mark.django_db
WORD = "Zymurgia"
KINDS = {
    "promise_id": "commitments.promise",
    "task_id": "commitments.task",
    "interaction_id": "conversations.interaction",
    "case_id": "cases.case",
    "duty_id": "commitments.duty",
}


@pytest.fixture
def theirs(world: World) -> dict[str, int]:
    """Work of a colleague on a contact that everybody sees, none of it confidential; each carries the word."""
    boss, where = manager(world.project), world.project
    owner = User.objects.get(pk=boss.user_id)
    seen = Party.objects.unscoped("of this world").get(pk=world.ids["party_id"])
    people, kind = [ParticipantDraft(party_id=seen.pk)], {"project_ids": [where.pk], "channel": "call"}
    talk = log_interaction(
        boss, subject=f"{WORD} talk", text=f"{WORD} said so", participants=people, answer="waiting",
        occurred_at=clock.now(), **kind,
    )  # fmt: skip
    talk = change_interaction(boss, talk, text=f"{WORD} said so again")
    theme = int(str(world.ids["theme_id"]))
    mark = mark_passage(boss, talk, 0, 16, theme_ids=[theme], feeling=1, party_id=seen.pk)
    judge_overall(boss, talk, feeling=1, party_id=seen.pk)
    voice = joined(talk, Chorus.objects.get(pk=int(str(world.ids["chorus_id"]))))
    due = clock.now() + dt.timedelta(hours=3)
    common = {"project": where, "party": seen, "due_at": due, "owner": owner}
    promise = make_promise(boss, title=f"{WORD} promise", direction="ours", said_in_id=talk.pk, **common)
    weekly = make_promise(boss, title=f"{WORD} weekly", direction="ours", rule="FREQ=WEEKLY", **common)
    make_promise(
        boss,
        title=f"{WORD} late",
        direction="ours",
        **{**common, "due_at": clock.now() - dt.timedelta(days=9)},
    )
    task = make_task(boss, title=f"{WORD} task", promise=promise, **common)
    permit = write_source(boss, project=where, title=f"{WORD} permit", authority=seen)
    [duty] = write_duties(boss, permit, [DutyDraft(f"{WORD} duty", owner=owner, due_at=due)])
    case = open_case(
        boss,
        project=where,
        kind="issue",
        title=f"{WORD} case",
        text=f"{WORD} said so",
        party=seen,
        owner=owner,
    )
    note(boss, case, text=f"{WORD} again")
    promise_from_case(boss, case, kind="ours", title=f"{WORD} of the case", owner=owner)
    today = clock.today()
    choice = Choice(
        project_id=where.pk, since=today - dt.timedelta(days=7), until=today + dt.timedelta(days=7)
    )
    report = make_report(boss, definition="promises", choice=choice, language="en", zone="UTC")
    given = hand_over(boss, owner, {"tasks": str(world.people["admin"].pk)})
    assert weekly.series_id is not None
    return {
        "promise_id": promise.pk, "task_id": task.pk, "interaction_id": talk.pk, "case_id": case.pk, "passage_id": mark.pk,
        "meaning_id": voice.pk, "source_id": permit.pk, "duty_id": duty.pk, "series_id": weekly.series_id,
        "report_id": report.pk, "operation_id": given.pk,
    }  # fmt: skip


def _addresses(world: World, theirs: dict[str, int]) -> list[str]:
    return [
        *pages(world), "/?who=team", "/promises/?who=all", "/promises/?who=team", "/promises/board/?who=all",
        "/cases/?who=nobody", f"/people/briefs/?who={world.ids['party_id']}", f"/reports/{theirs['report_id']}/",
    ]  # fmt: skip


def _signed_in(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


@pytest.fixture(params=["own", "team"])
def worker(request, world: World) -> User:
    """Every usual right, but only for their own records, or for those of a team in which the colleague is not."""
    team = Team.objects.create(name="Interviewers")
    return narrowed(world.project, reach=request.param, member=team if request.param == "team" else None)


@pytest.fixture
def me(worker: User) -> Actor:
    return actor_of(worker, via=Via.WEB)


def test_who_reaches_everything_sees_what_is_looked_for(world, theirs):
    """Else the next tests would be content with an empty page."""
    found = traces(world.client("admin"), _addresses(world, theirs), WORD)
    assert {
        "/promises/?who=all", "/conversations/", "/cases/", "/history/", "/history/operations/", "/reports/",
        f"/people/{world.ids['party_id']}/", f"/projects/{world.ids['project_id']}/",
    } <= {*found} | {"/history/operations/", "/reports/"}  # fmt: skip
    assert len(found) >= 20, found


def test_no_page_shows_a_trace(world, theirs, worker):
    assert traces(_signed_in(worker), _addresses(world, theirs), WORD) == []


def test_their_own_addresses_are_not_there(world, theirs, worker):
    opened, asked = [], 0
    special = World(world.project, world.people, {**world.ids, **theirs}, world.apis, world.cookies)
    client = _signed_in(worker)
    for name, route in routes():
        keys = [key for key in theirs if f":{key}>" in route]
        if name.startswith("api:") or not keys:
            continue
        for method in ("get", "post"):
            point = transaction.savepoint()
            answer = getattr(client, method)(special.address(route, name), world.sent(name, method.upper()))
            transaction.savepoint_rollback(point)
            asked += 1
            if answer.status_code not in {404, 405}:
                opened.append((name, method, answer.status_code))
    assert opened == []
    assert asked > 60


def test_their_history_is_not_there(world, theirs, worker):
    client = _signed_in(worker)
    for key, kind in KINDS.items():
        answer = client.get(f"/history/of/{kind}/{theirs[key]}/")
        assert answer.status_code == 404 or WORD not in answer.content.decode(), kind


def test_search_and_choices_do_not_find_it(world, theirs, worker):
    client = _signed_in(worker)
    for word in ("zymurgia", "zymu", "zy"):
        for address, key in (
            ("/search/", "q"), ("/search/suggest/", "q"), ("/conversations/people/", "q"), ("/promises/people/", "q"),
            ("/conversations/line/parse/", "line"), ("/cases/people/", "person"), ("/cases/", "q"), ("/promises/", "q"),
        ):  # fmt: skip
            text = client.get(f"{address}?{key}={word}").content.decode()
            for what in ("talk", "promise", "task", "case", "weekly", "duty", "permit", "late"):
                assert f"{WORD} {what}" not in text, (address, what)


def test_the_api_does_not_know_it(world, theirs, worker, me):
    usual = list(me.grants[0].codes)
    _token, secret = accounts.create_token(me, name="Test", scopes=usual, days=1)
    api, aoi = Api(secret, world.project), world.ids["party_id"]
    asked = ["interactions", "promises", "tasks", "cases", "search?q=zymurgia", f"parties/{aoi}", "themes"]
    for path in asked:
        answer = api("GET", path)
        assert answer.status_code == 200, (path, answer.status_code)
        assert WORD not in json.dumps(json.loads(answer.content), ensure_ascii=False), path
    for kind, key in (
        ("interactions", "interaction_id"), ("promises", "promise_id"), ("tasks", "task_id"), ("cases", "case_id"),
    ):  # fmt: skip
        for method in ("GET", "DELETE", "PATCH"):
            answer = api(method, f"{kind}/{theirs[key]}", {"title": "Mine"} if method == "PATCH" else None)
            assert answer.status_code in {404, 405}, (kind, method, answer.status_code)


def test_counts_do_not_betray_it(world, theirs, me):
    """What the worker counts does not move when a colleague writes something down."""
    boss, party = manager(world.project), Party.objects.unscoped("test").get(pk=world.ids["party_id"])

    def counts() -> object:
        every = commitments.Filter(project_id=world.project.pk)
        return (
            commitments.my_day(me, None, owner_ids=()).totals,
            commitments.group_totals(me, every),
            timeline.family_counts(me, [party.pk]),
            timeline.history(me).count(),
            timeline.operations(me).count(),
        )

    before = counts()
    make_promise(
        boss, project=world.project, title="More", direction="ours", due_at=clock.now(), party=party,
        owner=User.objects.get(pk=boss.user_id),
    )  # fmt: skip
    assert counts() == before


def test_what_is_handed_over_comes_and_goes(world, theirs, worker, me):
    """Nothing is copied onto other rows: who gets a record finds it everywhere at once, who gave it nowhere."""
    from enishi.commitments.models import Promise
    from enishi.commitments.services import change_promise

    client, boss = _signed_in(worker), manager(world.project)
    promise = Promise.objects.unscoped("test").get(pk=theirs["promise_id"])

    def found() -> list[bool]:
        asked: list[Callable[[], bool]] = [
            lambda: client.get(f"/promises/{promise.pk}/").status_code == 200,
            lambda: f"{WORD} promise" in client.get("/promises/?who=all").content.decode(),
            lambda: f"{WORD} promise" in client.get("/search/?q=zymurgia").content.decode(),
            lambda: timeline.history_of(me, "commitments.promise", promise.pk).exists(),
            lambda: (
                ("commitments.promise", promise.pk)
                in {(p.subject_type, p.subject_id) for p in timeline.timeline(me, [promise.party_id or 0])}
            ),
        ]
        return [ask() for ask in asked]

    assert found() == [False] * 5
    change_promise(boss, promise, owner=worker)
    assert found() == [True] * 5
    promise.refresh_from_db()
    change_promise(boss, promise, owner=None)
    assert found() == [False] * 5


def test_who_sees_everything_and_changes_their_own_changes_nothing_else(world, theirs):
    """Seeing reaches the project, changing only one's own: every page that sends something refuses."""
    changing = {code for code in narrowable() if not code.endswith(".view")}
    somebody = user("Reader of all")
    usual = [code for code in rights() if not code.startswith("accounts.")]
    grant(somebody, world.project, role(codes=usual, own=changing))
    client, done, refused = _signed_in(somebody), [], 0
    special = World(world.project, world.people, {**world.ids, **theirs}, world.apis, world.cookies)
    assert client.get(f"/promises/{theirs['promise_id']}/").status_code == 200
    records = {"promise_id", "task_id", "interaction_id", "case_id", "duty_id", "series_id", "passage_id"}
    # What is made of words that one reads is one's own; drafts, keeping out and unmasking have rights of their own.
    other = {
        "conversations:passage", "conversations:results", "writing:of_conversation", "writing:of_case", "cases:keep_out",
        "cases:unmask_ask", "cases:unmask_answer", "cases:unmask_show",
    }  # fmt: skip
    for name, route in routes():
        if name.startswith("api:") or name in other or not any(f":{key}>" in route for key in records):
            continue
        point = transaction.savepoint()
        answer = client.post(special.address(route, name), world.sent(name, "POST"))
        transaction.savepoint_rollback(point)
        refused += answer.status_code == 403
        if answer.status_code not in {403, 404, 405}:
            done.append((name, answer.status_code))
    assert not done, str(done)
    assert refused > 30

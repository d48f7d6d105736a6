"""Whoever is kept out of a case finds no trace of it, whatever their role."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from api.tokens import Api
from cases.world import NOW, World, again, user_of, world
from enishi.accounts import queries as accounts
from enishi.accounts import services as account_services
from enishi.accounts.access import Actor, Via
from enishi.accounts.models import KeptFrom
from enishi.accounts.queries import actor as actor_of
from enishi.cases import queries, services
from enishi.cases.models import Case
from enishi.commitments import queries as commitments
from enishi.commitments.models import Promise
from enishi.commitments.services import change_promise, make_task
from enishi.commitments.services.rules import CommitmentError
from enishi.content.services import add_file
from enishi.conversations.services import ParticipantDraft, log_interaction
from enishi.search.queries import find, recent
from enishi.search.services import visit
from enishi.timeline import queries as timeline
from enishi.timeline.handover.moving import HandoverError, hand_over
from enishi.timeline.models import Notification
from factories import grant, user

pytestmark = pytest.mark.django_db
WORD = "Zymurgia"


def _full(here: World) -> tuple[Case, dict[str, int]]:
    """A case in which everything that can belong to it carries the word."""
    case = here.case("issue", title=f"{WORD} at the gate", text=f"{WORD} said so", party=here.person)
    promise = services.promise_from_case(here.manager, case, kind="ours", title=f"{WORD} promise")
    task = services.promise_from_case(here.manager, case, kind="task", title=f"{WORD} task")
    talk = log_interaction(
        here.manager, channel="call", occurred_at=NOW, project_ids=[here.project.pk], subject=f"{WORD} talk",
        text=f"{WORD} again", participants=[ParticipantDraft(party_id=here.person.pk)],
    )  # fmt: skip
    services.tie(here.manager, case, kind="conversation", subject_id=talk.pk)
    kept = add_file(
        here.manager, project=here.project, name=f"{WORD}.txt", data=b"x", party_ids=[here.person.pk]
    )
    services.tie(here.manager, case, kind="file", subject_id=kept.pk)
    services.note(here.manager, case, text=f"{WORD} note")
    return case, {"promise": promise.pk, "task": task.pk, "conversation": talk.pk, "file": kept.pk}


def _out(here: World, case: Case, who: Actor) -> Actor:
    services.keep_out(here.second, case, user=user_of(who), reason="Leads the works")
    return again(who)


def _client(who: Actor) -> Client:
    client = Client()
    client.force_login(user_of(who))
    return client


def test_no_query_knows_the_case(at):
    here = world()
    case, ids = _full(here)
    other = here.case("issue", title="Another one")
    visit(here.manager, "case", case.pk)
    before = again(here.manager)
    assert {row.pk for row in queries.cases(before, queries.Filter())} == {case.pk, other.pk}
    actor = _out(here, case, here.manager)
    assert [row.pk for row in queries.cases(actor, queries.Filter(state="all"))] == [other.pk]
    assert queries.totals(actor).open == 1 and queries.open_count(actor) == 1
    assert queries.of_party(actor, here.person.pk) == []
    assert queries.of_project(actor, here.project.pk)[0] == 1
    assert queries.by_ids(actor, [case.pk]) == {}
    assert queries.near(actor, None, days=400) == []
    with pytest.raises(Case.DoesNotExist):
        queries.case(actor, case.pk)
    assert find(actor, WORD) == [] and recent(actor) == []
    assert commitments.open_of_parties(actor, [here.person.pk]) == []
    with pytest.raises(Promise.DoesNotExist):
        commitments.promise(actor, ids["promise"])
    told = [entry.label for entry in timeline.history(actor)]
    assert told and not [label for label in told if WORD in label]
    assert list(timeline.history_of(actor, "cases.case", case.pk)) == []
    assert timeline.timeline(actor, [here.person.pk]) == []
    assert timeline.family_counts(actor, [here.person.pk]) == {}
    # Whoever is not kept out sees all of it.
    assert queries.case(again(here.second), case.pk).pk == case.pk
    assert len(find(again(here.second), WORD)) == 5


PAGES = (
    "/", "/?who=team", "/cases/", "/cases/?state=all", "/cases/?q=zymurgia", "/promises/", "/promises/board/",
    "/promises/tasks/", "/promises/month/", "/conversations/", "/files/", "/history/", "/search/?q=zymurgia",
    "/search/suggest/?q=zymu", "/search/suggest/?q=",
)  # fmt: skip


def test_no_page_shows_a_trace(at):
    here = world()
    case, ids = _full(here)
    addresses = [
        f"/cases/{case.pk}/", f"/promises/{ids['promise']}/", f"/promises/tasks/{ids['task']}/",
        f"/conversations/{ids['conversation']}/", f"/files/{ids['file']}/",
    ]  # fmt: skip
    shared = [*PAGES, f"/people/{here.person.pk}/", f"/projects/{here.project.pk}/"]
    client = _client(here.manager)
    seen = [page for page in shared if WORD in client.get(page).content.decode().replace("zymurgia", "")]
    assert {"/cases/", "/promises/", "/history/", f"/people/{here.person.pk}/"} <= set(seen)
    assert [client.get(page).status_code for page in addresses] == [200] * 5
    _out(here, case, here.manager)
    for page in shared:
        answer = client.get(page, follow=True)
        assert answer.status_code == 200, page
        assert WORD not in answer.content.decode() and case.number not in answer.content.decode(), page
    assert [client.get(page).status_code for page in addresses] == [404] * 5
    gone = client.get(f"/history/of/cases.case/{case.pk}/")
    assert WORD not in gone.content.decode()
    assert client.post(f"/cases/{case.pk}/note/", {"text": "x"}).status_code == 404
    assert client.post(f"/cases/{case.pk}/let-in/{here.manager.user_id}/").status_code == 404


def test_the_api_does_not_know_what_belongs_to_it(at):
    here = world()
    case, ids = _full(here)
    account = user_of(here.manager)
    codes = ["cases.view", "commitments.view", "conversations.view", "content.view", "contacts.view"]
    _token, secret = account_services.create_token(
        actor_of(account, via=Via.WEB), name="T", scopes=codes, days=1
    )
    api = Api(secret, here.project)
    assert WORD in api("GET", f"promises/{ids['promise']}").content.decode()
    _out(here, case, here.manager)
    for path in ("promises", "tasks", "interactions", "files", f"search?q={WORD}"):
        assert WORD not in json.dumps(json.loads(api("GET", path).content)), path
    gone = [f"promises/{ids['promise']}", f"tasks/{ids['task']}", f"interactions/{ids['conversation']}"]
    assert [api("GET", path).status_code for path in gone] == [404, 404, 404]


def test_what_is_made_later_is_kept_too(at):
    here = world()
    case, ids = _full(here)
    _out(here, case, here.manager)
    later = services.promise_from_case(here.second, case, kind="ours", title=f"{WORD} later")
    promise = commitments.promise(here.second, ids["promise"])
    task = make_task(here.second, project=here.project, title=f"{WORD} errand", promise=promise)
    services.follow_task(task.pk)
    actor = again(here.manager)
    assert find(actor, WORD) == []
    assert later.pk in actor.kept_from["commitments.promise"]
    assert task.pk in actor.kept_from["commitments.task"]


def test_nobody_gives_it_to_whom_it_is_kept_from(at):
    here = world()
    case, ids = _full(here)
    _out(here, case, here.manager)
    out = user_of(here.manager)
    with pytest.raises(services.CaseError, match="may not work on this"):
        services.change_case(here.second, case, owner=out)
    with pytest.raises(services.CaseError, match="is kept out"):
        services.promise_from_case(here.second, case, kind="ours", title="x", owner=out)
    with pytest.raises(CommitmentError, match="may not read this"):
        change_promise(here.second, commitments.promise(here.second, ids["promise"]), owner=out)
    services.change_case(here.second, case, owner=user_of(here.second))
    with pytest.raises(HandoverError):
        hand_over(here.second, user_of(here.second), {"all": str(out.pk)})
    assert queries.case(again(here.second), case.pk).owner_id == here.second.user_id
    assert WORD not in " ".join(Notification.objects.filter(user=out).values_list("title", flat=True))


def test_what_the_bell_told_is_taken_back(at):
    here = world()
    case, _ids = _full(here)
    case = services.change_case(here.second, case, owner=user_of(here.manager))
    assert Notification.objects.filter(user=here.manager.user_id, title__contains=WORD).exists()
    case = services.change_case(here.second, case, owner=user_of(here.second))
    _out(here, case, here.manager)
    assert not Notification.objects.filter(user=here.manager.user_id, title__contains=WORD).exists()


def test_keeping_out_asks_for_a_reason_an_owner_and_somebody_left(at):
    here = world()
    case = here.case("issue", owner=user_of(here.manager))
    boss = user_of(here.manager)
    with pytest.raises(services.CaseError, match="Say why"):
        services.keep_out(here.second, case, user=boss, reason=" ")
    with pytest.raises(services.CaseError, match="owns the case"):
        services.keep_out(here.second, case, user=boss, reason="Interest")
    alone = world()
    only = alone.case("grievance")
    services.keep_out(alone.second, only, user=user_of(alone.manager), reason="Interest")
    with pytest.raises(services.CaseError, match="Nobody would be left"):
        services.keep_out(alone.second, only, user=user_of(alone.second), reason="Interest")


def test_let_in_again(at):
    here = world()
    case, _ids = _full(here)
    other, _more = _full(here)
    _out(here, case, here.manager)
    _out(here, other, here.manager)
    services.let_in(here.second, case, user=user_of(here.manager))
    actor = again(here.manager)
    assert [row.pk for row in queries.cases(actor, queries.Filter())] == [case.pk]
    assert {row.because for row in KeptFrom.objects.all()} == {f"cases.case:{other.pk}"}
    events = [entry.event for entry in timeline.history_of(again(here.second), "cases.case", case.pk)]
    assert events[:2] == ["cases.let_in", "cases.kept_out"]


def test_the_explanation_says_so(at):
    here = world()
    case, _ids = _full(here)
    _out(here, case, here.manager)
    known = ("cases.case", case.pk)
    why = accounts.explain(
        user_of(here.manager), "cases.view", [here.project.pk], case.confidentiality, known
    )
    assert (why.visible, why.sentence) == (False, "Manager cannot see it: it is kept from them.")
    readers = accounts.readers("cases.view", [here.project.pk], case.confidentiality, subject=known)
    assert here.manager.user_id not in {one.pk for one in readers}


def test_an_administrator_is_kept_out_as_well(at):
    here = world()
    case, _ids = _full(here)
    admin = user("Hedda Lunde")
    grant(admin, None, account_services.administrator_role())
    actor: Any = actor_of(admin, via=Via.WEB)
    assert queries.may_see(actor, case.pk)
    services.keep_out(here.second, case, user=admin, reason="Family")
    assert not queries.may_see(actor_of(admin, via=Via.WEB), case.pk)

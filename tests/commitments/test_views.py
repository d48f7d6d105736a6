"""The pages: who may open them, what they show, what they cost."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from commitments.world import NOW, World, world
from enishi.accounts.access import Actor, Level
from enishi.accounts.models import User
from enishi.commitments import queries, services
from enishi.commitments.models import ClosingDay, Promise, Task
from factories import agent, manager, outsider, party

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def _client(actor: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def _make(here: World, **values: Any) -> Promise:
    given: dict[str, Any] = {
        "project": here.project,
        "title": "Send the noise survey",
        "direction": "ours",
        "party": here.person,
    }
    return services.make_promise(here.agent, **{**given, **values})


def _everything(here: World) -> tuple[Promise, Task]:
    made = _make(here, due_at=NOW - DAY, owner=here.user, quote="You will have it.", rule="FREQ=WEEKLY")
    services.add_proof(here.agent, made, text="Sent by post")
    return made, services.make_task(
        here.agent, project=here.project, title="Print it", promise=made, owner=here.user, due_at=NOW
    )


def _pages(made: Promise, task: Task) -> list[str]:
    one, to_do = f"/promises/{made.pk}/", f"/promises/tasks/{task.pk}/"
    return [one, f"{one}edit/", f"{one}settle/?state=broken", f"{one}due/", to_do, f"{to_do}edit/"]


def test_pages_of_records_by_role(at):
    here = world()
    made, task = _everything(here)
    reader = agent(here.project, codes=["commitments.view", "contacts.view"])
    for page in _pages(made, task):
        assert _client(here.agent).get(page).status_code == 200, page
        assert _client(here.manager).get(page).status_code == 200, page
        assert _client(outsider()).get(page).status_code == 404, page
        assert Client().get(page).status_code == 302, page
        writes = any(word in page for word in ("edit", "settle", "due"))
        assert _client(reader).get(page).status_code == (403 if writes else 200), page


@pytest.mark.parametrize("page", ["", "board/", "month/", "tasks/", "new/", "tasks/new/"])
def test_lists_and_new_forms_by_role(at, page):
    here = world()
    _everything(here)
    nobody = agent(here.project, codes=["contacts.view"])
    assert _client(here.agent).get(f"/promises/{page}").status_code == 200
    other = _client(outsider()).get(f"/promises/{page}")
    assert other.status_code == 200
    assert b"noise survey" not in other.content
    assert b"Print it" not in other.content
    assert _client(nobody).get(f"/promises/{page}").status_code == 403
    assert Client().get(f"/promises/{page}").status_code == 302


@pytest.mark.parametrize("action", ["settle", "move", "due", "start", "done", "reopen", "proof", "delete"])
def test_actions_by_role(at, action):
    here = world()
    made = _make(here)
    address = f"/promises/{made.pk}/{action}/"
    reader = agent(here.project, codes=["commitments.view", "contacts.view"])
    assert _client(outsider()).post(address).status_code == 404
    assert _client(reader).post(address).status_code == 403
    assert Client().post(address).status_code == 302
    assert Promise.objects.unscoped("test").get().version == 1


def test_a_promise_is_written_down_by_the_form(at):
    here = world()
    answer = _client(here.agent).post(
        "/promises/new/",
        {
            "title": "  Put up   the lights ", "direction": "ours", "person": "Tanaka", "due_at": "20 Nov 2026",
            "owner": here.user.pk, "project": here.project.pk, "repeats": "", "shift": "backward",
        },
    )  # fmt: skip
    made = Promise.objects.unscoped("test").get()
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/promises/{made.pk}/")
    assert (made.title, made.party_id, made.owner_id) == ("Put up the lights", here.person.pk, here.user.pk)
    assert made.due_at == dt.datetime(2026, 11, 20, 18, tzinfo=dt.UTC)


def test_a_repeating_promise_is_written_down_by_the_form(at):
    here = world()
    _client(here.agent).post(
        "/promises/new/",
        {
            "title": "Sample the dust", "direction": "ours", "due_at": "2026-11-18 10:00", "owner": "", "project": here.project.pk,
            "repeats": "own", "rule": "FREQ=MONTHLY;COUNT=3", "shift": "none",
        },
    )  # fmt: skip
    made = Promise.objects.unscoped("test").order_by("due_at")
    assert [row.due_at.isoformat()[:16] for row in made] == [
        "2026-11-18T10:00",
        "2026-12-18T10:00",
        "2027-01-18T10:00",
    ]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"person": "Tanaka"}, "Several people fit"),
        ({"person": "Nobody Known"}, "Nobody by that name"),
        ({"due_at": "31 Nov 2026"}, "Nov"),
        ({"title": ""}, "field needs a look"),
        ({"due_at": "2026-11-18", "repeats": "own", "rule": "FREQ=HOURLY"}, "FREQ=DAILY, WEEKLY"),
        ({"repeats": "FREQ=WEEKLY"}, "needs its first date"),
    ],
)
def test_a_form_that_cannot_be_used_keeps_its_input(at, values, words):
    here = world()
    party(here.project, "Tanaka Jun")
    given = {
        "title": "Call back",
        "direction": "ours",
        "owner": "",
        "project": here.project.pk,
        "repeats": "",
        **values,
    }
    answer = _client(here.agent).post("/promises/new/", given)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert "Call back" in answer.content.decode() or not given["title"]
    assert not Promise.objects.unscoped("test").exists()


def test_one_of_several_people_is_chosen(at):
    here = world()
    second = party(here.project, "Tanaka Jun")
    found = _client(here.agent).get("/promises/people/", {"person": "tanaka"}).content.decode()
    assert f'value="{second.pk}"' in found
    given = {
        "title": "Call back",
        "direction": "theirs",
        "owner": "",
        "project": here.project.pk,
        "repeats": "",
    }
    _client(here.agent).post("/promises/new/", {**given, "person": "Tanaka", "party": second.pk})
    assert Promise.objects.unscoped("test").get().party_id == second.pk


def test_a_conflict_keeps_the_input_and_tries_again_on_purpose(at):
    here = world()
    made = _make(here)
    services.change_promise(here.manager, made, title="Send both surveys")
    given = {
        "title": "Send three surveys", "direction": "ours", "person": "Tanaka Aoi", "party": here.person.pk, "owner": "",
        "project": here.project.pk, "confidentiality": 1, "version": 1,
    }  # fmt: skip
    client = _client(here.agent)
    refused = client.post(f"/promises/{made.pk}/edit/", given)
    assert refused.status_code == 422
    assert "Somebody else has changed this" in refused.content.decode()
    assert 'name="version" value="2"' in refused.content.decode()
    client.post(f"/promises/{made.pk}/edit/", {**given, "version": 2})
    assert Promise.objects.unscoped("test").get().title == "Send three surveys"


def test_keep_in_a_row_answers_htmx_with_a_toast_and_the_list_anew(at):
    here = world()
    made = _make(here, due_at=NOW + DAY)
    client = _client(here.agent)
    answer = client.post(
        f"/promises/{made.pk}/settle/",
        {"state": "kept", "next": "/promises/?who=mine"},
        headers={"HX-Request": "true"},
    )
    assert answer.status_code == 204
    assert '"path": "/promises/?who=mine"' in answer.headers["HX-Location"]
    kept = Promise.objects.unscoped("test").get()
    assert kept.state == "kept"
    undo = f"/promises/undo/{queries.promise(here.agent, made.pk).undo_entry or ''}"
    assert undo in answer.headers["HX-Trigger"]
    address = answer.headers["HX-Trigger"].split('"undo_url": "')[1].split('"')[0]
    assert client.post(address, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    assert Promise.objects.unscoped("test").get().state == "open"
    assert _client(here.manager).post(address).status_code == 302
    assert Promise.objects.unscoped("test").get().state == "open"


def test_the_page_does_not_delete_what_was_changed_since_it_was_drawn(at):
    here = world()
    made = _make(here)
    client = _client(here.manager)
    assert (
        '<input type="hidden" name="version" value="1">'
        in client.get(f"/promises/{made.pk}/").content.decode()
    )
    services.change_promise(here.agent, made, title="Send both surveys")
    client.post(f"/promises/{made.pk}/delete/", {"version": "1"})
    assert Promise.objects.unscoped("test").get().title == "Send both surveys"
    client.post(f"/promises/{made.pk}/delete/", {"version": "2"})
    assert not Promise.objects.unscoped("test").exists()


def test_nobody_is_sent_to_another_site(at):
    here = world()
    made = _make(here)
    answer = _client(here.agent).post(f"/promises/{made.pk}/start/", {"next": "https://elsewhere.example/"})
    assert answer.headers["Location"] == f"/promises/{made.pk}/"


def test_a_card_moved_to_broken_asks_for_the_reason_in_the_card(at):
    here = world()
    made = _make(here)
    client = _client(here.agent)
    asked = client.post(f"/promises/{made.pk}/move/", {"to": "broken"}, headers={"HX-Request": "true"})
    assert (asked.status_code, "Why was it broken?" in asked.content.decode()) == (200, True)
    assert Promise.objects.unscoped("test").get().state == "open"
    client.post(f"/promises/{made.pk}/settle/", {"state": "broken", "outcome": "The crane failed."})
    assert Promise.objects.unscoped("test").get().outcome == "The crane failed."
    client.post(f"/promises/{made.pk}/move/", {"to": "doing"})
    moved = Promise.objects.unscoped("test").get()
    assert (moved.state, moved.started_at, moved.outcome) == ("open", NOW, "")
    assert client.post(f"/promises/{made.pk}/move/", {"to": "nowhere"}).status_code == 302


def test_the_sheet_shares_no_id_with_the_page_under_it(at):
    here = world()
    made = _make(here, owner=here.user)
    client = _client(here.agent)
    page, sheet = (client.get(f"/promises/{made.pk}/{part}").content.decode() for part in ("", "settle/"))
    fields = re.compile(r'<(?:input|textarea|select)[^>]* id="([^"]+)"')
    of_form = {name for name in fields.findall(sheet) if "proof" in name or "file" in name}
    assert len(of_form) == 2
    assert not of_form & set(fields.findall(page))


def test_done_first_and_proven_later(at):
    here = world()
    made = _make(here, due_at=NOW + DAY, owner=here.user)
    client, page = _client(here.agent), f"/promises/{made.pk}/"
    answer = client.post(f"{page}done/", {"next": "/promises/"}, headers={"HX-Request": "true"})
    assert (answer.status_code, "waits for proof" in answer.headers["HX-Trigger"]) == (204, True)
    listed = client.get("/promises/?state=proof").content.decode()
    assert "Send the noise survey" in listed
    assert 'aria-label="waits for proof"' in listed
    assert "proof missing" in listed
    assert f'id="promise-{made.pk}"' not in client.get("/promises/?state=late").content.decode()
    at(NOW + 9 * DAY)
    refused = client.post(f"{page}settle/", {"state": "kept"})
    assert (refused.status_code, "Say what proves it" in refused.content.decode()) == (422, True)
    asked = client.post(f"{page}move/", {"to": "kept"}, headers={"HX-Request": "true"})
    assert (asked.status_code, 'type="file"' in asked.content.decode()) == (200, True)
    log = SimpleUploadedFile("lorries.txt", b"6:00 wet, 14:00 wet")
    client.post(f"{page}settle/", {"state": "kept", "file": log})
    settled = Promise.objects.unscoped("test").get()
    assert (settled.state, settled.done_at, settled.settled_at) == ("kept", NOW, NOW + 9 * DAY)
    assert "lorries.txt" in client.get(page).content.decode()


def test_settling_without_a_reason_is_told_at_the_field(at):
    here = world()
    made = _make(here)
    answer = _client(here.agent).post(f"/promises/{made.pk}/settle/", {"state": "waived", "outcome": " "})
    assert answer.status_code == 422
    assert "Give the reason in one sentence." in answer.content.decode()


def test_no_sealed_word_stands_in_the_title_of_a_page(at):
    here = world()
    made = services.make_promise(
        here.manager,
        project=here.project,
        title="Call the lawyer",
        direction="ours",
        confidentiality=Level.CONFIDENTIAL,
    )
    page = _client(here.manager).get(f"/promises/{made.pk}/").content.decode()
    assert "Call the lawyer" not in page.split("</title>")[0]


def test_words_from_outside_are_escaped(at):
    here = world()
    bad = "<script>alert(1)</script>"
    made = _make(here, title=bad, quote=bad, detail=bad, due_at=NOW)
    services.make_task(here.agent, project=here.project, title=bad, promise=made, owner=here.user)
    services.add_proof(here.agent, made, text=bad)
    for page in (f"/promises/{made.pk}/", "/promises/", "/promises/board/", "/promises/tasks/", "/?who=team"):
        assert bad not in _client(here.agent).get(page).content.decode(), page


def test_tasks_are_ticked_and_unticked(at):
    here = world()
    made = services.make_task(here.agent, project=here.project, title="Print it")
    client = _client(here.agent)
    client.post(f"/promises/tasks/{made.pk}/tick/")
    assert Task.objects.unscoped("test").get().done_at == NOW
    client.post(f"/promises/tasks/{made.pk}/tick/")
    assert Task.objects.unscoped("test").get().done_at is None
    assert _client(outsider()).post(f"/promises/tasks/{made.pk}/tick/").status_code == 404


def test_closing_days_belong_to_who_sets_up_everything(at):
    here = world()
    head = _client(manager())
    assert _client(here.manager).get("/promises/closing-days/").status_code == 403
    assert (
        head.post(
            "/promises/closing-days/", {"day": "29 Dec 2026", "name": "Year end", "project": ""}
        ).status_code
        == 302
    )
    closing = ClosingDay.objects.get()
    assert (closing.day, closing.name) == (dt.date(2026, 12, 29), "Year end")
    again = head.post("/promises/closing-days/", {"day": "2026-12-29", "name": "Again", "project": ""})
    assert (again.status_code, "closed already: Year end" in again.content.decode()) == (422, True)
    assert _client(here.agent).post(f"/promises/closing-days/{closing.pk}/remove/").status_code == 403
    head.post(f"/promises/closing-days/{closing.pk}/remove/")
    assert not ClosingDay.objects.exists()


@pytest.mark.parametrize(
    "page", ["/promises/", "/promises/board/", "/promises/tasks/", "/", "/promises/month/"]
)
def test_a_page_costs_the_same_for_one_and_for_many(at, page, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    here = world()

    def fill(number: int) -> None:
        for n in range(number):
            who = party(here.project, f"Person {n}")
            made = _make(here, title=f"Promise {n}", party=who, due_at=NOW + n * DAY / 8, owner=here.user)
            services.make_task(
                here.agent, project=here.project, title=f"Task {n}", party=who, promise=made, owner=here.user
            )

    client = _client(here.agent)
    fill(1)
    _make(here, rule="FREQ=DAILY;COUNT=2", due_at=NOW, owner=here.user)
    client.get(page)
    with CaptureQueriesContext(
        connection,
    ) as once:
        client.get(page)
    fill(12)
    _make(here, rule="FREQ=DAILY;COUNT=3", due_at=NOW, owner=here.user, title="Another series")
    with django_assert_num_queries(len(once)):
        client.get(page)

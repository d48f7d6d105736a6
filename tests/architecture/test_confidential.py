"""Somebody without clearance for a record finds no trace of it anywhere."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest
from django.db import transaction

from architecture.traces import pages, traces
from architecture.world import World, joined, routes
from enishi.accounts.access import Level, Via
from enishi.accounts.queries import actor as actor_of
from enishi.cases.services import note, open_case
from enishi.commitments.services import give, make_promise, make_task
from enishi.contacts.models import Party, RelationType
from enishi.contacts.services import PointDraft, change_party, relate, save_point
from enishi.content.services import add_file
from enishi.conversations.services import ParticipantDraft, log_interaction
from enishi.core import clock
from enishi.core.money import Money
from enishi.themes.models import Chorus
from enishi.themes.services import judge_overall, mark_passage
from factories import manager, party

pytestmark = pytest.mark.django_db
WORD = "Zymurgia"
ASKED = ("zymurgia", "zymu", "zy")
HISTORIES = (
    "contacts.party",
    "conversations.interaction",
    "commitments.promise",
    "commitments.task",
    "content.file",
    "cases.case",
)


@pytest.fixture
def hidden(world: World) -> dict[str, int]:
    """Confidential records of every kind, some on a contact that everybody sees; each carries the word."""
    boss, where = manager(world.project), world.project
    seen = Party.objects.unscoped("of this world").get(pk=world.ids["party_id"])
    secret = party(
        where, f"{WORD} Lopez", by=boss, email="zymurgia@lopez.example", confidentiality=Level.CONFIDENTIAL
    )
    save_point(boss, secret, PointDraft(kind="phone", typed="+44 1632 960999"))
    relate(boss, secret, seen, kind=RelationType.objects.order_by("pk")[0])
    people = [ParticipantDraft(party_id=seen.pk), ParticipantDraft(party_id=secret.pk)]
    kind = {"project_ids": [where.pk], "occurred_at": clock.now(), "channel": "call"}
    talk = log_interaction(
        boss,
        subject=f"{WORD} talk",
        text=f"{WORD} said so",
        participants=people,
        confidentiality=Level.CONFIDENTIAL,
        **kind,
    )
    theme = int(str(world.ids["theme_id"]))
    mark = mark_passage(boss, talk, 0, 16, theme_ids=[theme], feeling=1, party_id=seen.pk)
    judge_overall(boss, talk, feeling=1, party_id=seen.pk)
    chorus = Chorus.objects.get(pk=int(str(world.ids["chorus_id"])))
    voice = joined(talk, chorus)
    # In a talk that all may read, the confidential contact is left out of the list of people.
    log_interaction(boss, subject="Open talk", participants=people, **kind)
    due = clock.now() + dt.timedelta(hours=3)
    common = {"project": where, "party": seen, "due_at": due, "confidentiality": Level.CONFIDENTIAL}
    promise = make_promise(
        boss, title=f"{WORD} promise", direction="ours", money=Money(Decimal(4), "EUR"), **common
    )
    given = give(boss, promise, day=clock.today(), money=Money(Decimal(3), "EUR"), note=f"{WORD} note")
    task = make_task(boss, title=f"{WORD} task", **common)
    kept = add_file(
        boss,
        project=where,
        name=f"{WORD}.txt",
        data=WORD.encode(),
        party_ids=[seen.pk],
        confidentiality=Level.CONFIDENTIAL,
    )
    change_party(boss, secret, note=f"{WORD} note")
    case = open_case(
        boss, project=where, kind="grievance", title=f"{WORD} case", text=f"{WORD} said so", party=seen
    )
    note(boss, case, text=f"{WORD} again")
    return {
        "party_id": secret.pk, "kept_id": secret.pk, "gone_id": secret.pk, "first_id": secret.pk, "subject_id": secret.pk,
        "interaction_id": talk.pk, "promise_id": promise.pk, "contribution_id": given.pk, "task_id": task.pk, "file_id": kept.pk,
        "passage_id": mark.pk, "case_id": case.pk, "meaning_id": voice.pk,
    }  # fmt: skip


def test_the_manager_sees_what_is_looked_for(world, hidden):
    """Else the next tests would be content with an empty page."""
    client = world.client("admin")
    for page in ("/people/", "/conversations/", "/files/", "/history/", f"/people/{world.ids['party_id']}/"):
        assert WORD in client.get(page).content.decode(), page


def test_no_page_shows_a_trace(world, hidden):
    for who in ("agent", "reader", "outsider"):
        assert traces(world.client(who), pages(world), WORD) == [], who


def test_its_own_addresses_are_not_there(world, hidden):
    opened = []
    usual = {name: value for name, value in world.ids.items() if not name.endswith(" interaction_id")}
    world_ids = {**usual, **hidden}
    for name, route in routes():
        keys = [key for key in hidden if f":{key}>" in route]
        if name.startswith("api:") or not keys:
            continue
        special = World(world.project, world.people, world_ids, world.apis, world.cookies)
        for method in ("get", "post"):
            point = transaction.savepoint()
            answer = getattr(world.client("agent"), method)(
                special.address(route, name), world.sent(name, method.upper())
            )
            transaction.savepoint_rollback(point)
            # A section asked for as a page sends to the contact, which is not there.
            elsewhere = answer.status_code == 302 and name == "contacts:section"
            if answer.status_code not in {404, 405} and not elsewhere:
                opened.append((name, method, answer.status_code))
    assert opened == []


def test_its_history_is_not_there(world, hidden):
    for kind, key in zip(
        HISTORIES, ("party_id", "interaction_id", "promise_id", "task_id", "file_id", "case_id"), strict=True
    ):
        answer = world.client("agent").get(f"/history/of/{kind}/{hidden[key]}/")
        assert answer.status_code == 404 or WORD not in answer.content.decode(), kind


def test_search_and_choices_do_not_find_it(world, hidden):
    asked = [
        f"{address}?{key}={word}"
        for word in ASKED
        for address, key in (
            ("/search/", "q"), ("/search/suggest/", "q"), ("/people/", "q"), ("/people/choices/", "q"),
            ("/people/similar/", "full_name"), ("/conversations/people/", "q"), ("/promises/people/", "q"),
            ("/conversations/line/parse/", "line"), ("/cases/people/", "person"), ("/cases/", "q"),
        )
    ]  # fmt: skip
    client = world.client("agent")
    for address in asked:
        text = client.get(address).content.decode()
        for trace in (
            f"{WORD} Lopez",
            f"{WORD} talk",
            f"{WORD} promise",
            f"{WORD} task",
            f"{WORD} case",
            f"{WORD}.txt",
            "lopez.example",
        ):
            assert trace not in text, address
    digits = client.get("/search/suggest/?q=01632960999").content.decode()
    assert WORD not in digits and f"/people/{hidden['party_id']}/" not in digits


def test_no_export_holds_it(world, hidden):
    for form in ("csv", "xlsx"):
        answer = world.client("agent").post(
            "/people/export/", {"all": "1", "format": form, "columns_of": "all"}
        )
        assert answer.status_code == 200
        body = b"".join(answer.streaming_content)
        if form == "csv":
            assert WORD not in body.decode("utf-8-sig") and "Tanaka" in body.decode("utf-8-sig")
        else:
            import io

            import openpyxl

            book = openpyxl.load_workbook(io.BytesIO(body))
            cells = [str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row]
            assert not any(WORD in cell for cell in cells) and any("Tanaka" in cell for cell in cells)


def test_the_api_does_not_know_it(world, hidden):
    api, aoi = world.apis["agent"], world.ids["party_id"]
    lists = (
        "parties",
        "interactions",
        "promises",
        "tasks",
        "files",
        f"parties/{aoi}",
        f"parties/{aoi}/relations",
    )
    asked = [*lists, *(f"search?q={word}" for word in ASKED), f"parties?q={WORD}"]
    for path in asked:
        answer = api("GET", path)
        assert answer.status_code == 200, path
        assert WORD not in json.dumps(json.loads(answer.content), ensure_ascii=False), path
    kinds = {
        "parties": "party_id",
        "interactions": "interaction_id",
        "promises": "promise_id",
        "tasks": "task_id",
        "files": "file_id",
    }
    for kind, key in kinds.items():
        for method in ("GET", "DELETE", "PATCH"):
            assert api(method, f"{kind}/{hidden[key]}", {} if method == "PATCH" else None).status_code in {
                404,
                405,
            }, (kind, method)


def test_counts_do_not_betray_it(world, hidden):
    """What the agent counts does not move when a confidential record comes."""
    boss, worker = manager(world.project), actor_of(world.people["agent"], via=Via.WEB)
    from enishi.commitments import queries as commitments
    from enishi.timeline import queries as timeline

    def counts() -> object:
        return (
            commitments.my_day(worker, None, owner_ids=(worker.user_id or 0,)).totals,
            timeline.family_counts(worker, [world.ids["party_id"]]),
        )

    before = counts()
    make_promise(
        boss, project=world.project, title="More", direction="ours", due_at=clock.now(),
        confidentiality=Level.CONFIDENTIAL, party=Party.objects.unscoped("test").get(pk=world.ids["party_id"]),
    )  # fmt: skip
    assert counts() == before

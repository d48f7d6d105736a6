"""Minutes of a meeting: what is read from them in four languages, and that only what somebody confirms is written down."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from enishi.accounts.access import Actor, Forbidden, Via
from enishi.accounts.models import User
from enishi.accounts.queries import actor as actor_of
from enishi.commitments.models import Promise, Task
from enishi.conversations.minutes import Known, known, read_minutes, without_empty
from enishi.conversations.models import Interaction
from enishi.conversations.services import (
    Conflict,
    ConversationError,
    ParticipantDraft,
    ResultDraft,
    change_interaction,
    log_interaction,
    proposals,
    write_down_results,
)
from enishi.conversations.views.minutes import empty_minutes
from enishi.core import clock
from factories import agent, grant, outsider, party, project, role, user

NOW = dt.datetime(2026, 11, 18, 9, 0, tzinfo=dt.UTC)
PEOPLE = [
    known("user:1", "Kenji Mori", ours=True),
    known("user:2", "Camille Aubertin", ours=True),
    known("user:3", "نگار صالحی", ours=True),
    known("user:4", "佐伯 美咲", ours=True),
    known("party:5", "Tanaka Aoi", ours=False, also=["田中 葵"]),
]


def _read(text: str, language: str = "en", people: list[Known] = PEOPLE) -> list[str]:
    """Each proposal in one line: kind, title, who, until when; "?" where only a sentence says it."""
    told = []
    for one in read_minutes(text, now=NOW, language=language, people=people):
        parts = [
            one.kind,
            one.title,
            one.who.name if one.who else "-",
            f"{one.due:%a %d %b}" if one.due else "-",
        ]
        told.append(" | ".join(parts) + ("" if one.sure else "?"))
    return told


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("Action: call the council tomorrow", "task | Call the council | - | Thu 19 Nov"),
        ("Action item 3: check the pump", "task | Check the pump | - | -"),
        ("Action (Kenji): order the meters", "task | Order the meters | Kenji Mori | -"),
        ("Action Kenji: order the meters", "task | Order the meters | Kenji Mori | -"),
        ("ACTION: Kenji – order the meters by Friday", "task | Order the meters | Kenji Mori | Fri 20 Nov"),
        ("- To do: Mr Mori to order the meters", "task | Order the meters | Kenji Mori | -"),
        ("TODO @Kenji order the meters", "task | Order the meters | Kenji Mori | -"),
        ("Next steps: print the maps (Camille)", "task | Print the maps | Camille Aubertin | -"),
        ("Follow-up: print the maps, owner: Camille Aubertin", "task | Print the maps | Camille Aubertin | -"),
        ("[ ] book the hall by 1 December", "task | Book the hall | - | Tue 01 Dec"),
        ("Action: Tanaka: bring the deed by 30 November", "theirs | Bring the deed | Tanaka Aoi | Mon 30 Nov"),
        ("Promise: no work at night until March", "ours | No work at night | - | Mon 01 Mar"),
        ("Promise (Tanaka): lend the key", "theirs | Lend the key | Tanaka Aoi | -"),
        ("We will close the road on Monday", "ours | We will close the road on Monday | - | Mon 23 Nov?"),
        (
            "Tanaka will send the deed by Friday",
            "theirs | Tanaka will send the deed by Friday | Tanaka Aoi | Fri 20 Nov?",
        ),
        ("宿題：佐伯さん、騒音調査を金曜までに送る", "task | 騒音調査を送る | 佐伯 美咲 | Fri 20 Nov"),
        ("・宿題：地図を印刷する（担当：佐伯）", "task | 地図を印刷する | 佐伯 美咲 | -"),
        ("対応：田中様が権利書を11月30日までに持参する", "theirs | 権利書を持参する | Tanaka Aoi | Mon 30 Nov"),
        ("約束：夜間は工事をしない", "ours | 夜間は工事をしない | - | -"),
        ("À faire : Aubertin - envoyer le rapport avant vendredi", "task | Envoyer le rapport | Camille Aubertin | Fri 20 Nov"),
        ("Tâche : réserver la salle (resp. Camille)", "task | Réserver la salle | Camille Aubertin | -"),
        ("Engagement : pas de travaux la nuit", "ours | Pas de travaux la nuit | - | -"),
        ("اقدام: خانم صالحی - گزارش صدا را تا جمعه بفرستد", "task | گزارش صدا را بفرستد | نگار صالحی | Fri 20 Nov"),
        ("پیگیری: نقشه‌ها را چاپ کند (مسئول: صالحی)", "task | نقشه‌ها را چاپ کند | نگار صالحی | -"),
        ("قول: شب کار نمی‌کنیم", "ours | شب کار نمی‌کنیم | - | -"),
    ],
)  # fmt: skip
def test_a_line_says_what_who_and_until_when(line, read):
    language = {"宿": "ja", "・": "ja", "対": "ja", "約": "ja", "À": "fr", "T": "fr", "E": "fr"}.get(
        line[0], "en"
    )
    assert _read(line, "fa" if line[0] > "\u0600" and line[0] < "\u0700" else language) == [read]


@pytest.mark.parametrize(
    "line",
    [
        "", "   ", "-", "Agenda:", "1. Noise at night", "Action against noise: none was taken", "[x] book the hall",
        "The actions of the council were slow.", "Decisions: the road stays open", "Action:", "出席：田中、佐伯",
        "Present: Kenji Mori, Tanaka Aoi", "حاضران: صالحی",
    ],
)  # fmt: skip
def test_other_lines_say_nothing(line):
    assert _read(line) == []


def test_lines_below_a_heading_belong_to_it_until_the_list_ends():
    text = (
        "Agenda:\n1. Noise\n\nTo do:\n\n- Kenji: order the meters\n- [x] done already\n2. print the maps\n\n"
        "The hall was cold.\n\nDecisions:\n- the road stays open\nPromises\n- no work at night\nNext meeting: 4 December"
    )
    assert _read(text) == [
        "task | Order the meters | Kenji Mori | -",
        "task | Print the maps | - | -",
        "ours | No work at night | - | -",
    ]


def test_a_name_that_could_be_two_people_is_nobody_s():
    twins = [known("user:1", "Kenji Mori", ours=True), known("user:2", "Kenji Ueda", ours=True)]
    assert _read("Action: Kenji – order the meters", people=twins) == [
        "task | Kenji – order the meters | - | -"
    ]
    assert _read("Action: Ueda – order the meters", people=twins) == [
        "task | Order the meters | Kenji Ueda | -"
    ]


def test_the_place_is_that_of_the_words_without_bullet():
    text = "Notes\n  - Action: print the maps  \n"
    (one,) = read_minutes(text, now=NOW, language="en", people=[])
    assert text[one.start : one.end] == "Action: print the maps"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (
            "Present: A\n\nAgenda:\n1. Noise\n2. \n\nDecisions:\n- \n\nTo do:\n- ",
            "Present: A\n\nAgenda:\n1. Noise",
        ),
        ("Agenda:\n\n- Kept below a gap", "Agenda:\n\n- Kept below a gap"),
        ("決定事項：\n- \n\n宿題：\n- 送る", "宿題：\n- 送る"),
        ("Nothing: of the kind\n- x", "Nothing: of the kind\n- x"),
        ("We met.\nThen:\n\nwe left", "We met.\nThen:\n\nwe left"),
    ],
)
def test_points_and_headings_that_nobody_filled_in_are_left_out(typed, kept):
    assert without_empty(typed) == kept


def test_at_most_sixty_proposals_from_any_text():
    assert len(_read("TODO: x\n" * 500)) == 60


@pytest.mark.parametrize("language", ["en", "ja", "fr", "fa"])
def test_empty_minutes_end_with_a_heading_that_is_read(language):
    from django.utils import translation

    with translation.override(language):
        text = empty_minutes(["Kenji Mori", "Tanaka Aoi"])
    assert _read(text, language) == []
    assert "Kenji Mori, Tanaka Aoi" in text
    assert _read(f"{text}order the meters", language) == ["task | Order the meters | - | -"]


TEXT = "Action: Mina – send the plan by Friday\nTanaka: fine.\nTo do:\n- Tanaka brings the deed\nWe will write again"


@pytest.fixture
def meeting(db, monkeypatch) -> tuple[Actor, Interaction, User, int]:
    monkeypatch.setattr(clock, "now", lambda: NOW + dt.timedelta(days=20))
    where = project("Harbour")
    me = agent(where)
    mina = user("Mina Sato")
    grant(mina, where, role(codes=["commitments.view", "commitments.edit", "conversations.view"]))
    aoi = party(where, "Tanaka Aoi")
    talk = log_interaction(
        me, channel="meeting", occurred_at=NOW, project_ids=[where.pk], subject="Round table", text=TEXT,
        participants=[ParticipantDraft(party_id=aoi.pk), ParticipantDraft(name="Alice Dunmore")],
    )  # fmt: skip
    return me, talk, mina, aoi.pk


def test_proposals_are_counted_from_the_day_of_the_meeting(meeting):
    me, talk, mina, _aoi = meeting
    found = proposals(me, talk)
    assert [(one.kind, one.title, one.who and one.who.key, one.sure) for one in found] == [
        ("task", "Send the plan", f"user:{mina.pk}", True),
        ("task", "Tanaka brings the deed", None, True),
        ("task", "We will write again", None, True),
    ]
    assert found[0].due == dt.datetime(2026, 11, 20, 18, tzinfo=dt.UTC)
    assert not Task.objects.unscoped("test").exists() and not Promise.objects.unscoped("test").exists()


def test_somebody_known_by_name_only_owes_us_without_a_contact(meeting):
    me, talk, _mina, _aoi = meeting
    change_interaction(me, talk, text="Action: Alice to lend the key")
    (one,) = proposals(me, Interaction.objects.unscoped("test").get(pk=talk.pk))
    assert (one.kind, one.title, one.who and one.who.key) == ("theirs", "Lend the key", "name:Alice Dunmore")


def test_what_is_confirmed_hangs_on_its_words_and_is_not_proposed_again(meeting):
    me, talk, mina, aoi = meeting
    plan, deed, _write = proposals(me, talk)
    made = write_down_results(
        me,
        talk,
        [
            ResultDraft(plan.start, plan.end, "task", "Send the plan", owner_id=mina.pk, due_at=plan.due),
            ResultDraft(deed.start, deed.end, "theirs", "Bring the deed", party_id=aoi),
        ],
        version=1,
    )
    (task,), (promise,) = made.tasks, made.promises
    assert (task.title, task.owner_id, task.said_in_id, task.quote, task.due_at) == (
        "Send the plan", mina.pk, talk.pk, "Action: Mina – send the plan by Friday", plan.due,
    )  # fmt: skip
    assert (promise.direction, promise.party_id, promise.quote, promise.said_via, promise.said_at) == (
        "theirs", aoi, "Tanaka brings the deed", "meeting", NOW,
    )  # fmt: skip
    assert [one.title for one in proposals(me, talk)] == ["We will write again"]


def test_nothing_is_written_down_when_one_cannot_be(meeting):
    me, talk, _mina, _aoi = meeting
    plan = proposals(me, talk)[0]
    good = ResultDraft(plan.start, plan.end, "task", "Send the plan")
    with pytest.raises(ConversationError):
        write_down_results(me, talk, [good, ResultDraft(9000, 9001, "task", "Nowhere")])
    with pytest.raises(ConversationError):
        write_down_results(me, talk, [])
    change_interaction(me, talk, text=f"New first line\n{TEXT}")
    talk = Interaction.objects.unscoped("test").get(pk=talk.pk)
    with pytest.raises(Conflict):
        write_down_results(me, talk, [good], version=1)
    assert not Task.objects.unscoped("test").exists()


def test_who_may_make_no_promises_writes_nothing_down(meeting):
    _me, talk, _mina, _aoi = meeting
    reader = user("Rea Der")
    grant(reader, project("Else"), role(codes=["conversations.view"]))
    with pytest.raises(Forbidden):
        write_down_results(
            actor_of(reader, via=Via.WEB), talk, [ResultDraft(0, 10, "task", "Send the plan")], version=1
        )


def _client(actor: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def test_logging_a_meeting_leads_to_its_results_and_back(meeting):
    me, talk, mina, aoi = meeting
    client = _client(me)
    given = {
        "channel": "meeting", "occurred_at": "2026-11-18T09:00", "direction": "both", "answer": "none",
        "subject": "Second table", "text": "Action: Mina – print the maps", "project_ids": talk.project_ids,
        "who": f"party:{aoi}",
    }  # fmt: skip
    logged = client.post("/conversations/new/", given)
    made = Interaction.objects.unscoped("test").get(subject="Second table")
    address = f"/conversations/{made.pk}/results/"
    assert logged["Location"] == address
    page = client.get(address)
    (row,) = page.context["rows"]
    assert row["quote"] == "Action: Mina – print the maps"
    assert {name: row["form"].initial[name] for name in ("keep", "title", "kind", "owner", "party")} == {
        "keep": True, "title": "Print the maps", "kind": "task", "owner": mina.pk, "party": aoi,
    }  # fmt: skip
    sent = {
        "project": made.project_ids[0], "version": 1, "result": "0", "r0-start": 0, "r0-end": 29,
        "r0-title": "Print all maps", "r0-kind": "ours", "r0-owner": mina.pk, "r0-party": aoi, "r0-due_at": "",
    }  # fmt: skip
    dropped = client.post(address, sent)
    assert dropped.status_code == 422 and not Promise.objects.unscoped("test").exists()
    assert client.post(address, {**sent, "r0-keep": "on", "r0-title": ""}).status_code == 422
    done = client.post(address, {**sent, "r0-keep": "on"})
    assert done["Location"] == f"/conversations/{made.pk}/"
    promise = Promise.objects.unscoped("test").get()
    assert (promise.title, promise.direction, promise.owner_id, promise.quote) == (
        "Print all maps", "ours", mina.pk, "Action: Mina – print the maps",
    )  # fmt: skip
    undo = client.get(done["Location"]).content.decode()
    assert f"/conversations/line/undo/?promise={promise.pk}" in undo
    client.post(f"/conversations/line/undo/?promise={promise.pk}")
    assert not Promise.objects.unscoped("test").exists()
    assert "No line asks to be written down" not in client.get(address).content.decode()


def test_other_channels_and_plain_minutes_lead_to_the_conversation(meeting):
    me, talk, _mina, _aoi = meeting
    given = {
        "channel": "call", "occurred_at": "2026-11-18T09:00", "direction": "both", "answer": "none",
        "subject": "A call", "text": "Action: print the maps", "project_ids": talk.project_ids,
    }  # fmt: skip
    client = _client(me)
    assert "/results/" not in client.post("/conversations/new/", given)["Location"]
    given |= {"channel": "meeting", "text": "We will write again."}
    assert "/results/" not in client.post("/conversations/new/", given)["Location"]


def test_minutes_are_offered_for_meetings_and_keep_what_is_typed(meeting):
    me, _talk, _mina, aoi = meeting
    client = _client(me)
    assert client.get("/conversations/minutes/", {"channel": "call"}).content.strip() == b""
    assert b"Start with minutes" in client.get("/conversations/minutes/", {"channel": "meeting"}).content
    field = client.post("/conversations/minutes/", {"text": "Typed <b>before</b>", "who": f"party:{aoi}"})
    text = field.content.decode()
    assert "Typed &lt;b&gt;before&lt;/b&gt;\n\nPresent: Agent, Tanaka Aoi" in text
    assert b"To do:" in client.get("/conversations/new/", {"channel": "meeting", "minutes": "1"}).content


def test_strangers_find_no_results_page(meeting):
    _me, talk, _mina, _aoi = meeting
    assert _client(outsider()).get(f"/conversations/{talk.pk}/results/").status_code == 404

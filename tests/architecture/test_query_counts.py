"""How many questions each page asks the database: never more than was written down, and no more for more records.

``query_counts.toml`` holds a line for every page that an administrator can open. A page that needs more than its line, or
has none, fails. Where more is right, or less was reached, write the file anew and look at what changed in it:

    ENISHI_COUNT_ANEW=1 .venv/bin/pytest tests/architecture/test_query_counts.py
"""

from __future__ import annotations

import datetime as dt
import os
import tomllib
from pathlib import Path

from django.db import connection, reset_queries, transaction
from django.test.utils import CaptureQueriesContext

from architecture.test_access import EXPECTED, ROUTES
from architecture.world import World, joined
from enishi.accounts import services as accounts
from enishi.accounts.access import Actor, Via
from enishi.accounts.models import Project
from enishi.accounts.queries import actor as actor_of
from enishi.cases import queries as cases
from enishi.cases.services import keep_out, note, open_case, promise_from_case
from enishi.commitments.models import Source
from enishi.commitments.services import (
    DutyDraft,
    add_closing_day,
    make_promise,
    make_task,
    write_duties,
    write_source,
)
from enishi.contacts.models import DuplicatePair, Party, RelationType
from enishi.contacts.services import PointDraft, bulk, relate, save_point, set_tags
from enishi.contacts.services import setup as contact_setup
from enishi.content.services import add_file
from enishi.conversations.models import Interaction
from enishi.conversations.services import ParticipantDraft, log_interaction
from enishi.core import clock
from enishi.engagement.services import Judgement, plan, rate
from enishi.themes.models import Chorus
from enishi.themes.services import create_theme, judge_overall, mark_passage
from enishi.timeline.services import notify
from factories import SYSTEM, grant, manager, party, project, role, user

FILE = Path(__file__).parent / "query_counts.toml"
HEAD = (
    "# How many questions each page may ask the database, in a small filled one, as an administrator.\n"
    "# Written by: ENISHI_COUNT_ANEW=1 .venv/bin/pytest tests/architecture/test_query_counts.py\n"
)
PAGES = sorted(name for name, methods in EXPECTED.items() if methods["GET"][-1] == 200)
FEW, MORE = 2, 6
# Pages whose number of questions may follow the number of records, with the reason.
GROWING: dict[str, str] = {}


def _asked(world: World, name: str) -> list[str]:
    """What the page asks once it has been open before: what a process remembers is remembered then."""
    client, address = world.client("admin"), world.address(ROUTES[name], name)
    point = transaction.savepoint()
    try:
        for _time in range(2):
            reset_queries()
            with CaptureQueriesContext(connection) as captured:
                answer = client.get(address, world.sent(name, "GET"))
                if answer.streaming:
                    b"".join(answer.streaming_content)
    finally:
        transaction.savepoint_rollback(point)
    assert answer.status_code == 200, address
    return [one["sql"] for one in captured.captured_queries if "SAVEPOINT" not in one["sql"]]


def test_no_page_asks_more_than_is_written_down(world):
    counted = {name: len(_asked(world, name)) for name in PAGES}
    if os.environ.get("ENISHI_COUNT_ANEW"):
        lines = [f'"{name}" = {number}\n' for name, number in sorted(counted.items())]
        FILE.write_text(HEAD + "".join(lines))
    allowed = tomllib.loads(FILE.read_text())
    assert sorted(set(counted) - set(allowed)) == [], f"a new page needs its line in {FILE.name}"
    assert sorted(set(allowed) - set(counted)) == [], f"the page is gone: take its line out of {FILE.name}"
    more = {
        name: f"{number}, allowed {allowed[name]}"
        for name, number in counted.items()
        if number > allowed[name]
    }
    assert more == {}


def test_no_page_asks_more_for_more_records(world):
    _fill(world, range(FEW))
    few = {name: _asked(world, name) for name in PAGES}
    _fill(world, range(FEW, FEW + MORE))
    grown = {}
    for name in PAGES:
        many = _asked(world, name)
        if len(many) > len(few[name]) and name not in GROWING:
            grown[name] = f"{len(few[name])} to {len(many)}: {_repeated(many)}"
    assert grown == {}


def _repeated(asked: list[str]) -> str:
    """The beginning of the question that is asked most often."""
    beginnings = [sql.split(" WHERE ")[0][-160:] for sql in asked]
    return max(beginnings, key=beginnings.count)


def _fill(world: World, numbers: range) -> None:
    """For each number one more record of every kind, at the records of the world and beside them."""
    where, boss = world.project, manager(world.project)
    admin, aoi = world.people["admin"], Party.objects.unscoped("of this world").get(pk=world.ids["party_id"])
    assert admin is not None
    chief = actor_of(admin, via=Via.WEB)
    worker = world.people["agent"]
    assert worker is not None
    kind = RelationType.objects.order_by("pk")[0]
    for number in numbers:
        name = f"Nr{number}"
        one = party(where, f"Sumire {name}", email=f"s{number}@tanaka.example", by=boss)
        save_point(boss, aoi, PointDraft(kind="phone", typed=f"+44 1632 9610{number:02d}"))
        relate(boss, aoi, one, kind=kind)
        tag = contact_setup.create_tag(SYSTEM, name=f"Tag {name}")
        set_tags(boss, one, [tag])
        first, second = sorted([aoi.pk, one.pk])
        DuplicatePair.objects.get_or_create(first_id=first, second_id=second, defaults={"score": 80})
        bulk.apply(boss, bulk.Selection(ids=(one.pk,)), code="language", value="fr")
        _say(world, number, one)
        _raise_cases(world, number, boss)
        _set_up(world, name)
        add_closing_day(SYSTEM, day=dt.date(2027, 4, 1) + dt.timedelta(days=number), name=name)
        plan(
            boss,
            project=where,
            party=one,
            aim=f"Tell {name}",
            method="inform",
            starts_on=clock.today(),
            owner=admin,
        )
        rate(boss, project=where, party=one, judgement=Judgement(3, 1 + number % 5, 4))
        notify([admin.pk, worker.pk], kind="commitments.due", title=f"Due {name}", url="/promises/")
        accounts.create_token(chief, name=name, scopes=["contacts.view"], days=9)
        contact_setup.save_view(chief, name=f"View {name}", spec={})


def _say(world: World, number: int, one: Party) -> None:
    where, boss = world.project, manager(world.project)
    people = [ParticipantDraft(party_id=pk) for pk in (one.pk, int(str(world.ids["party_id"])))]
    log_interaction(
        boss, channel="call", occurred_at=clock.now(), project_ids=[where.pk], subject=f"Call {number}",
        text="You will have it.", participants=people, confidentiality=1 + number % 2,
    )  # fmt: skip
    _hear(world, number, one, boss)
    stranger = ParticipantDraft("from", name="N. Ewcomer", address=f"new{number}@ushio.example")
    log_interaction(
        boss, channel="email", occurred_at=clock.now(), project_ids=[where.pk], subject=f"Mail {number}",
        participants=[stranger],
    )  # fmt: skip
    owner, due = world.people["admin"], clock.now() + dt.timedelta(days=number % 3)
    made = make_promise(
        boss, project=where, title=f"Promise {number}", direction=("ours", "theirs")[number % 2], party=one,
        owner=owner, due_at=due,
    )  # fmt: skip
    source = Source.objects.unscoped("of this world").get(pk=world.ids["source_id"])
    write_duties(boss, source, [DutyDraft(f"Duty {number}", owner=owner, due_at=due, review_months=6)])
    write_source(boss, project=where, title=f"Permit {number}", authority=one)
    make_task(boss, project=where, title=f"Task {number}", party=one, owner=owner, due_at=due, promise=made)
    add_file(boss, project=where, name=f"paper{number}.txt", data=b"%d" % number, party_ids=[one.pk])


def _hear(world: World, number: int, one: Party, boss: Actor) -> None:
    """A theme, a mark in the talk of the world and one in a talk of its own, and a judgement."""
    theme = create_theme(boss, name=f"Theme {number}", project=world.project)
    talk = Interaction.objects.unscoped("of this world").get(pk=int(str(world.ids["interaction_id"])))
    place = 9 + number
    mark_passage(boss, talk, place, place + 3, theme_ids=[theme.pk], feeling=1 + number % 5, party_id=one.pk)
    other = Interaction.objects.unscoped("of this world").get(subject=f"Call {number}")
    world_theme, aoi = int(str(world.ids["theme_id"])), int(str(world.ids["party_id"]))
    mark_passage(boss, other, 0, 8, theme_ids=[world_theme], feeling=2, party_id=aoi)
    judge_overall(boss, other, feeling=3, party_id=one.pk)
    joined(other, Chorus.objects.get(pk=int(str(world.ids["chorus_id"]))))
    mail = Interaction.objects.unscoped("of this world").filter(subject__startswith="Mail", meaning=None)
    if number % 2:
        apart = Chorus.objects.create(made_at=clock.now())
        for letter in mail:
            joined(letter, apart)


def _raise_cases(world: World, number: int, boss: Actor) -> None:
    """One more case of its own, and one more of everything in the case of the world."""
    owner = world.people["admin"]
    assert owner is not None
    aoi = Party.objects.unscoped("of this world").get(pk=world.ids["party_id"])
    made = open_case(
        boss, project=world.project, kind=("issue", "grievance")[number % 2], title=f"Case {number}", owner=owner, party=aoi,
    )  # fmt: skip
    case = cases.case(boss, int(str(world.ids["case_id"])))
    note(boss, case, text=f"Note {number}")
    promise_from_case(
        boss, case, kind=("ours", "task")[number % 2], title=f"Promise of {made.number}", owner=owner
    )
    keep_out(boss, case, user=user(f"Rival {number}"), reason="Interest")


def _set_up(world: World, name: str) -> None:
    somebody, handler = user(f"Somebody {name}"), role(f"Role {name}", ["contacts.view"])
    grant(somebody, world.project, handler)
    below = project(f"Below {name}", parent=Project.objects.get(pk=world.project.pk))
    grant(somebody, below, handler)
    chief = world.people["admin"]
    assert chief is not None
    accounts.create_team(actor_of(chief, via=Via.WEB), name=f"Team {name}", members=[somebody])
    contact_setup.save_field(SYSTEM, label=f"Field {name}", kind="text", code=f"field-{name.lower()}")
    contact_setup.save_purpose(SYSTEM, name=f"Purpose {name}")

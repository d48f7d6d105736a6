"""Dashboards: exact numbers, each of which opens as many rows as it says, within the reader's rights."""

from __future__ import annotations

import datetime as dt
import io
import itertools

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from enishi.accounts.access import Forbidden, Via
from enishi.accounts.models import User
from enishi.accounts.queries import actor as actor_of
from enishi.cases.services import open_case
from enishi.commitments.services import make_promise, settle_promise
from enishi.conversations.services import log_interaction
from enishi.reports import queries, services
from enishi.reports.measuring import Look
from enishi.reports.metrics import KIND
from enishi.reports.models import Dashboard
from enishi.reports.queries import AUDIENCES, ReportError
from enishi.timeline.models import Entry
from factories import SYSTEM, agent, grant, manager, outsider, project, role
from reports.world import DAY, NOW, say

FIGURES = ["conversations", "promises"]


def _client(actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def _reading(actor, code, project=None, weeks=12):
    return KIND.get(code).read(Look(actor, project.pk if project else None, weeks))


def _rows(client: Client, url: str) -> int:
    page = client.get(url).context["page"]
    return len(page.items if hasattr(page, "items") and not hasattr(page, "rows") else page.rows)


def test_the_period_falls_into_pieces_that_cover_it_once(here):
    for weeks, pieces in ((4, 4), (12, 12), (26, 13), (52, 13)):
        look = Look(here.agent, None, weeks)
        spans = look.spans
        assert (len(spans), spans[0].first, spans[-1].last) == (pieces, look.span.first, NOW.date())
        assert all(a.last + DAY == b.first for a, b in itertools.pairwise(spans))
        assert look.before.last + DAY == look.span.first


def test_each_number_of_conversations_opens_as_many_rows(here):
    client = _client(here.agent)
    reading = _reading(here.agent, "conversations")
    assert (reading.value, reading.before) == ("3", "0")
    assert _rows(client, reading.url) == 3
    bars = [bar for bar in reading.chart.bars if bar.value]
    assert [bar.value for bar in bars] == [1, 2]
    assert [_rows(client, bar.url) for bar in bars] == [1, 2]
    channels = _reading(here.agent, "channels").chart.bars
    assert [(bar.label, bar.value) for bar in channels] == [
        ("Call", 1), ("E-mail", 1), ("Meeting", 1),
    ]  # fmt: skip
    assert [_rows(client, bar.url) for bar in channels] == [1, 1, 1]


def test_who_waits_is_counted_by_how_long(here):
    client = _client(here.agent)
    for days in (0, 3, 20):
        log_interaction(
            here.agent, channel="email", occurred_at=NOW - days * DAY, project_ids=[here.project.pk],
            subject="When?", direction="in", answer="waiting",
        )  # fmt: skip
    reading = _reading(here.agent, "waiting")
    assert (reading.value, [bar.value for bar in reading.chart.bars]) == ("3", [1, 1, 1])
    assert [_rows(client, bar.url) for bar in reading.chart.bars] == [1, 1, 1]


def test_promises_open_and_kept_open_their_rows(here):
    client = _client(here.agent)
    late, kept = (
        make_promise(here.agent, project=here.project, title=title, direction="ours", due_at=NOW + days * DAY)
        for title, days in (("Late", -2), ("Kept", 5))
    )
    make_promise(here.agent, project=here.project, title="Theirs", direction="theirs", due_at=NOW + DAY)
    settle_promise(here.agent, kept, state="kept")
    reading = _reading(here.agent, "promises")
    assert reading.value == "2"
    assert [(bar.label, bar.value) for bar in reading.chart.bars] == [
        ("We owe", 1), ("They owe us", 1), ("Late", 1), ("Waits for proof", 0),
    ]  # fmt: skip
    assert [_rows(client, bar.url) for bar in reading.chart.bars if bar.url] == [1, 1, 1]
    rate = _reading(here.agent, "kept")
    assert (rate.value, rate.words) == ("50%", "of our promises kept in time, 1 of 2")
    assert _rows(client, rate.url) == 2
    assert late.title == "Late"


@pytest.mark.parametrize("audience", sorted(AUDIENCES))
def test_the_three_that_stand_from_the_first_day(here, audience):
    page = _client(here.manager).get(reverse("reports:audience", args=[audience]))
    assert page.status_code == 200
    assert [tile.metric.code for tile in page.context["board"].tiles] == list(AUDIENCES[audience].figures)
    assert page.context["board"].left_out == 0


def test_numbers_hold_what_the_reader_may_see_and_say_what_is_left_out(here):
    assert _reading(here.agent, "conversations").value == "3"
    assert _reading(here.manager, "conversations").value == "4"
    assert _reading(outsider(), "conversations").value == "0"
    some = agent(here.project, codes=["reports.view", "conversations.view"])
    page = _client(some).get(reverse("reports:audience", args=["team"]))
    assert [tile.metric.code for tile in page.context["board"].tiles] == [
        "waiting",
        "conversations",
        "themes",
    ]
    assert "3 figures are not shown" in page.content.decode()
    nobody = agent(here.project, codes=["conversations.view"])
    assert _client(nobody).get(reverse("reports:audience", args=["team"])).status_code == 403


def test_numbers_of_a_project_open_the_rows_of_that_project(here):
    elsewhere = project("Harbour", code="harbour")
    for place in (here.project, elsewhere):
        open_case(SYSTEM, kind="issue", title="Noise", project=place)
    worker = User.objects.get(pk=here.agent.user_id)
    grant(worker, elsewhere, role())
    client = _client(here.agent)
    page = client.get(reverse("reports:audience", args=["team"]), {"project": here.project.pk})
    assert page.context["periods"][1]["url"] == f"?project={here.project.pk}&weeks=12"
    [cases] = [tile.reading for tile in page.context["board"].tiles if tile.metric.code == "cases"]
    assert cases.value == "1"
    assert _rows(client, cases.url) == 1
    assert [_rows(client, bar.url) for bar in cases.chart.bars if bar.url] == [1, 1]
    assert _reading(actor_of(worker, via=Via.WEB), "cases").value == "2"


def test_a_dashboard_of_ones_own_is_made_changed_and_arranged(here):
    client = _client(here.agent)
    begun = client.get(reverse("reports:dashboard_new") + "?like=team")
    assert begun.context["form"]["figures"].value() == list(AUDIENCES["team"].figures)
    made = client.post(reverse("reports:dashboard_new"), {"name": "Monday", "figures": FIGURES, "weeks": 4})
    one = Dashboard.objects.get()
    assert made["Location"] == reverse("reports:dashboard", args=[one.pk])
    assert client.get(reverse("reports:dashboards"))["Location"] == made["Location"]
    client.post(reverse("reports:dashboard_move", args=[one.pk]), {"figure": "promises", "to": "earlier"})
    client.post(
        reverse("reports:dashboard_edit", args=[one.pk]),
        {"name": "Mondays", "figures": ["cases", *FIGURES], "weeks": 26, "shared": "on"},
    )
    one.refresh_from_db()
    assert (one.name, one.figures, one.weeks, one.shared) == (
        "Mondays", ["promises", "conversations", "cases"], 26, True,
    )  # fmt: skip
    events = Entry.objects.unscoped("test").filter(subject_type="reports.dashboard").order_by("id")
    assert list(events.values_list("event", flat=True)) == [
        "reports.dashboard_made", "reports.dashboard_changed", "reports.dashboard_changed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"name": "\u202e "}, "name", "Give it a name."),
        ({"figures": ["nonsense"]}, "figures", "Choose at least one figure."),
        ({"weeks": 5}, "weeks", "Choose how far back it looks."),
        ({"name": "Monday"}, "name", "You already have a dashboard of that name."),
    ],
)
def test_what_makes_no_dashboard_is_refused_in_words(here, given, field, words):
    services.make_dashboard(here.agent, name="Monday", figures=FIGURES, weeks=12)
    with pytest.raises(ReportError) as error:
        services.make_dashboard(here.agent, **{"name": "Tuesday", "figures": FIGURES, "weeks": 12, **given})
    assert (error.value.field, str(error.value)) == (field, words)


def test_it_is_removed_and_taken_back(here):
    client = _client(here.agent)
    one = services.make_dashboard(here.agent, name="Monday", figures=FIGURES, weeks=12)
    client.post(reverse("reports:dashboard_remove", args=[one.pk]))
    assert client.get(reverse("reports:dashboard", args=[one.pk])).status_code == 404
    services.make_dashboard(here.agent, name="Monday", figures=FIGURES, weeks=12)
    client.post(reverse("reports:dashboard_restore", args=[one.pk]))
    one.refresh_from_db()
    assert one.removed_at is not None
    Dashboard.objects.filter(removed_at__isnull=True).delete()
    client.post(reverse("reports:dashboard_restore", args=[one.pk]))
    assert client.get(reverse("reports:dashboard", args=[one.pk])).status_code == 200


def test_others_open_only_what_is_for_everybody_and_change_nothing(here):
    own = services.make_dashboard(here.agent, name="Mine", figures=FIGURES, weeks=12)
    shared = services.make_dashboard(here.agent, name="Ours", figures=FIGURES, weeks=12, shared=True)
    other = _client(agent(here.project))
    assert other.get(reverse("reports:dashboard", args=[own.pk])).status_code == 404
    page = other.get(reverse("reports:dashboard", args=[shared.pk]))
    assert page.status_code == 200
    assert "Mine" not in page.content.decode()
    for name in ("edit", "move", "remove", "restore"):
        assert other.post(reverse(f"reports:dashboard_{name}", args=[shared.pk])).status_code == 404
    assert queries.dashboard(manager(), shared.pk).figures == FIGURES
    reader = agent(here.project, codes=["reports.view"])
    with pytest.raises(Forbidden):
        services.make_dashboard(reader, name="For all", figures=FIGURES, weeks=12, shared=True)


def test_on_paper_it_says_what_the_screen_says(here):
    say(here.agent, here.project, "One more", here.aoi, days=0)
    answer = _client(here.agent).get(reverse("reports:audience_pdf", args=["leadership"]))
    assert answer["Content-Type"] == "application/pdf"
    reader = PdfReader(io.BytesIO(answer.content))
    text = "\n".join(page.extract_text() for page in reader.pages)
    assert "Leadership" in text
    assert "4 conversations" in text
    assert "All projects" in text
    assert reader.metadata is not None
    assert reader.metadata.title == "Leadership"
    assert dt.date(2026, 11, 17).isoformat() in answer["Content-Disposition"]

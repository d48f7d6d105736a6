import datetime as dt

import pytest
from django.test import Client

from enishi.accounts.access import Forbidden, Level
from enishi.accounts.models import User
from enishi.conversations.services import delete_interaction
from enishi.core.ai.embedding import embedder
from enishi.themes import queries, services
from enishi.themes.models import Aside, Passage, Theme
from enishi.themes.queries import emerging
from enishi.timeline.models import Entry
from factories import SYSTEM, agent, project
from themes.letters import DUST, PUMPS
from themes.world import NOW, talk

pytestmark = pytest.mark.django_db
needs_reader = pytest.mark.skipif(
    embedder() is None, reason="no embedder is installed for this kind of machine"
)
WEEKS = queries.Period.last_weeks
SAID = [
    PUMPS["en"].splitlines()[0],
    PUMPS["fr"].splitlines()[0],
    "The pumps by our houses run the whole night, nobody sleeps.",
]


@pytest.mark.parametrize(
    ("now", "before", "chance"),
    [
        (5, 5, 638 / 1024),
        (7, 0, 1 / 128),
        (6, 0, 1 / 64),
        (10, 1, 12 / 2048),
        (8, 1, 10 / 512),
        (3, 0, 1 / 8),
    ],
)
def test_chance_is_counted_exactly(now, before, chance):
    assert emerging.by_chance(now, before) == pytest.approx(chance)


def named(here, theme, days_ago, times):
    for _time in range(times):
        said = talk(here.agent, here.project, [], occurred_at=NOW - dt.timedelta(days=days_ago))
        services.mark_passage(here.agent, said, 0, 24, theme_ids=[theme.pk])


def test_a_theme_rises_when_chance_does_not_explain_it(here):
    named(here, here.night, 2, 7)
    named(here, here.health, 2, 7)
    named(here, here.health, 100, 2)
    figures = queries.spoken(here.agent, queries.Filters(), WEEKS())
    assert [(row.theme, row.talks, row.talks_before) for row in emerging.rising(figures)] == [
        (here.noise, 7, 0),
        (here.night, 7, 0),
    ]


def test_five_passages_of_one_letter_are_one_voice(here):
    said = talk(here.agent, here.project, [], text="a b c d e f g h i j")
    for place in range(0, 19, 2):
        services.mark_passage(here.agent, said, place, place + 1, theme_ids=[here.noise.pk])
    (row,) = queries.spoken(here.agent, queries.Filters(), WEEKS()).rows
    assert (row.count, row.talks) == (10, 1)
    assert emerging.rising(queries.spoken(here.agent, queries.Filters(), WEEKS())) == []


def test_what_rose_opens_its_conversations(here):
    named(here, here.night, 2, 7)
    browser = Client()
    browser.force_login(User.objects.get(pk=here.agent.user_id))
    page = browser.get("/themes/")
    assert "More often than chance explains" in page.content.decode()
    row = page.context["rose"][0]
    assert len(browser.get(row["talks_url"]).context["page"].items) == 7
    assert len(browser.get(row["talks_before_url"]).context["page"].items) == 0


@pytest.fixture
def said(here):
    """Three say that the pumps keep them awake, in their own words and two languages; others speak of other things."""
    found = [talk(here.agent, here.project, [], text=f"Good day. {words}") for words in SAID]
    for line in DUST["en"].splitlines()[:2]:
        talk(here.agent, here.project, [], text=line)
    services.archive_theme(SYSTEM, here.noise, archived=True)
    delete_interaction(SYSTEM, here.talk)
    services.read_along()
    return found


@needs_reader
def test_what_several_say_without_a_theme_is_put_forward(here, said):
    (one,) = emerging.unnamed(here.agent, WEEKS())
    assert (one.talks, {line.words for line in one.lines}) == (3, set(SAID))
    assert {line.interaction_id for line in one.lines} == {talk.pk for talk in said}
    assert emerging.unnamed_at(here.agent, WEEKS(), None, one.first.key) == one
    assert emerging.unnamed(here.agent, WEEKS(), project("Elsewhere").pk) == []


@needs_reader
def test_the_words_of_others_and_confidential_ones_make_none(here):
    elsewhere = project("Elsewhere")
    services.archive_theme(SYSTEM, here.noise, archived=True)
    delete_interaction(SYSTEM, here.talk)
    for words in SAID[:2]:
        talk(here.agent, here.project, [], text=words)
    talk(agent(elsewhere), elsewhere, [], text=SAID[2])
    talk(here.manager, here.project, [], text=SAID[2], confidentiality=Level.CONFIDENTIAL)
    talk(here.agent, here.project, [], text=SAID[2], direction="out")
    services.read_along()
    assert emerging.unnamed(here.agent, WEEKS()) == []
    assert emerging.unnamed(here.manager, WEEKS()) == []
    assert [one.talks for one in emerging.unnamed(SYSTEM, WEEKS())] == [3]


@needs_reader
def test_it_becomes_a_theme_with_its_sentences(here, said):
    (one,) = emerging.unnamed(here.agent, WEEKS())
    with pytest.raises(services.ThemeError):
        services.name_theme(here.agent, name="Sleep", parent=None, project=here.project, lines=[])
    assert not Theme.objects.filter(path="Sleep").exists()
    made = services.name_theme(
        here.agent, name="Sleep", parent=None, project=here.project, lines=one.lines[:2]
    )
    assert (made.theme.path, made.marked) == ("Sleep", 2)
    assert {mark.quote for mark in Passage.objects.filter(themes=made.theme)} == {
        line.words for line in one.lines[:2]
    }
    assert emerging.unnamed(here.agent, WEEKS()) == []


@needs_reader
def test_what_is_no_theme_is_not_put_forward_again(here, said):
    (one,) = emerging.unnamed(here.agent, WEEKS())
    reader = agent(here.project, codes=["conversations.view", "contacts.view"])
    with pytest.raises(Forbidden):
        services.set_aside(reader, one.first)
    services.set_aside(here.agent, one.first)
    services.set_aside(here.agent, one.first)
    assert Aside.objects.count() == 1
    talk(here.agent, here.project, [], text="Again the pumps run all night beside our houses.")
    services.read_along()
    assert emerging.unnamed(here.agent, WEEKS()) == []
    entry = Entry.objects.unscoped("test").get(event="themes.set_aside")
    assert entry.data["passage"] == one.first.words


@needs_reader
def test_the_pages_put_forward_and_make_a_theme(here, said):
    browser = Client()
    browser.force_login(User.objects.get(pk=here.agent.user_id))
    page = browser.get("/themes/unnamed/")
    (row,) = page.context["rows"]
    assert "in 3 conversations" in page.content.decode()
    shown = browser.get(row["url"])
    lines = [one["line"].key for one in shown.context["rows"]]
    assert len(lines) == 3
    given = {"name": "", "project": here.project.pk, "line": lines}
    assert browser.post(row["url"], given).status_code == 422
    answer = browser.post(row["url"], {**given, "name": "Sleep", "line": lines[:2]})
    assert answer.status_code == 302
    assert len(browser.get(answer.url).context["said"]) == 2
    assert browser.get(row["url"]).status_code == 404
    reader = agent(here.project, codes=["conversations.view", "contacts.view"])
    Passage.objects.filter(themes__path="Sleep").update(removed_at=NOW)
    browser.force_login(User.objects.get(pk=reader.user_id))
    assert "Make it a theme</button>" not in browser.get(row["url"]).content.decode()
    assert browser.post(row["url"], {**given, "name": "Rest"}).status_code == 403
    assert browser.post(f"{row['url'].partition('?')[0]}aside/").status_code == 403
    browser.force_login(User.objects.get(pk=here.agent.user_id))
    assert browser.post(f"{row['url'].partition('?')[0]}aside/").status_code == 302
    assert browser.get("/themes/unnamed/").context["rows"] == []

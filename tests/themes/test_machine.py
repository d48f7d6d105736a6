"""What the machine suggests, with the model as it is installed."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.test import Client

from enishi.accounts.access import Forbidden, Level
from enishi.accounts.models import User
from enishi.conversations.models import Interaction
from enishi.conversations.services import change_interaction
from enishi.core.ai.embedding import embedder
from enishi.themes import queries, services
from enishi.themes.machine.sentences import sentences
from enishi.themes.models import Passage, Reading, Suggestion
from enishi.themes.queries import machine
from enishi.timeline.models import Entry
from factories import SYSTEM, agent, manager, outsider
from themes.world import PUMPS, talk

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(embedder() is None, reason="no embedder is installed for this kind of machine"),
]
NIGHT = "The pumps keep us awake all night long."


@pytest.fixture
def heard(here):
    """A theme that says what belongs to it, and conversations in two languages that were read."""
    services.rename_theme(SYSTEM, here.night, name="At night", parent=here.noise, meaning=NIGHT)
    services.read_along()
    return machine.suggestions(here.agent, here.talk)


def test_sentences_know_their_place_and_leave_out_what_was_quoted():
    text = "Dear all,\nThe bill of 3.50 is wrong. Who pays?\n採石場の粉じんが家に入ります。困っています。\n> old words here"
    fold = {"start": text.index(">"), "end": len(text), "kind": "quote"}
    found = sentences(text, [fold])
    assert [one.words for one in found] == [
        "Dear all,",
        "The bill of 3.50 is wrong.",
        "Who pays?",
        "採石場の粉じんが家に入ります。",
        "困っています。",
    ]
    assert all(text[one.start : one.end] == one.words for one in found)


def test_a_sentence_near_a_theme_is_suggested_and_is_no_fact(here, heard):
    (one,) = heard
    assert (one.theme, one.quote) == (here.night, "The pumps run all night.")
    assert one.closeness > 0.55
    assert Passage.objects.count() == 0
    assert queries.spoken(here.agent, queries.Filters(), queries.Period.last_weeks()).rows == []


def test_the_same_meaning_is_heard_in_another_language(here, heard):
    other = talk(
        here.agent,
        here.project,
        [],
        text="Les pompes nous empêchent de dormir toute la nuit.\nLa réunion est mardi.",
    )
    services.read_along()
    assert [(one.theme, one.quote) for one in machine.suggestions(here.agent, other)] == [
        (here.night, "Les pompes nous empêchent de dormir toute la nuit.")
    ]


def test_a_person_makes_it_a_fact_and_the_history_says_who_proposed_it(here, heard):
    made = services.accept_suggestion(here.agent, heard[0].pk)
    said = queries.passage(here.agent, made.pk)
    assert (said.themes, said.mark.feeling, said.mark.user_id) == (
        [here.night],
        heard[0].feeling,
        here.agent.user_id,
    )
    assert machine.suggestions(here.agent, here.talk) == []
    entry = Entry.objects.unscoped("test").get(event="themes.passage_marked")
    assert entry.data["suggested"] is True
    services.undo_mark(here.agent, made.undo_entry)
    assert queries.marks_of(here.agent, Interaction.objects.unscoped("test").get(pk=here.talk.pk)) == []


def test_what_was_refused_is_not_suggested_again(here, heard):
    services.refuse_suggestion(here.agent, heard[0].pk)
    services.refuse_suggestion(here.agent, heard[0].pk)
    services.read_again(SYSTEM)
    services.read_along()
    assert machine.suggestions(here.agent, here.talk) == []
    assert Entry.objects.unscoped("test").filter(event="themes.suggestion_refused").count() == 1


def test_the_machine_never_writes_over_a_person(here):
    services.rename_theme(SYSTEM, here.night, name="At night", parent=here.noise, meaning=NIGHT)
    made = services.mark_passage(here.agent, here.talk, *PUMPS, theme_ids=[here.health.pk], feeling=4)
    services.judge_overall(here.agent, here.talk, feeling=4)
    services.read_along()
    assert machine.suggestions(here.agent, here.talk) == []
    said = queries.passage(here.agent, made.pk)
    assert (said.themes, said.mark.feeling) == ([here.health], 4)
    assert [one.feeling for one in queries.overalls_in(here.agent, here.talk.pk)] == [4]
    assert Reading.objects.get(interaction=here.talk).feeling in {1, 2, 3, 4, 5}


def test_changed_words_are_read_anew_and_read_words_are_not(here, heard):
    assert services.read_along() == 0
    change_interaction(here.agent, here.talk, text="The meeting is on Tuesday.")
    assert machine.reading(here.talk) is not None
    assert machine.progress().done == machine.progress().total - 1
    assert services.read_along() == 1
    changed = Interaction.objects.unscoped("test").get(pk=here.talk.pk)
    assert machine.suggestions(here.agent, changed) == []


def test_a_run_that_dies_goes_on_with_what_is_left(here, monkeypatch):
    for _time in range(3):
        talk(here.agent, here.project, [])
    read, calls = services.machine._read, []

    def dies(*args):
        if len(calls) == 2:
            raise SystemExit
        calls.append(args)
        with transaction.atomic():
            read(*args)

    monkeypatch.setattr(services.machine, "_read", dies)
    with pytest.raises(SystemExit):
        services.read_along()
    assert Reading.objects.count() == 2
    monkeypatch.setattr(services.machine, "_read", read)
    assert services.read_along() == 2
    assert machine.progress().done == machine.progress().total == 4


def test_switched_off_it_is_silent_and_loses_nothing(here, heard):
    services.switch_machine(SYSTEM, on=False)
    assert machine.suggestions(here.agent, here.talk) == []
    assert machine.reading(here.talk) is None
    talk(here.agent, here.project, [])
    assert services.read_along() == 0
    services.switch_machine(SYSTEM, on=True)
    assert [one.pk for one in machine.suggestions(here.agent, here.talk)] == [heard[0].pk]
    assert services.read_along() == 1
    for act in (
        lambda: services.switch_machine(here.manager, on=False),
        lambda: services.read_again(here.manager),
    ):
        with pytest.raises(Forbidden):
            act()


def test_confidential_words_are_suggested_to_nobody_below_and_teach_nothing(here):
    secret = talk(
        here.manager,
        here.project,
        [],
        text="They will sell parcel fourteen to the bank.",
        confidentiality=Level.CONFIDENTIAL,
    )
    services.mark_passage(here.manager, secret, 0, 43, theme_ids=[here.health.pk])
    assert "They will sell parcel fourteen to the bank." not in machine.examples()[here.health.pk]
    services.rename_theme(
        SYSTEM, here.noise, name="Parcels", parent=None, meaning="Parcel fourteen will be sold to a bank."
    )
    other = talk(
        here.manager,
        here.project,
        [],
        text="Parcel fourteen will be sold to the bank.",
        confidentiality=Level.CONFIDENTIAL,
    )
    services.read_along()
    (one,) = machine.suggestions(here.manager, other)
    for stranger in (here.agent, outsider()):
        for act in (services.accept_suggestion, services.refuse_suggestion):
            with pytest.raises((Suggestion.DoesNotExist, Forbidden)):
                act(stranger, one.pk)


def test_the_page_shows_suggestions_dashed_and_takes_an_answer(here, heard):
    browser = Client()
    browser.force_login(User.objects.get(pk=here.agent.user_id))
    page = browser.get(f"/conversations/{here.talk.pk}/").content.decode()
    assert '<mark class="en-mark guess">The pumps run all night.</mark>' in page
    assert "The machine suggests" in page
    assert "as the machine reads it" in page
    assert browser.post(f"/themes/suggestions/{heard[0].pk}/keep/").status_code == 302
    page = browser.get(f"/conversations/{here.talk.pk}/").content.decode()
    assert '<mark class="en-mark">The pumps run all night.</mark>' in page
    reader = agent(here.project, codes=["conversations.view", "contacts.view"])
    other = talk(here.agent, here.project, [])
    services.read_along()
    browser.force_login(User.objects.get(pk=reader.user_id))
    (one,) = machine.suggestions(reader, other)
    assert browser.post(f"/themes/suggestions/{one.pk}/refuse/").status_code == 403
    assert "Not this" not in browser.get(f"/conversations/{other.pk}/").content.decode()


def test_where_a_person_marks_part_of_a_sentence_no_rest_of_it_stays_a_guess(here, heard):
    start = here.talk.text.index("The pumps run all night.")
    services.mark_passage(here.agent, here.talk, start, start + len("The pumps"), theme_ids=[here.health.pk])
    browser = Client()
    browser.force_login(User.objects.get(pk=here.agent.user_id))
    page = browser.get(f"/conversations/{here.talk.pk}/").content.decode()
    assert '<mark class="en-mark">The pumps</mark> run all night.' in page
    assert "en-mark guess" not in page


def test_it_is_switched_on_its_page(here):
    browser = Client()
    browser.force_login(User.objects.get(pk=manager().user_id))
    assert "The machine reads along" in browser.get("/themes/setup/").content.decode()
    browser.post("/themes/machine/", {"off": "1"})
    assert machine.machine().on is False
    browser.post("/themes/machine/", {"on": "1"})
    browser.post("/themes/machine/", {"again": "1"})
    assert (machine.machine().on, machine.machine().round) == (True, 2)

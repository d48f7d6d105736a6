import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from enishi.accounts.access import Forbidden, Level
from enishi.contacts.services import merging
from enishi.conversations import queries as conversations
from enishi.conversations.models import Interaction
from enishi.conversations.services import change_interaction, delete_interaction
from enishi.themes import queries, services
from enishi.themes.models import Feeling, Overall, Passage
from enishi.timeline.models import Entry
from factories import SYSTEM, agent, outsider, party, project
from themes.world import NOW, PUMPS, SLEEP, WINDOWS, talk

pytestmark = pytest.mark.django_db


def mark(here, span, *themes, by=None, **values):
    return services.mark_passage(
        by or here.agent, values.pop("talk", here.talk), *span, theme_ids=[one.pk for one in themes], **values
    )


def entries(**limits):
    return list(Entry.objects.unscoped("test").filter(event__startswith="themes.", **limits).order_by("id"))


def counts(actor, **filters):
    figures = queries.spoken(actor, queries.Filters(**filters), queries.Period.last_weeks())
    return {row.theme.path: (row.count, row.before) for row in figures.rows}


def test_words_are_marked_with_themes_a_feeling_and_who_said_it(here):
    made = mark(here, (0, 25), here.night, here.health, feeling=Feeling.ANGRY, party_id=here.person.pk)

    (said,) = queries.marks_in(here.agent, [here.talk.pk])[here.talk.pk]
    assert (made.start, made.end, made.quote) == (0, 24, "The pumps run all night.")
    assert [theme.path for theme in said.themes] == ["Health", "Noise / At night"]
    assert (said.mark.feeling, said.party, said.place) == (1, here.person, (0, 24))
    (entry,) = entries(subject_type="conversations.interaction")
    assert (entry.event, entry.subject_id) == ("themes.passage_marked", here.talk.pk)
    assert entry.changes == {"themes": [None, ["Health", "Noise / At night"]], "feeling": [None, "angry"]}


def test_the_same_words_are_marked_once(here):
    first = mark(here, PUMPS, here.noise)
    second = mark(here, PUMPS, here.health, feeling=Feeling.WORRIED)

    assert first.pk == second.pk
    assert [one.path for one in queries.passage(here.agent, first.pk).themes] == ["Health"]
    with pytest.raises(IntegrityError), transaction.atomic():
        Passage.objects.create(interaction=here.talk, start=0, end=24, quote="x", marked_at=NOW)


def test_a_mark_needs_words_and_a_theme_or_a_feeling(here):
    with pytest.raises(services.ThemeError, match="Choose a theme or a feeling"):
        mark(here, PUMPS)
    with pytest.raises(services.ThemeError, match="Select the words"):
        mark(here, (24, 25), here.noise)
    with pytest.raises(services.ThemeError, match="five feelings"):
        mark(here, PUMPS, here.noise, feeling=6)
    stranger = party(project("Elsewhere"), "Yuto Sakaki")
    with pytest.raises(services.ThemeError, match="no longer there"):
        services.mark_passage(here.agent, here.talk, *PUMPS, theme_ids=[here.noise.pk], party_id=stranger.pk)
    assert Passage.objects.count() == 0


def test_a_theme_of_another_project_cannot_be_chosen(here):
    there = services.create_theme(SYSTEM, name="Berths", project=project("Harbour"))
    with pytest.raises(services.ThemeError, match="no longer there"):
        mark(here, PUMPS, there)


def test_a_new_theme_belongs_to_the_project_and_a_known_one_is_found(here):
    made = mark(here, PUMPS, new_theme="Vibration")
    again = mark(here, SLEEP, new_theme="health")

    (theme,) = queries.passage(here.agent, made.pk).themes
    assert (theme.path, theme.project) == ("Vibration", here.project)
    assert queries.passage(here.agent, again.pk).themes == [here.health]


def test_changes_are_taken_back_one_by_one_by_who_made_them(here):
    made = mark(here, PUMPS, here.noise, feeling=Feeling.WORRIED)
    changed = services.change_passage(
        here.agent, made.pk, theme_ids=[here.health.pk], feeling=None, party_id=here.person.pk
    )
    removed = services.unmark_passage(here.agent, made.pk)
    assert queries.marks_in(here.agent, [here.talk.pk])[here.talk.pk] == []

    with pytest.raises(Entry.DoesNotExist):
        services.undo_mark(here.manager, removed.undo_entry)
    with pytest.raises(services.ThemeError, match="changed again since"):
        services.undo_mark(here.agent, changed.undo_entry)
    services.undo_mark(here.agent, removed.undo_entry)
    said = queries.passage(here.agent, made.pk)
    assert ([one.path for one in said.themes], said.mark.feeling, said.party) == (
        ["Health"],
        None,
        here.person,
    )
    services.undo_mark(here.agent, changed.undo_entry)
    said = queries.passage(here.agent, made.pk)
    assert ([one.path for one in said.themes], said.mark.feeling, said.party) == (["Noise"], 2, None)
    services.undo_mark(here.agent, made.undo_entry)
    assert Passage.objects.filter(removed_at__isnull=True).count() == 0


def test_what_was_removed_and_marked_anew_is_not_put_back_over_it(here):
    made = mark(here, PUMPS, here.noise)
    removed = services.unmark_passage(here.agent, made.pk)
    mark(here, PUMPS, here.health)
    with pytest.raises(services.ThemeError, match="marked again since"):
        services.undo_mark(here.agent, removed.undo_entry)


def test_marks_follow_their_words_when_the_text_is_edited(here):
    kept, lost = mark(here, SLEEP, here.health), mark(here, WINDOWS, here.noise)
    change_interaction(here.agent, here.talk, text="On Monday:\nThe pumps run.\nNobody sleeps any more.")

    found = {said.mark.pk: said.place for said in queries.marks_in(here.agent, [here.talk.pk])[here.talk.pk]}
    assert found == {kept.pk: (26, 49), lost.pk: None}


def test_without_the_right_nothing_is_marked(here):
    reader = agent(here.project, codes=["conversations.view", "contacts.view"])
    with pytest.raises(Forbidden):
        mark(here, PUMPS, here.noise, by=reader)
    with pytest.raises(Forbidden):
        services.judge_overall(reader, here.talk, feeling=1)
    with pytest.raises(Interaction.DoesNotExist):
        mark(here, PUMPS, here.noise, by=outsider())
    made = mark(here, PUMPS, here.noise)
    for act in (services.unmark_passage, queries.passage):
        with pytest.raises((Passage.DoesNotExist, Interaction.DoesNotExist)):
            act(outsider(), made.pk)


def test_what_is_confidential_is_counted_for_nobody_below(here):
    secret = talk(
        here.manager,
        here.project,
        [here.person],
        text="They will sell parcel 14.",
        confidentiality=Level.CONFIDENTIAL,
    )
    mark(here, PUMPS, here.noise, feeling=Feeling.ANGRY, party_id=here.person.pk)
    hidden = mark(
        here,
        (0, 25),
        here.noise,
        by=here.manager,
        talk=secret,
        feeling=Feeling.ANGRY,
        party_id=here.person.pk,
    )
    services.judge_overall(here.manager, secret, feeling=Feeling.ANGRY)
    angry = queries.Filters(feeling=1)

    assert counts(here.manager) == {"Noise": (2, 0)}
    assert counts(here.agent) == {"Noise": (1, 0)}
    assert counts(outsider()) == {}
    assert queries.mix_of(here.agent, queries.Filters()) == [1, 0, 0, 0, 0]
    assert [one.count for one in queries.speakers(here.agent, angry)] == [1]
    assert [said.mark.quote for said in queries.passages(here.agent, angry)[0]] == [
        "The pumps run all night."
    ]
    assert [week.count for week in queries.by_week(here.agent, angry, queries.Period.last_weeks(1))] == [1]
    listed = {
        (code, value): [one.pk for one in conversations.interactions(here.agent, conversations.Filters(added=((code, value),))).items]
        for code, value in (("theme", str(here.noise.pk)), ("feeling", "1"))
    }  # fmt: skip
    assert listed == {("theme", str(here.noise.pk)): [here.talk.pk], ("feeling", "1"): [here.talk.pk]}
    assert {entry.confidentiality for entry in entries(subject_id=secret.pk)} == {Level.CONFIDENTIAL}
    with pytest.raises(Passage.DoesNotExist):
        queries.passage(here.agent, hidden.pk)


def test_marks_become_confidential_and_go_with_their_conversation(here):
    made = mark(here, PUMPS, here.noise)
    change_interaction(here.manager, here.talk, confidentiality=Level.CONFIDENTIAL)

    assert counts(here.agent) == {}
    (entry,) = entries(subject_id=here.talk.pk)
    assert entry.confidentiality == Level.CONFIDENTIAL
    assert counts(here.manager) == {"Noise": (1, 0)}
    delete_interaction(here.manager, here.talk)
    assert counts(here.manager) == {}
    with pytest.raises(Passage.DoesNotExist):
        queries.passage(here.manager, made.pk)


def test_a_branch_counts_each_passage_once_and_the_period_before_apart(here):
    mark(here, PUMPS, here.noise, here.night)
    mark(here, SLEEP, here.night, feeling=Feeling.WORRIED)
    old = talk(here.agent, here.project, [], occurred_at=NOW - dt.timedelta(weeks=13))
    mark(here, PUMPS, here.health, talk=old)

    assert counts(here.agent) == {"Noise": (2, 0), "Noise / At night": (2, 0), "Health": (0, 1)}
    assert counts(here.agent, theme=here.noise) == {"Noise": (2, 0), "Noise / At night": (2, 0)}
    whole, _after = queries.passages(here.agent, queries.Filters(theme=here.noise))
    assert len(whole) == 2
    elsewhere = project("Harbour")
    assert counts(here.agent, project_id=elsewhere.pk) == {}


def test_people_keep_what_they_said_when_they_are_merged(here):
    twin = party(here.project, "S. Mohtadi")
    other = talk(here.agent, here.project, [twin])
    made = mark(here, PUMPS, here.noise, talk=other, party_id=twin.pk)
    services.judge_overall(here.agent, other, feeling=Feeling.WORRIED, party_id=twin.pk)

    merging.merge(SYSTEM, kept=here.person, gone=twin)

    assert queries.passage(here.agent, made.pk).party == here.person
    assert [one.party for one in queries.overalls_in(here.agent, other.pk)] == [here.person]


def test_how_it_felt_as_a_whole_is_one_judgement_for_each_and_in_the_history(here):
    services.judge_overall(here.agent, here.talk, feeling=Feeling.WORRIED)
    services.judge_overall(here.agent, here.talk, feeling=Feeling.CONTENT, party_id=here.person.pk)
    services.judge_overall(here.agent, here.talk, feeling=Feeling.NEUTRAL)
    services.judge_overall(here.agent, here.talk, feeling=Feeling.NEUTRAL)

    assert [(one.party, one.feeling) for one in queries.overalls_in(here.agent, here.talk.pk)] == [
        (here.person, 4),
        (None, 3),
    ]
    assert [entry.changes["feeling"] for entry in entries(subject_id=here.talk.pk)] == [
        [None, "worried"],
        [None, "content"],
        ["worried", "neutral"],
    ]
    services.judge_overall(here.agent, here.talk, feeling=None)
    assert Overall.objects.count() == 1
    with pytest.raises(services.ThemeError, match="who took part"):
        services.judge_overall(here.agent, here.talk, feeling=1, party_id=party(here.project, "Guest").pk)

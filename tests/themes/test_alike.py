import pytest
from django.test import Client

from enishi.accounts.access import Forbidden, Level
from enishi.accounts.models import User
from enishi.cases.models import Case
from enishi.cases.services import open_case
from enishi.contacts.models import Party
from enishi.conversations.models import Interaction
from enishi.conversations.services import change_interaction
from enishi.core import clock
from enishi.core.ai.embedding import embedder
from enishi.core.personal import Subject
from enishi.themes import queries, services
from enishi.themes.models import Chorus, Meaning, Passage
from enishi.themes.personal import ThemesKeeper
from enishi.themes.queries import voices
from enishi.timeline.models import Entry
from factories import SYSTEM, agent, outsider, party, project
from themes.letters import DUST, PUMPS, WALL
from themes.world import talk

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(embedder() is None, reason="no embedder is installed for this kind of machine"),
]
OWN = "My name is Ann and I live in Mill Lane.\n"


def letter(actor, where, text, *people, **values):
    given = {"channel": "letter", "direction": "in", "subject": "Letter", "text": text} | values
    return talk(actor, where, list(people), **given)


@pytest.fixture
def sent(here):
    """One letter by three neighbours, twice in English (once with words of her own) and once in French; two others."""
    ann, luc, kim = (party(here.project, name) for name in ("Ann Reed", "Luc Petit", "Kim Berg"))
    return {
        "kim": letter(here.agent, here.project, PUMPS["en"], kim),
        "ann": letter(here.agent, here.project, OWN + PUMPS["en"], ann, answer="waiting"),
        "luc": letter(here.agent, here.project, PUMPS["fr"], luc, answer="waiting"),
        "wall": letter(here.agent, here.project, WALL["en"]),
        "dust": letter(here.agent, here.project, DUST["fr"]),
    }


@pytest.fixture
def chorus(sent):
    services.read_along()
    (only,) = Chorus.objects.all()
    return only


def said_by(actor, chorus):
    return {one.subject.pk for one in voices.voices(actor, chorus.pk)}


def test_the_same_letter_is_put_together_across_languages(here, sent, chorus):
    assert said_by(here.agent, chorus) == {sent[name].pk for name in ("kim", "ann", "luc")}
    found = voices.alike(here.agent, sent["kim"])
    assert (found.others, list(found.languages)) == (2, ["en", "fr"])
    assert voices.alike(here.agent, sent["wall"]) is None
    (row,) = voices.choruses(here.agent, queries.Period.last_weeks(), None)
    assert (row.count, list(row.languages)) == (3, ["en", "fr"])


def test_what_we_wrote_and_what_says_nothing_of_its_own_stands_alone(here, sent):
    ours = letter(here.agent, here.project, PUMPS["en"], direction="out")
    thanks = [letter(here.agent, here.project, "Thank you very much.") for _time in range(2)]
    services.read_along()
    assert voices.alike(here.agent, ours) is None
    assert [voices.alike(here.agent, one) for one in thanks] == [None, None]


def test_a_grievance_stands_with_letters(here, sent, chorus):
    case = open_case(here.agent, project=here.project, kind="issue", title="Pumps", text=PUMPS["ja"])
    services.read_along()
    assert voices.alike(here.agent, case).others == 3
    assert len(voices.voices(here.agent, chorus.pk)) == 4
    stranger = agent(here.project, codes=["conversations.view", "contacts.view"])
    assert voices.alike(stranger, sent["kim"]).others == 2


def test_whoever_may_not_read_one_finds_no_trace_of_it(here, sent):
    secret = letter(
        here.manager,
        here.project,
        PUMPS["en"],
        party(here.project, "Vera Hidden"),
        confidentiality=Level.CONFIDENTIAL,
    )
    elsewhere = project("Elsewhere")
    letter(agent(elsewhere), elsewhere, PUMPS["en"])
    alone = letter(here.agent, here.project, DUST["en"])
    letter(here.manager, here.project, DUST["en"], confidentiality=Level.CONFIDENTIAL)
    change_interaction(
        here.agent, sent["dust"], text="We have nothing to say about anything of this any more."
    )
    services.read_along()
    assert Chorus.objects.count() == 2
    assert voices.alike(here.agent, sent["kim"]).others == 2
    assert voices.alike(here.manager, sent["kim"]).others == 3
    assert voices.alike(here.agent, alone) is None
    assert [row.count for row in voices.choruses(here.agent, queries.Period.last_weeks(), None)] == [3]
    chorus_id = Meaning.objects.get(interaction=secret).chorus_id
    browser = Client()
    browser.force_login(User.objects.get(pk=here.agent.user_id))
    page = browser.get(f"/themes/alike/{chorus_id}/").content.decode()
    assert "Kim Berg" in page
    assert "Vera Hidden" not in page
    assert f"/conversations/{secret.pk}/" not in page
    assert "3 say much the same" in page
    for act in (services.take_out, services.put_back):
        with pytest.raises(Meaning.DoesNotExist):
            act(here.agent, Meaning.objects.get(interaction=secret).pk)
    browser.force_login(User.objects.get(pk=outsider().user_id))
    assert browser.get(f"/themes/alike/{chorus_id}/").status_code == 404
    assert browser.post(f"/themes/alike/{chorus_id}/mark/", {"sentence": 0}).status_code == 404


def test_not_the_same_is_remembered_whatever_is_read_again(here, sent, chorus):
    mine = Meaning.objects.get(interaction=sent["luc"])
    reader = agent(here.project, codes=["conversations.view", "contacts.view"])
    with pytest.raises(Forbidden):
        services.take_out(reader, mine.pk)
    services.take_out(here.agent, mine.pk)
    assert said_by(here.agent, chorus) == {sent["kim"].pk, sent["ann"].pk}
    with pytest.raises(services.ThemeError):
        services.take_out(here.agent, mine.pk)
    services.read_again(SYSTEM)
    change_interaction(here.agent, sent["luc"], text=PUMPS["fr"] + "\nMerci.")
    letter(here.agent, here.project, PUMPS["fr"])
    services.read_along()
    mine.refresh_from_db()
    assert (mine.chorus, mine.apart_by_id) == (None, here.agent.user_id)
    services.put_back(here.agent, mine.pk)
    mine.refresh_from_db()
    assert (mine.chorus_id, mine.apart_at) == (chorus.pk, None)
    assert list(
        Entry.objects.unscoped("test")
        .filter(event__startswith="themes.voice")
        .order_by("pk")
        .values_list("event", flat=True)
    ) == ["themes.voice_taken_out", "themes.voice_put_back"]


def test_two_choruses_that_one_letter_joins_become_one(here):
    first = letter(here.agent, here.project, PUMPS["en"])
    second = letter(here.agent, here.project, PUMPS["fr"])
    third = letter(here.agent, here.project, PUMPS["fr"])
    services.read_along()
    for one, other in ((first, None), (second, third)):
        made = Chorus.objects.create(made_at=one.occurred_at)
        Meaning.objects.filter(interaction__in=[one, other or one]).update(chorus=made)
    letter(here.agent, here.project, PUMPS["fr"])
    services.read_along()
    assert Meaning.objects.exclude(chorus=None).values("chorus").distinct().count() == 1
    assert Meaning.objects.exclude(chorus=None).count() == 4


def test_changed_words_leave_the_others(here, sent, chorus):
    change_interaction(here.agent, sent["ann"], text=DUST["en"])
    services.read_along()
    assert said_by(here.agent, chorus) == {sent["kim"].pk, sent["luc"].pk}
    assert voices.alike(here.agent, sent["ann"]).others == 1
    assert said_by(here.agent, Meaning.objects.get(interaction=sent["dust"]).chorus) == {
        sent["ann"].pk,
        sent["dust"].pk,
    }


def test_one_mark_for_all_in_their_own_words(here, sent, chorus):
    sample = Meaning.objects.get(interaction=sent["kim"])
    kept = services.mark_passage(
        here.agent,
        sent["ann"],
        len(OWN),
        len(OWN) + len(PUMPS["en"].splitlines()[0]),
        theme_ids=[here.health.pk],
        feeling=1,
    )
    marked = services.mark_all(
        here.agent, chorus.pk, sample_id=sample.pk, sentence=0, theme_ids=[here.night.pk], feeling=2
    )
    assert (marked.done, marked.left) == (3, 0)
    said = {one.interaction_id: one for one in Passage.objects.filter(links__theme=here.night)}
    assert said[sent["luc"].pk].quote == PUMPS["fr"].splitlines()[0]
    assert said[sent["luc"].pk].party == Party.objects.unscoped("test").get(full_name="Luc Petit")
    assert said[sent["ann"].pk].pk == kept.pk
    both = queries.passage(here.agent, kept.pk)
    assert ({one.pk for one in both.themes}, both.mark.feeling) == ({here.health.pk, here.night.pk}, 1)
    assert Entry.objects.unscoped("test").filter(event="themes.passage_marked").count() == 3


def test_marking_all_leaves_out_what_one_may_not_change(here, sent, chorus):
    other = project("Elsewhere")
    letter(agent(other), other, PUMPS["en"])
    services.read_along()
    sample = Meaning.objects.get(interaction=sent["kim"])
    theirs = services.create_theme(here.manager, name="Ours alone", project=here.project)
    marked = services.mark_all(here.agent, chorus.pk, sample_id=sample.pk, sentence=1, theme_ids=[theirs.pk])
    assert marked.done == 3
    with pytest.raises(services.ThemeError):
        services.mark_all(here.agent, chorus.pk, sample_id=sample.pk, sentence=99, theme_ids=[theirs.pk])
    with pytest.raises(services.ThemeError):
        services.mark_all(here.agent, chorus.pk, sample_id=sample.pk, sentence=0)


def test_the_pages_do_all_of_it(here, sent, chorus):
    browser = Client()
    browser.force_login(User.objects.get(pk=here.agent.user_id))
    page = browser.get(f"/conversations/{sent['kim'].pk}/").content.decode()
    assert "2 others say much the same" in page
    assert "English, French" in page
    assert "3" in browser.get("/themes/alike/").content.decode()
    address = f"/themes/alike/{chorus.pk}/"
    shown = browser.get(address)
    assert shown.context["total"] == 3
    assert {one.full_name for one in shown.context["people"]} == {"Ann Reed", "Luc Petit", "Kim Berg"}
    given = {"sample": shown.context["sample"].meaning.pk, "sentence": 0}
    assert browser.post(f"{address}mark/", given).status_code == 422
    assert browser.post(f"{address}mark/", {**given, "new_theme": "Sleep"}).status_code == 302
    assert Passage.objects.filter(themes__path="Sleep").count() == 3
    assert browser.post(f"{address}answered/").status_code == 302
    answers = Interaction.objects.unscoped("test").filter(pk__in=[sent["ann"].pk, sent["luc"].pk])
    assert set(answers.values_list("answer", flat=True)) == {"answered"}
    luc = Meaning.objects.get(interaction=sent["luc"])
    assert browser.post(f"/themes/alike/apart/{luc.pk}/", {"next": address}).url == address
    assert "Compare again" in browser.get(f"/conversations/{sent['luc'].pk}/").content.decode()
    assert "English, French" not in browser.get(f"/conversations/{sent['kim'].pk}/").content.decode()
    reader = agent(here.project, codes=["conversations.view", "contacts.view"])
    browser.force_login(User.objects.get(pk=reader.user_id))
    assert "Not the same" not in browser.get(address).content.decode()
    assert browser.post(f"{address}answered/").status_code == 403


def test_similar_cases_before_with_how_they_ended(here):
    def case(text, actor=here.agent, **values):
        return open_case(
            actor, project=here.project, kind="issue", title=text.split(".")[0][:80], text=text, **values
        )

    now, same, other, open_one = case(PUMPS["en"]), case(PUMPS["fr"]), case(DUST["en"]), case(PUMPS["fa"])
    hidden = case(PUMPS["en"], here.manager, confidentiality=Level.CONFIDENTIAL)
    Case.objects.unscoped("test").filter(pk__in=[same.pk, other.pk, hidden.pk]).update(
        closed_at=clock.now(), due_at=None, stage="close", outcome="The pumps were moved."
    )
    services.read_along()
    assert open_one.pk not in {one.pk for one in voices.past_cases(here.agent, now)}
    assert [one.pk for one in voices.past_cases(here.agent, now)] == [same.pk]
    assert {one.pk for one in voices.past_cases(here.manager, now)} == {same.pk, hidden.pk}
    browser = Client()
    browser.force_login(User.objects.get(pk=here.agent.user_id))
    page = browser.get(f"/cases/{now.pk}/").content.decode()
    assert "Similar cases before" in page
    assert "The pumps were moved" in page
    assert hidden.number not in page


def test_erasing_somebody_takes_what_was_kept_for_comparing(here, sent, chorus):
    luc = Party.objects.unscoped("test").get(full_name="Luc Petit")
    ThemesKeeper().erase(SYSTEM, Subject(luc.pk, (luc.pk,)))
    assert not Meaning.objects.filter(interaction=sent["luc"]).exists()
    assert Meaning.objects.filter(interaction=sent["kim"]).exists()

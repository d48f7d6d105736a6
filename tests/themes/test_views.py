import pytest
from django.test import Client

from enishi.accounts.models import User
from enishi.themes import queries, services
from enishi.themes.models import Feeling, Theme
from factories import manager
from themes.world import PUMPS, SLEEP

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(here):
    browser = Client()
    browser.force_login(User.objects.get(pk=here.agent.user_id))
    return browser


def test_the_sheet_marks_what_was_selected_and_undo_takes_it_off(here, client):
    address = f"/themes/of/{here.talk.pk}/"
    sheet = client.get(f"{address}?base=25&start=0&end=23", headers={"HX-Request": "true"}).content.decode()
    assert "Nobody sleeps any more." in sheet
    assert "Noise / At night" in sheet
    assert "<html" not in sheet

    posted = {"start": 25, "end": 48, "themes": [here.health.pk], "feeling": 2, "party": here.person.pk}
    answer = client.post(address, posted, follow=True)
    (said,) = queries.marks_in(here.agent, [here.talk.pk])[here.talk.pk]
    assert (said.mark.quote, said.mark.feeling, said.party) == ("Nobody sleeps any more.", 2, here.person)
    page = answer.content.decode()
    assert '<mark class="en-mark">Nobody sleeps any more.</mark>' in page
    assert "Worried" in page
    (message,) = answer.context["messages"]
    assert client.post(message.extra_tags).status_code == 302
    assert queries.marks_in(here.agent, [here.talk.pk])[here.talk.pk] == []


def test_the_point_form_works_without_scripts_and_says_what_is_missing(here, client):
    page = client.get(f"/themes/of/{here.talk.pk}/?point=2").content.decode()
    assert "Nobody sleeps any more." in page
    assert "<html" in page
    answer = client.post(f"/themes/of/{here.talk.pk}/", {"start": 25, "end": 48, "feeling": "", "party": ""})
    assert answer.status_code == 422
    assert "Choose a theme or a feeling." in answer.content.decode()
    assert client.get(f"/themes/of/{here.talk.pk}/?point=9").status_code == 404


def test_a_mark_is_changed_and_taken_off(here, client):
    made = services.mark_passage(here.agent, here.talk, *PUMPS, theme_ids=[here.noise.pk])
    address = f"/themes/passages/{made.pk}/"
    assert "Take the mark off" in client.get(address).content.decode()
    sent = {"start": 0, "end": 24, "themes": [here.health.pk], "feeling": 1, "party": ""}
    assert client.post(address, sent).status_code == 302
    said = queries.passage(here.agent, made.pk)
    assert (said.themes, said.mark.feeling) == ([here.health], 1)
    assert client.post(f"{address}remove/").status_code == 302
    assert queries.marks_in(here.agent, [here.talk.pk])[here.talk.pk] == []


def test_every_number_opens_its_rows(here, client):
    services.mark_passage(
        here.agent,
        here.talk,
        *PUMPS,
        theme_ids=[here.night.pk],
        feeling=Feeling.ANGRY,
        party_id=here.person.pk,
    )
    services.mark_passage(here.agent, here.talk, *SLEEP, theme_ids=[here.noise.pk])

    page = client.get("/themes/")
    row = page.context["rows"][0]
    assert (row["theme"], row["row"].count) == (here.noise, 2)
    theme = client.get(row["url"])
    assert [item["one"].mark.quote for item in theme.context["said"]] == [
        "Nobody sleeps any more.",
        "The pumps run all night.",
    ]
    assert [one.party for one in theme.context["speakers"]] == [here.person]
    (angry,) = theme.context["mix"]
    assert (angry["count"], angry["label"]) == (1, "Angry")
    assert [item["one"].mark.quote for item in client.get(angry["url"]).context["said"]] == [
        "The pumps run all night."
    ]
    week = theme.context["weeks"].bars[-1]
    assert week.value == 2
    assert len(client.get(week.url).context["said"]) == 2
    before = client.get(row["before_url"])
    assert before.context["said"] == []


def test_conversations_are_filtered_by_theme_and_feeling(here, client):
    services.mark_passage(here.agent, here.talk, *PUMPS, theme_ids=[here.night.pk], feeling=Feeling.ANGRY)
    services.judge_overall(here.agent, here.talk, feeling=Feeling.WORRIED)

    def found(query):
        return [one.pk for one in client.get(f"/conversations/?project=&{query}").context["page"].items]

    assert found(f"theme={here.noise.pk}") == [here.talk.pk]
    assert found(f"theme={here.health.pk}") == []
    assert found("theme=999") == found("theme=x") == found("feeling=3") == found("feeling=9") == []
    assert found("feeling=1") == found("feeling=2") == [here.talk.pk]


def test_projects_and_people_show_what_is_spoken_about(here, client):
    services.mark_passage(
        here.agent, here.talk, *PUMPS, theme_ids=[here.night.pk], feeling=1, party_id=here.person.pk
    )
    for address in (f"/projects/{here.project.pk}/", f"/people/{here.person.pk}/"):
        assert "Noise / At night" in client.get(address).content.decode()


def test_how_it_felt_is_said_on_the_page(here, client):
    client.post(f"/themes/of/{here.talk.pk}/overall/", {"feeling": 4, "party": here.person.pk})
    assert [one.feeling for one in queries.overalls_in(here.agent, here.talk.pk)] == [4]
    page = client.get(f"/conversations/{here.talk.pk}/").content.decode()
    assert "Content" in page
    history = client.get(f"/history/of/conversations.interaction/{here.talk.pk}/").content.decode()
    assert "How it felt overall" in history


def test_the_tree_is_set_up_on_its_pages(here):
    boss = manager()
    browser = Client()
    browser.force_login(User.objects.get(pk=boss.user_id))
    sent = {"name": "Dust", "parent": here.health.pk, "project": "", "meaning": "It lies on the laundry."}
    assert browser.post("/themes/setup/", sent).status_code == 302
    dust = Theme.objects.get(path="Health / Dust")
    assert browser.post(f"/themes/setup/{dust.pk}/", {**sent, "name": ""}).status_code == 422
    assert browser.post(f"/themes/setup/{dust.pk}/", {**sent, "parent": ""}).status_code == 302
    assert browser.post(f"/themes/setup/{dust.pk}/", {"kept": here.noise.pk}).status_code == 302
    dust.refresh_from_db()
    assert dust.archived_at is not None
    assert browser.post(f"/themes/setup/{here.health.pk}/archive/", {"archive": 1}).status_code == 302
    assert "Health" in browser.get("/themes/setup/").content.decode()

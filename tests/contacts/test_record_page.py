"""The page of one contact: what it shows to whom, in which words, at what cost."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from enishi.accounts.access import Actor, Level
from enishi.accounts.models import User
from enishi.contacts import services
from enishi.contacts.models import ConsentPurpose, ContactPoint, Party, RelationType
from enishi.contacts.services import PointDraft, relate, save_field, set_values, state_consent
from enishi.core import clock
from factories import SYSTEM, agent, manager, outsider, party, project

pytestmark = pytest.mark.django_db


@pytest.fixture
def shirin(here) -> Party:
    made = party(
        here,
        "Shirin Mohtadi",
        email="s.mohtadi@ushio.example",
        language="fa",
        family_name="Mohtadi",
        given_name="Shirin",
        address_form="ms",
        names={"Arab": {"family": "مهتدی", "given": "شیرین"}, "Kana": {"full": "シリン・モフタディ"}},
    )
    return made


def as_user(actor: Actor, language: str = "") -> Client:
    client = Client()
    user = User.objects.get(pk=actor.user_id)
    if language:
        User.objects.filter(pk=user.pk).update(language=language)
        user.refresh_from_db()
    client.force_login(user)
    return client


def page(client: Client, of: Party, **query: Any) -> str:
    answer = client.get(reverse("contacts:party", args=[of.pk]), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_one_in_the_project_reads_it_and_others_find_nothing(here, shirin):
    address = reverse("contacts:party", args=[shirin.pk])
    assert as_user(agent(here)).get(address).status_code == 200
    assert as_user(manager()).get(address).status_code == 200
    assert as_user(outsider()).get(address).status_code == 404
    answer = Client().get(address)
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


def test_names_stand_in_the_readers_script_first_each_with_language_and_direction(here, shirin):
    reader = agent(here)
    english = page(as_user(reader), shirin)
    heading = english[english.index("<h1>") : english.index("</h1>")]
    assert (
        heading.index("Shirin Mohtadi") < heading.index("شیرین مهتدی") < heading.index("シリン・モフタディ")
    )
    assert '<bdi class="en-alt" lang="fa" dir="rtl">شیرین مهتدی</bdi>' in heading
    assert '<bdi class="en-alt" lang="ja-Kana" dir="ltr">シリン・モフタディ</bdi>' in heading

    persian = page(as_user(reader, "fa"), shirin)
    heading = persian[persian.index("<h1>") : persian.index("</h1>")]
    assert '<bdi lang="fa" dir="rtl">شیرین مهتدی</bdi>' in heading
    assert '<bdi class="en-alt" lang="und-Latn" dir="ltr">Shirin Mohtadi</bdi>' in heading
    assert 'dir="rtl"' in persian[: persian.index("<head>")]


def test_a_japanese_name_stays_whole_and_japanese(here):
    aoi = party(
        here,
        "橘 葵",
        language="ja",
        family_name="橘",
        given_name="葵",
        names={"Kana": {"family": "タチバナ", "given": "アオイ"}},
    )
    text = page(as_user(agent(here)), aoi)
    assert '<bdi lang="ja" dir="ltr">橘 葵</bdi>' in text
    assert "タチバナ アオイ" in text
    assert "橘 葵 様" in text


def test_greeting_follows_the_language_and_the_recorded_form(here, shirin):
    text = page(as_user(agent(here)), shirin)
    assert '<bdi lang="fa">سرکار خانم مهتدی</bdi>' in text


def test_hostile_names_are_text(here):
    evil = party(here, '<script>alert("x")</script>', given_name="<img src=x onerror=alert(1)>")
    services.save_point(SYSTEM, evil, PointDraft(kind="other", typed='"><svg onload=alert(1)>', note="<b>"))
    text = page(as_user(agent(here)), evil)
    assert "<script>alert" not in text
    assert "<svg onload" not in text
    assert "<img src=x" not in text
    assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;" in text


def test_controls_that_turn_text_round_never_reach_a_name(here):
    made = party(here, "Anna \u202egpj.exe")
    assert made.full_name == "Anna gpj.exe"


def test_a_web_address_is_a_link_only_when_it_is_one(here):
    made = party(here, "Ada Lund")
    services.save_point(SYSTEM, made, PointDraft(kind="web", typed="ada.example/page"))
    ContactPoint.objects.create(party=made, kind="web", value="javascript:alert(1)", label="work")
    text = page(as_user(agent(here)), made)
    assert 'href="https://ada.example/page"' in text
    assert 'href="javascript' not in text


def test_what_no_longer_reaches_is_struck_and_folded(here, shirin):
    services.save_point(SYSTEM, shirin, PointDraft(kind="email", typed="old@ushio.example", status="bounced"))
    services.save_point(
        SYSTEM, shirin, PointDraft(kind="phone", typed="+44 20 7946 0101", valid_until=dt.date(2020, 1, 1))
    )
    text = page(as_user(agent(here)), shirin)
    assert "<s>old@ushio.example</s>" in text
    assert "mailto:old@ushio.example" not in text
    assert "2 no longer valid" in text
    assert "tel:+442079460101" not in text
    assert 'href="mailto:s.mohtadi@ushio.example"' in text


def test_relations_read_from_both_ends_with_dates(here, shirin):
    cooperative = party(here, "Ushio Fishing Cooperative", kind="organisation")
    works = RelationType.objects.get(code="works-for")
    relate(SYSTEM, shirin, cooperative, kind=works, title="Deputy head", valid_from=dt.date(2024, 4, 1))
    reader = as_user(agent(here))
    person, organisation = page(reader, shirin), page(reader, cooperative)
    assert "works for" in person
    assert f'href="{reverse("contacts:party", args=[cooperative.pk])}"' in person
    assert "Deputy head" in organisation
    assert "since 1 Apr 2024" in organisation
    assert f'href="{reverse("contacts:party", args=[shirin.pk])}"' in organisation

    supplier = party(here, "Kaya Ropes", kind="organisation")
    relate(SYSTEM, supplier, cooperative, kind=RelationType.objects.get(code="supplies"))
    assert "is supplied by" in page(reader, cooperative)
    assert "supplies" in page(reader, supplier)


def test_a_relation_to_somebody_out_of_sight_is_absent(here, shirin):
    secret = party(project("Elsewhere"), "Hidden Holding", kind="organisation")
    relate(SYSTEM, shirin, secret, kind=RelationType.objects.get(code="works-for"), title="Spy")
    text = page(as_user(agent(here)), shirin)
    assert "Hidden Holding" not in text
    assert "Spy" not in text
    assert "Hidden Holding" in page(as_user(manager()), shirin)


def test_former_relations_are_folded(here, shirin):
    old = party(here, "Kitahama Net Works", kind="organisation")
    relate(
        SYSTEM, shirin, old, kind=RelationType.objects.get(code="works-for"), valid_until=dt.date(2019, 3, 31)
    )
    text = page(as_user(agent(here)), shirin)
    assert "1 former" in text
    head = text[text.index("en-rec-head") : text.index('class="en-rec"')]
    assert "Kitahama" not in head


def test_a_confidential_contact_says_who_may_read_it(here):
    sealed = party(here, "Sealed Person", confidentiality=Level.CONFIDENTIAL)
    cleared = agent(here, clearance=Level.RESTRICTED)
    agent(here, clearance=Level.CONFIDENTIAL)
    manager(here)
    text = page(as_user(cleared), sealed)
    assert "Confidential" in text
    assert "you and 2 others may read this" in text
    assert as_user(agent(here)).get(reverse("contacts:party", args=[sealed.pk])).status_code == 404


def test_own_fields_and_consents_show_what_counts_now(here, shirin):
    boats = save_field(manager(), label="Boats", kind="number")
    friend = save_field(manager(), label="Friend", kind="person")
    known = party(here, "Rui Tanase")
    set_values(SYSTEM, shirin, {boats: "3", friend: str(known.pk)})
    news = ConsentPurpose.objects.get(code="news")
    state_consent(SYSTEM, shirin, purpose=news, state="given", stated_on=dt.date(2024, 4, 4), evidence="form")
    state_consent(
        SYSTEM, shirin, purpose=news, state="withdrawn", stated_on=dt.date(2025, 1, 19), evidence="letter"
    )
    text = page(as_user(agent(here)), shirin)
    assert '<dt><bdi>Boats</bdi></dt><dd><bdi class="en-raw">3</bdi></dd>' in text
    assert f'<a href="{reverse("contacts:party", args=[known.pk])}"><bdi>Rui Tanase</bdi></a>' in text
    assert "letter" in text
    assert "Withdrawn" in text
    assert "form</bdi>" not in text


def test_a_person_field_never_names_somebody_out_of_sight(here, shirin):
    friend = save_field(manager(), label="Friend", kind="person")
    hidden = party(project("Elsewhere"), "Hidden Friend")
    set_values(SYSTEM, shirin, {friend: str(hidden.pk)})
    assert "Hidden Friend" not in page(as_user(agent(here)), shirin)


def test_the_page_costs_the_same_however_much_hangs_on_it(here, shirin):
    client = as_user(agent(here))
    page(client, shirin)
    with CaptureQueriesContext(
        connection,
    ) as few:
        page(client, shirin)
    works = RelationType.objects.get(code="works-for")
    for number in range(12):
        relate(SYSTEM, shirin, party(here, f"Company {number}", kind="organisation"), kind=works)
        services.save_point(SYSTEM, shirin, PointDraft(kind="email", typed=f"a{number}@ushio.example"))
        services.set_external_id(SYSTEM, shirin, system=f"system {number}", value=str(number))
    services.set_tags(SYSTEM, shirin, [services.create_tag(SYSTEM, name=f"Tag {n}") for n in range(12)])
    for field_kind in ("text", "number", "date", "flag"):
        field = save_field(manager(), label=field_kind, kind=field_kind)
        set_values(SYSTEM, shirin, {field: "2026-01-01" if field_kind == "date" else "1"})
    with CaptureQueriesContext(connection) as many:
        page(client, shirin)
    assert len(many) == len(few)


def test_opening_is_remembered_for_the_palette(here, shirin):
    from enishi.search.queries import recent

    reader = agent(here)
    page(as_user(reader), shirin)
    assert [(hit.kind, hit.subject_id) for hit in recent(reader)] == [("person", shirin.pk)]


def test_j_and_k_walk_the_list_one_came_from(here, shirin):
    before, after = party(here, "Before"), party(here, "After")
    client = as_user(agent(here))
    session = client.session
    session["contacts.walk"] = {
        "label": "High <influence>",
        "url": "/people/?view=3",
        "ids": [before.pk, shirin.pk, after.pk],
    }
    session.save()
    text = page(client, shirin)
    assert f'href="{reverse("contacts:party", args=[before.pk])}" data-prev' in text
    assert f'href="{reverse("contacts:party", args=[after.pk])}" data-next' in text
    assert '2 of 3 in <a href="/people/?view=3"><bdi>High &lt;influence&gt;</bdi></a>' in text
    assert "data-prev" not in page(client, before)


def test_a_merged_contact_leads_to_the_one_that_stayed(here, shirin):
    gone = party(here, "S. Mohtadi")
    Party.objects.unscoped("test").filter(pk=gone.pk).update(merged_into=shirin, deleted_at=clock.now())
    answer = as_user(agent(here)).get(reverse("contacts:party", args=[gone.pk]))
    assert answer.status_code == 302
    assert answer["Location"] == reverse("contacts:party", args=[shirin.pk])


def test_a_deleted_contact_says_so_and_comes_back(here, shirin):
    actor = agent(here)
    client = as_user(actor)
    answer = client.post(reverse("contacts:delete", args=[shirin.pk]))
    assert answer.status_code == 302
    shirin.refresh_from_db(from_queryset=Party.objects.unscoped("test"))
    assert shirin.deleted_at is not None
    text = page(client, shirin)
    assert "recycle bin since" in text
    assert reverse("contacts:edit", args=[shirin.pk, "about"]) not in text
    assert "Shirin Mohtadi" in client.get(reverse("contacts:bin")).content.decode()
    assert client.post(reverse("contacts:restore", args=[shirin.pk])).status_code == 302
    shirin.refresh_from_db(from_queryset=Party.objects.unscoped("test"))
    assert shirin.deleted_at is None


def test_the_bin_is_for_those_who_may_delete_and_shows_only_what_one_may_see(here, shirin):
    services.delete_party(SYSTEM, shirin)
    assert as_user(agent(here, codes=["contacts.view"])).get(reverse("contacts:bin")).status_code == 403
    assert "Shirin" not in as_user(outsider()).get(reverse("contacts:bin")).content.decode()
    reader = as_user(agent(here, codes=["contacts.view"]))
    assert reader.post(reverse("contacts:restore", args=[shirin.pk])).status_code == 403


def test_the_bin_pages_and_costs_the_same_for_one_and_for_many(here):
    client = as_user(agent(here))
    services.delete_party(SYSTEM, party(here, "Gone 0"))
    client.get(reverse("contacts:bin"))
    with CaptureQueriesContext(connection) as one:
        client.get(reverse("contacts:bin"))
    for number in range(1, 53):
        services.delete_party(SYSTEM, party(here, f"Gone {number}"))
    with CaptureQueriesContext(connection) as many:
        first = client.get(reverse("contacts:bin"))
    assert len(many) == len(one)
    names = {row["party"].full_name for row in first.context["parties"]}
    rest = client.get(reverse("contacts:bin") + first.context["next_url"]).context["parties"]
    assert len(names) == 50
    assert names | {row["party"].full_name for row in rest} == {f"Gone {n}" for n in range(53)}


def test_an_unchanging_page_for_one_who_may_only_read(here, shirin):
    text = page(as_user(agent(here, codes=["contacts.view"])), shirin)
    for name in ("about", "fields", "tags", "name"):
        assert reverse("contacts:edit", args=[shirin.pk, name]) not in text
    assert "show=history" not in text
    assert reverse("contacts:delete", args=[shirin.pk]) not in text


def test_the_deceased_are_neither_called_nor_written_to(here, shirin):
    services.change_party(SYSTEM, shirin, status="deceased")
    text = page(as_user(agent(here)), shirin)
    assert "Recorded as deceased" in text
    head = text[text.index("en-rec-head") : text.index('class="en-rec"')]
    assert "mailto:" not in head
    assert "Greet as" not in text


def test_the_history_stands_on_the_record(here, shirin):
    text = page(as_user(agent(here)), shirin, show="history")
    assert f'hx-get="{reverse("timeline:of", args=["contacts.party", shirin.pk])}"' in text


def test_changes_read_in_words_in_the_history(here, shirin):
    services.save_point(SYSTEM, shirin, PointDraft(kind="email", typed="new@ushio.example"))
    text = (
        as_user(agent(here))
        .get(reverse("timeline:of", args=["contacts.party", shirin.pk]), headers={"HX-Request": "true"})
        .content.decode()
    )
    assert "Ways to reach" in text
    assert "s.mohtadi@ushio.example; new@ushio.example" in text
    assert "is_primary" not in text

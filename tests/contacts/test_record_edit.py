"""Changing one contact in place: sections, conflicts, undo, and input that is wrong."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from enishi.accounts.access import Actor, Level
from enishi.accounts.models import User
from enishi.contacts import services
from enishi.contacts.models import Consent, ConsentPurpose, ContactPoint, Party, Relation, RelationType
from enishi.contacts.queries import record
from enishi.contacts.services import PointDraft, relate, save_field
from enishi.timeline.models import Entry
from factories import SYSTEM, agent, manager, outsider, party, project

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def here():
    return project("Tidewall East")


@pytest.fixture
def actor(here):
    return agent(here)


@pytest.fixture
def client(actor):
    return as_user(actor)


@pytest.fixture
def shirin(here) -> Party:
    return party(
        here, "Shirin Mohtadi", email="s.mohtadi@ushio.example", family_name="Mohtadi", given_name="Shirin"
    )


def as_user(actor: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def fresh(of: Party) -> Party:
    return Party.objects.unscoped("test").get(pk=of.pk)


def form_of(client: Client, address: str) -> dict[str, Any]:
    """What a browser would send of the form as it was opened."""
    form = client.get(address, headers=HTMX).context["form"]
    sent: dict[str, Any] = {}
    for field in form:
        value = field.value()
        if value not in (None, False, ""):
            sent[field.html_name] = value
    return sent


def edit(of: Party, section: str) -> str:
    return reverse("contacts:edit", args=[of.pk, section])


def toast(answer: Any) -> dict[str, str]:
    return json.loads(answer["HX-Trigger"])["toast"]


# --- who may


@pytest.mark.parametrize("section", ["name", "tags", "about", "fields"])
def test_forms_open_for_those_who_may_edit(here, shirin, section):
    address = edit(shirin, section)
    assert as_user(agent(here)).get(address, headers=HTMX).status_code == 200
    assert as_user(agent(here)).get(address).status_code == 200
    assert as_user(agent(here, codes=["contacts.view"])).get(address).status_code == 403
    assert as_user(agent(here, codes=["contacts.view"])).post(address, {}).status_code == 403
    assert as_user(outsider()).get(address).status_code == 404
    assert Client().get(address).status_code == 302


def test_what_hangs_on_a_contact_has_the_same_guard(here, shirin):
    point = shirin.points.get()
    addresses = [
        reverse("contacts:point_new", args=[shirin.pk, "email"]),
        reverse("contacts:point", args=[shirin.pk, point.pk]),
        reverse("contacts:tie_new", args=[shirin.pk]),
        reverse("contacts:consent_new", args=[shirin.pk]),
        reverse("contacts:ids", args=[shirin.pk]),
    ]
    for address in addresses:
        assert as_user(agent(here)).get(address).status_code == 200
        assert as_user(agent(here, codes=["contacts.view"])).post(address, {}).status_code == 403
        assert as_user(outsider()).get(address).status_code == 404
        assert Client().get(address).status_code == 302


def test_a_point_of_another_contact_is_not_found_here(here, client, shirin):
    other = party(here, "Other", email="other@ushio.example")
    address = reverse("contacts:point", args=[shirin.pk, other.points.get().pk])
    assert client.get(address).status_code == 404
    assert client.post(address, {"remove": "1"}).status_code == 404
    assert other.points.count() == 1


def test_a_contact_in_the_bin_is_not_edited(client, shirin):
    services.delete_party(SYSTEM, shirin)
    assert client.get(edit(shirin, "about")).status_code == 404


# --- saving and undo


def test_a_section_is_saved_and_answers_itself_with_a_toast_that_undoes(client, shirin):
    sent = form_of(client, edit(shirin, "about")) | {"language": "fa", "note": "Prefers mornings"}
    answer = client.post(edit(shirin, "about"), sent, headers=HTMX)
    assert answer.status_code == 200
    assert "Prefers mornings" in answer.content.decode()
    assert (fresh(shirin).language, fresh(shirin).note) == ("fa", "Prefers mornings")
    undo = client.post(toast(answer)["undo_url"], headers=HTMX)
    assert undo["HX-Redirect"] == reverse("contacts:party", args=[shirin.pk])
    assert (fresh(shirin).language, fresh(shirin).note) == ("", "")


def test_without_script_the_page_comes_back(client, shirin):
    sent = form_of(client, edit(shirin, "about")) | {"note": "Plain"}
    answer = client.post(edit(shirin, "about"), sent, follow=True)
    assert answer.redirect_chain == [(reverse("contacts:party", args=[shirin.pk]), 302)]
    assert "Saved." in answer.content.decode()
    assert fresh(shirin).note == "Plain"


def test_saving_unchanged_writes_no_history(client, shirin):
    entries = Entry.objects.unscoped("test").count()
    version = fresh(shirin).version
    for section in ("name", "about", "fields"):
        answer = client.post(edit(shirin, section), form_of(client, edit(shirin, section)), headers=HTMX)
        assert answer.status_code in {200, 204}
    assert Entry.objects.unscoped("test").count() == entries
    assert fresh(shirin).version == version


def test_undo_leaves_what_was_changed_again_since(actor, client, shirin):
    services.change_party(actor, shirin, language="fa", note="first")
    entry = record.last_change(actor, shirin)
    services.change_party(SYSTEM, shirin, note="second")
    answer = client.post(reverse("contacts:undo_change", args=[shirin.pk, entry.pk]), follow=True)
    assert "Undone, except what was changed again since." in answer.content.decode()
    assert (fresh(shirin).language, fresh(shirin).note) == ("", "second")
    again = client.post(reverse("contacts:undo_change", args=[shirin.pk, entry.pk]), follow=True)
    assert "nothing was undone" in again.content.decode()


def test_only_ones_own_changes_are_undone_here(actor, client, shirin, here):
    services.change_party(agent(here), shirin, note="by a colleague")
    entry = Entry.objects.unscoped("test").latest("id")
    assert client.post(reverse("contacts:undo_change", args=[shirin.pk, entry.pk])).status_code == 404
    services.change_party(actor, shirin, note="mine")
    mine = record.last_change(actor, shirin)
    reader = as_user(outsider())
    assert reader.post(reverse("contacts:undo_change", args=[shirin.pk, mine.pk])).status_code == 404
    assert fresh(shirin).note == "mine"


def test_undo_can_itself_be_undone(actor, shirin):
    services.change_party(actor, shirin, note="first")
    services.undo_change(actor, fresh(shirin), record.last_change(actor, shirin))
    assert fresh(shirin).note == ""
    services.undo_change(actor, fresh(shirin), record.last_change(actor, shirin))
    assert fresh(shirin).note == "first"


def test_undo_of_names_moves_search_and_parts_with_them(actor, here, shirin):
    from enishi.search.queries import find

    services.change_party(actor, shirin, family_name="Tanabe", given_name="Shirin")
    assert fresh(shirin).full_name == "Shirin Tanabe"
    services.undo_change(actor, fresh(shirin), record.last_change(actor, shirin))
    back = fresh(shirin)
    assert (back.full_name, back.family_name) == ("Shirin Mohtadi", "Mohtadi")
    assert [hit.subject_id for hit in find(actor, "Mohtadi")] == [shirin.pk]
    assert find(actor, "Tanabe") == []


def test_undo_of_points_brings_them_back_whole(actor, shirin):
    services.save_point(
        actor, shirin, PointDraft(kind="phone", typed="020 7946 0101", note="mornings", label="home",
                                  valid_from=dt.date(2024, 1, 1)), country="GB",
    )  # fmt: skip
    phone = shirin.points.get(kind="phone")
    services.save_point(actor, shirin, None, point=phone)
    assert not shirin.points.filter(kind="phone").exists()
    services.undo_change(actor, shirin, record.last_change(actor, shirin))
    back = shirin.points.get(kind="phone")
    told = ("value", "typed", "note", "label", "valid_from", "is_primary", "key")
    assert {n: getattr(back, n) for n in told} == {n: getattr(phone, n) for n in told}


def test_undo_of_an_added_point_takes_only_that_one(actor, shirin):
    services.save_point(actor, shirin, PointDraft(kind="email", typed="two@ushio.example"))
    entry = record.last_change(actor, shirin)
    services.save_point(actor, shirin, PointDraft(kind="email", typed="three@ushio.example"))
    services.undo_change(actor, shirin, entry)
    assert sorted(shirin.points.values_list("value", flat=True)) == [
        "s.mohtadi@ushio.example",
        "three@ushio.example",
    ]


def test_undo_of_a_new_first_choice_gives_it_back(actor, shirin):
    services.save_point(actor, shirin, PointDraft(kind="email", typed="two@ushio.example", is_primary=True))
    services.undo_change(actor, shirin, record.last_change(actor, shirin))
    assert list(shirin.points.values_list("value", "is_primary")) == [("s.mohtadi@ushio.example", True)]


def test_undo_of_tags_fields_ids_and_relations(actor, here, shirin):
    press = services.create_tag(actor, name="Press")
    services.set_tags(actor, shirin, [press])
    services.undo_change(actor, shirin, record.last_change(actor, shirin))
    assert record.tags(shirin) == []

    fee = save_field(manager(), label="Fee", kind="money")
    services.set_values(actor, shirin, {fee: "100 EUR"})
    services.set_values(actor, shirin, {fee: "250.50 EUR"})
    services.undo_change(actor, shirin, record.last_change(actor, shirin))
    assert record.values(actor, shirin)[0].plain == ["100 EUR"]

    services.set_external_id(actor, shirin, system="register", value="R-1")
    services.undo_change(actor, shirin, record.last_change(actor, shirin))
    assert not shirin.external_ids.exists()

    company = party(here, "Ushio", kind="organisation")
    tie = relate(actor, shirin, company, kind=RelationType.objects.get(code="works-for"), title="Head")
    services.remove_relation(actor, tie)
    services.undo_change(actor, shirin, record.last_change(actor, shirin))
    back = Relation.objects.get()
    assert (back.source_id, back.target_id, back.title) == (shirin.pk, company.pk, "Head")
    services.undo_change(actor, shirin, record.last_change(actor, shirin))
    assert not Relation.objects.exists()


def test_a_statement_of_consent_is_never_undone(actor, client, shirin):
    news = ConsentPurpose.objects.get(code="news")
    answer = client.post(
        reverse("contacts:consent_new", args=[shirin.pk]),
        {
            "purpose": news.pk,
            "state": "withdrawn",
            "basis": "consent",
            "stated_on": "2026-01-19",
            "evidence": "letter",
        },
        headers=HTMX,
    )
    assert answer.status_code == 200
    assert "undo_url" not in toast(answer)
    entry = record.last_change(actor, shirin)
    with pytest.raises(services.ContactError, match="never undone"):
        services.undo_change(actor, shirin, entry)
    assert Consent.objects.get().state == "withdrawn"


# --- two people at once


def test_two_people_who_change_different_fields_both_keep_theirs(here, client, shirin):
    mine = form_of(client, edit(shirin, "about"))
    services.change_party(SYSTEM, shirin, language="fr")
    answer = client.post(edit(shirin, "about"), mine | {"note": "mine"}, headers=HTMX)
    assert answer.status_code == 200
    assert (fresh(shirin).language, fresh(shirin).note) == ("fr", "mine")


def test_the_same_field_is_asked_about_and_nothing_is_lost(client, shirin):
    mine = form_of(client, edit(shirin, "about"))
    services.change_party(SYSTEM, shirin, note="theirs")
    answer = client.post(edit(shirin, "about"), mine | {"note": "mine", "language": "fa"}, headers=HTMX)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Somebody else changed the same" in text
    assert 'name="keep-note"' in text
    assert "<bdi>mine</bdi>" in text
    assert "<bdi>theirs</bdi>" in text
    assert (fresh(shirin).language, fresh(shirin).note) == ("", "theirs")

    seen = answer.context["form"]["seen"].value()
    again = mine | {"note": "mine", "language": "fa", "seen": seen}
    client.post(edit(shirin, "about"), again | {"keep-note": "b"}, headers=HTMX)
    assert (fresh(shirin).language, fresh(shirin).note) == ("fa", "theirs")
    client.post(edit(shirin, "about"), again | {"keep-note": "a"}, headers=HTMX)
    assert fresh(shirin).note == "mine"


def test_a_number_that_two_people_correct_is_asked_about(client, shirin):
    point = shirin.points.get()
    address = reverse("contacts:point", args=[shirin.pk, point.pk])
    mine = form_of(client, address)
    services.save_point(SYSTEM, shirin, PointDraft(kind="email", typed="theirs@ushio.example"), point=point)
    answer = client.post(address, mine | {"typed": "mine@ushio.example"}, headers=HTMX)
    assert answer.status_code == 422
    assert "theirs@ushio.example" in answer.content.decode()
    assert shirin.points.get().value == "theirs@ushio.example"


def test_tags_of_two_people_add_up(client, actor, shirin):
    mine = form_of(client, edit(shirin, "tags"))
    services.set_tags(SYSTEM, shirin, [services.create_tag(SYSTEM, name="Theirs")])
    client.post(edit(shirin, "tags"), mine | {"tags": ["Mine"], "more": "Media / Press, "}, headers=HTMX)
    assert [tag.path for tag in record.tags(shirin)] == ["Media / Press", "Mine", "Theirs"]


def test_what_one_typed_to_find_a_tag_does_not_become_one(client, shirin):
    services.create_tag(SYSTEM, name="Media")
    found = client.get(reverse("contacts:tag_choices"), {"more": "Press, med"}).content.decode()
    assert 'name="tags" value="Media"' in found
    assert 'name="tags" value="med">' in found
    assert 'name="searched" value="med"' in found
    mine = form_of(client, edit(shirin, "tags"))
    client.post(
        edit(shirin, "tags"),
        mine | {"tags": ["Media"], "more": "Press, med", "searched": "med"},
        headers=HTMX,
    )
    assert [tag.path for tag in record.tags(shirin)] == ["Media", "Press"]
    nothing = client.get(reverse("contacts:tag_choices"), {"more": "Harbour"}).content.decode()
    assert 'name="tags" value="Harbour" checked' in nothing


# --- each kind of input


def test_the_name_form_keeps_scripts_apart(client, shirin):
    sent = form_of(client, edit(shirin, "name")) | {
        "Arab-family": "مهتدی", "Arab-given": "شیرین", "Kana-family": "ﾓﾌﾀﾃﾞｨ", "address_form": "ms",
    }  # fmt: skip
    answer = client.post(edit(shirin, "name"), sent, headers=HTMX)
    assert answer["HX-Redirect"] == reverse("contacts:party", args=[shirin.pk])
    assert fresh(shirin).names == {
        "Arab": {"family": "مهتدی", "given": "شیرین"},
        "Kana": {"family": "モフタディ"},
    }
    refused = client.post(edit(shirin, "name"), sent | {"Kana-given": "shirin"}, headers=HTMX)
    assert refused.status_code == 422
    assert "Write it in kana only." in refused.content.decode()


def test_a_name_written_anew_leaves_no_parts_of_the_old_one(client, shirin):
    sent = form_of(client, edit(shirin, "name")) | {"full_name": "Shirin Daneshvar"}
    client.post(edit(shirin, "name"), sent, headers=HTMX)
    told = fresh(shirin)
    assert (told.full_name, told.family_name, told.given_name) == ("Shirin Daneshvar", "Daneshvar", "Shirin")


@pytest.mark.parametrize(
    ("kind", "sent", "problem"),
    [
        ("email", {"typed": "nobody"}, "“nobody”"),
        ("phone", {"typed": "12"}, "“12”"),
        ("email", {"typed": ""}, "This field is required."),
        ("email", {"typed": "a" * 10_000}, "at most 500 characters"),
        ("email", {"typed": "a@b.example", "valid_from": "2026-02-30"}, "2026-02-30"),
        ("email", {"typed": "a@b.example", "valid_from": "2026-02-02", "valid_until": "2026-01-01"}, "before the start"),
        ("address", {"street": ""}, "Give at least a street or a city."),
        ("address", {"street": "1 Quay", "postcode": "xx", "country": "JP"}, "not a postcode of JP"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_said_at_its_field(client, shirin, kind, sent, problem):
    address = reverse("contacts:point_new", args=[shirin.pk, kind])
    answer = client.post(address, form_of(client, address) | sent, headers=HTMX)
    assert answer.status_code == 422
    assert problem in answer.content.decode()
    assert shirin.points.count() == 1


def test_a_date_that_does_not_exist_offers_its_repair(client, shirin):
    sent = form_of(client, edit(shirin, "about")) | {"birth_date": "1990-11-31"}
    answer = client.post(edit(shirin, "about"), sent, headers=HTMX)
    assert answer.status_code == 422
    assert 'value="1990-11-30" data-repair="id_birth_date"' in answer.content.decode()


def test_dates_are_read_in_any_calendar(client, shirin):
    sent = form_of(client, edit(shirin, "about")) | {"birth_date": "昭和64年1月7日"}
    client.post(edit(shirin, "about"), sent, headers=HTMX)
    assert fresh(shirin).birth_date == dt.date(1989, 1, 7)
    client.post(
        edit(shirin, "about"),
        form_of(client, edit(shirin, "about")) | {"birth_date": "۱۳۶۹/۰۱/۰۱"},
        headers=HTMX,
    )
    assert fresh(shirin).birth_date == dt.date(1990, 3, 21)


@pytest.mark.parametrize("value", ["x" * 10_000, "\x00", "\ud800", "\u202e" * 5, "   "])
def test_names_that_cannot_be_kept_are_refused_with_words(client, shirin, value):
    sent = form_of(client, edit(shirin, "name")) | {"full_name": value, "family_name": "", "given_name": ""}
    answer = client.post(
        edit(shirin, "name"), urlencoded(sent), content_type="application/x-www-form-urlencoded", headers=HTMX
    )
    assert answer.status_code in {204, 422}
    assert fresh(shirin).full_name
    assert "\u202e" not in fresh(shirin).full_name
    assert len(fresh(shirin).full_name) <= 300


def urlencoded(sent: dict[str, Any]) -> bytes:
    from urllib.parse import urlencode

    return urlencode(sent, doseq=True, errors="surrogatepass").encode()


def test_an_address_is_asked_for_in_the_order_of_its_country(client, shirin):
    address = reverse("contacts:point_new", args=[shirin.pk, "address"])

    def order(answer: Any) -> list[str]:
        names = re.findall(r'name="(street|building|postcode|city|region)"', answer.content.decode())
        return list(dict.fromkeys(names))

    assert order(client.get(address, headers=HTMX)) == ["street", "building", "postcode", "city", "region"]
    japan = client.get(address, {"country": "JP", "city": "北浜市"}, headers=HTMX)
    assert order(japan) == ["postcode", "region", "city", "street", "building"]
    assert 'value="北浜市"' in japan.content.decode()
    client.post(
        address,
        form_of(client, address)
        | {"country": "JP", "postcode": "〒1000001", "city": "北浜市", "street": "1-2"},
    )
    assert shirin.points.get(kind="address").value == "100-0001, 北浜市, 1-2"


def test_a_phone_keeps_its_country_when_only_its_remark_changes(client, shirin):
    services.save_point(SYSTEM, shirin, PointDraft(kind="phone", typed="03-0000-0173"), country="JP")
    point = shirin.points.get(kind="phone")
    address = reverse("contacts:point", args=[shirin.pk, point.pk])
    client.post(address, form_of(client, address) | {"note": "mornings"}, headers=HTMX)
    point.refresh_from_db()
    assert (point.value, point.typed, point.note) == ("+81300000173", "03-0000-0173", "mornings")


def test_a_removed_point_is_gone_and_can_be_undone(client, shirin):
    address = reverse("contacts:point", args=[shirin.pk, shirin.points.get().pk])
    answer = client.post(address, {"remove": "1"}, headers=HTMX)
    assert not shirin.points.exists()
    client.post(toast(answer)["undo_url"], headers=HTMX)
    assert shirin.points.get().value == "s.mohtadi@ushio.example"


def test_a_relation_is_entered_from_either_side(client, here, shirin):
    company = party(here, "Ushio", kind="organisation")
    works = RelationType.objects.get(code="works-for")
    address = reverse("contacts:tie_new", args=[company.pk])
    answer = client.post(
        address,
        form_of(client, address) | {"words": f"{works.pk}:in", "party": str(shirin.pk), "title": "Head"},
    )
    assert answer.status_code == 302
    relation = Relation.objects.get()
    assert (relation.source_id, relation.target_id, relation.title) == (shirin.pk, company.pk, "Head")

    from_person = reverse("contacts:tie", args=[shirin.pk, relation.pk])
    sent = form_of(client, from_person)
    assert (sent["words"], sent["party"]) == (f"{works.pk}:out", str(company.pk))
    client.post(from_person, sent | {"valid_until": "2026-03-31", "evidence": "card"})
    relation.refresh_from_db()
    assert (relation.valid_until, relation.evidence, relation.title) == (dt.date(2026, 3, 31), "card", "Head")


def test_a_relation_may_create_its_other_end(client, shirin):
    works = RelationType.objects.get(code="works-for")
    address = reverse("contacts:tie_new", args=[shirin.pk])
    client.post(
        address, form_of(client, address) | {"words": f"{works.pk}:out", "party": "new:潮漁業協同組合"}
    )
    made = Relation.objects.get().target
    assert (made.full_name, made.kind, made.project_ids) == (
        "潮漁業協同組合",
        "organisation",
        shirin.project_ids,
    )


def test_a_relation_to_oneself_or_to_nobody_is_refused(client, here, shirin):
    works = RelationType.objects.get(code="works-for")
    hidden = party(project("Elsewhere"), "Hidden")
    address = reverse("contacts:tie_new", args=[shirin.pk])
    for sent, words in (
        (str(shirin.pk), "cannot be related to itself"),
        (str(hidden.pk), "Choose somebody from the list"),
        ("99999999999999999999", "Choose somebody from the list"),
        ("", "This field is required."),
    ):
        answer = client.post(address, {"words": f"{works.pk}:out", "party": sent, "seen": "{}"}, headers=HTMX)
        assert answer.status_code == 422
        assert words in answer.content.decode()
    assert not Relation.objects.exists()


def test_own_fields_of_every_kind_are_read(client, here, shirin):
    boss = manager()
    kinds = {
        "text": ("x", "Harbour", ["Harbour"]), "number": ("n", "۱۲٫۵".replace("٫", "."), ["12.5"]),
        "money": ("m", "1,200 EUR", ["1200 EUR"]), "date": ("d", "1 Feb 2026", [dt.date(2026, 2, 1)]),
        "choice": ("c", "A", ["A"]), "choices": ("cs", ["A", "B"], ["A", "B"]), "flag": ("f", "0", [False]),
    }  # fmt: skip
    for kind, (label, _typed, _kept) in kinds.items():
        options = ["A", "B"] if kind.startswith("choice") else []
        save_field(boss, label=label, code=label, kind=kind, options=options)
    save_field(boss, label="p", code="p", kind="person")
    friend = party(here, "Rui Tanase")
    sent = {f"own-{label}": typed for label, typed, _kept in kinds.values()} | {"own-p": str(friend.pk)}
    answer = client.post(edit(shirin, "fields"), form_of(client, edit(shirin, "fields")) | sent, headers=HTMX)
    assert answer.status_code == 200
    told = {value.field.code: value.plain for value in record.values(SYSTEM, shirin)}
    assert told == {label: kept for label, _typed, kept in kinds.values()} | {"p": [friend.pk]}
    assert form_of(client, edit(shirin, "fields"))["own-f"] == "0"


@pytest.mark.parametrize(
    ("kind", "typed"),
    [("number", "NaN"), ("number", "1e400"), ("number", "ten"), ("money", "a lot"), ("date", "31 Nov 2026"),
     ("person", "new:Nobody"), ("person", "999999999")],
)  # fmt: skip
def test_own_fields_that_cannot_be_read_say_so(client, shirin, kind, typed):
    save_field(manager(), label="Odd", code="odd", kind=kind)
    answer = client.post(edit(shirin, "fields"), {"own-odd": typed, "seen": "{}"}, headers=HTMX)
    assert answer.status_code == 422
    assert answer.context["form"].errors["own-odd"]
    assert record.values(SYSTEM, shirin) == []


def test_a_file_field_keeps_a_file(client, actor, shirin):
    field = save_field(manager(), label="Contract", code="contract", kind="file")
    upload = SimpleUploadedFile("agreement.txt", b"signed", content_type="text/plain")
    answer = client.post(edit(shirin, "fields"), {"own-contract": upload, "seen": "{}"}, headers=HTMX)
    assert answer.status_code == 200
    assert "agreement.txt" in answer.content.decode()
    stored = record.field_values(shirin)[field.pk][0]
    assert stored.file_id is not None
    client.post(edit(shirin, "fields"), form_of(client, edit(shirin, "fields")), headers=HTMX)
    assert record.field_values(shirin)[field.pk][0].file_id == stored.file_id
    cleared = form_of(client, edit(shirin, "fields")) | {"own-contract-clear": "1"}
    client.post(edit(shirin, "fields"), cleared, headers=HTMX)
    assert record.field_values(shirin) == {}


def test_consent_in_the_future_and_a_wording_of_another_purpose_are_refused(client, shirin):
    news, photos = ConsentPurpose.objects.get(code="news"), ConsentPurpose.objects.get(code="photos")
    wording = services.add_wording(manager(), photos, language="en", wording="We may publish photos.")
    address = reverse("contacts:consent_new", args=[shirin.pk])
    told = {"purpose": news.pk, "state": "given", "basis": "consent", "stated_on": "2026-01-19"}
    future = client.post(address, told | {"stated_on": "2999-01-01"}, headers=HTMX)
    assert "lies in the future" in future.content.decode()
    other = client.post(address, told | {"wording": wording.pk}, headers=HTMX)
    assert "belongs to another purpose" in other.content.decode()
    assert not Consent.objects.exists()


def test_ids_of_other_systems_are_unique(client, here, shirin):
    services.set_external_id(SYSTEM, party(here, "Other"), system="register", value="R-1")
    address = reverse("contacts:ids", args=[shirin.pk])
    answer = client.post(address, {"system": "register", "value": "R-1"}, headers=HTMX)
    assert answer.status_code == 422
    assert "already has this id" in answer.content.decode()
    client.post(address, {"system": "register", "value": "R-2"}, headers=HTMX)
    assert shirin.external_ids.get().value == "R-2"


def test_nobody_makes_a_contact_more_confidential_than_they_may_read(actor, client, shirin):
    sent = form_of(client, edit(shirin, "about")) | {"confidentiality": int(Level.RESTRICTED)}
    answer = client.post(edit(shirin, "about"), sent, headers=HTMX)
    assert answer.status_code == 422
    with pytest.raises(services.ContactError, match="more confidential than you may read"):
        services.change_party(actor, shirin, confidentiality=Level.CONFIDENTIAL)
    assert fresh(shirin).confidentiality == Level.INTERNAL


def test_projects_out_of_sight_stay_on_the_contact(here, client, shirin):
    hidden = project("Hidden")
    second = project("Second")
    services.change_party(SYSTEM, shirin, project_ids=[here.pk, hidden.pk])
    assert str(hidden.pk) not in re.findall(
        r'name="project_ids" value="(\d+)"', client.get(edit(shirin, "about"), headers=HTMX).content.decode()
    )
    sent = form_of(client, edit(shirin, "about")) | {"note": "x"}
    client.post(edit(shirin, "about"), sent, headers=HTMX)
    assert fresh(shirin).project_ids == [here.pk, hidden.pk]
    refused = client.post(edit(shirin, "about"), sent | {"project_ids": [second.pk]}, headers=HTMX)
    assert refused.status_code == 422


def test_type_ahead_offers_only_whom_one_may_see(client, here, shirin):
    party(project("Elsewhere"), "Shirin Hidden")
    text = client.get(reverse("contacts:party_choices"), {"q": "shirin", "name": "party"}).content.decode()
    assert f'name="party" value="{shirin.pk}"' in text
    assert "Hidden" not in text
    odd = client.get(
        reverse("contacts:party_choices"), {"q": "<b>", "name": '"><script>', "create": "1"}
    ).content.decode()
    assert "<script>" not in odd
    assert "<b>" not in odd
    assert 'value="new:&lt;b&gt;"' in odd


def test_sections_answer_alone_after_cancel(client, shirin):
    for section in ("reach", "ties", "about", "fields", "consents", "ids", "people"):
        answer = client.get(reverse("contacts:section", args=[shirin.pk, section]), headers=HTMX)
        assert answer.status_code == 200
        assert f'id="facts-{section}"' in answer.content.decode()
    assert (
        client.get(reverse("contacts:section", args=[shirin.pk, "secrets"]), headers=HTMX).status_code == 404
    )


def test_editing_needs_the_token_of_the_form(actor, shirin):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(pk=actor.user_id))
    assert strict.post(edit(shirin, "about"), {"note": "x"}).status_code == 403
    assert ContactPoint.objects.count() == 1

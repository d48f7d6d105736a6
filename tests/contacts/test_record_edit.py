"""Changing one contact in place: sections, conflicts and undo."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from contacts.editing import HTMX, as_user, edit, form_of, fresh, toast
from enishi.contacts import services
from enishi.contacts.models import Consent, ConsentPurpose, Relation, RelationType
from enishi.contacts.queries import record
from enishi.contacts.services import PointDraft, relate, save_field
from enishi.timeline.models import Entry
from factories import SYSTEM, agent, manager, outsider, party

pytestmark = pytest.mark.django_db


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


def test_what_was_read_long_ago_overwrites_nothing(actor, shirin):
    """A caller who still holds an old copy deletes and restores the contact, not what others wrote meanwhile."""
    old = fresh(shirin)
    services.change_party(actor, shirin, note="prefers the morning")
    services.delete_party(SYSTEM, old)
    assert (fresh(shirin).note, fresh(shirin).version) == ("prefers the morning", 3)
    services.restore_party(SYSTEM, old)
    assert (fresh(shirin).note, fresh(shirin).deleted_at) == ("prefers the morning", None)


def test_deleting_a_version_that_is_no_longer_the_last_is_refused(actor, shirin):
    read = shirin.version
    services.change_party(actor, shirin, note="prefers the morning")
    with pytest.raises(services.Conflict):
        services.delete_party(SYSTEM, shirin, version=read)
    assert fresh(shirin).deleted_at is None

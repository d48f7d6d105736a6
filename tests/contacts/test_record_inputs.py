"""Each kind of input when one contact is changed, and what cannot be used."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from contacts.editing import HTMX, edit, form_of, fresh, toast
from enishi.accounts.access import Level
from enishi.accounts.models import User
from enishi.contacts import services
from enishi.contacts.models import Consent, ConsentPurpose, ContactPoint, Relation, RelationType
from enishi.contacts.queries import record
from enishi.contacts.services import PointDraft, save_field
from factories import SYSTEM, manager, party, project

pytestmark = pytest.mark.django_db


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

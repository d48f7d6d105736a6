"""Entering a new contact on one form."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contacts.editing import as_user
from enishi.accounts.access import Level
from enishi.contacts.models import Party, Relation
from enishi.contacts.queries import record
from factories import SYSTEM, agent, outsider, party, project

pytestmark = pytest.mark.django_db
NEW = "contacts:new_person"


def told(here: Any, **values: Any) -> dict[str, Any]:
    return {"name": "Jane Smith", "projects": [here.pk], "confidentiality": 1, **values}


def made() -> Party:
    return Party.objects.unscoped("test").latest("id")


@pytest.mark.parametrize("name", [NEW, "contacts:new_organisation", "contacts:new_group"])
def test_who_may_enter_contacts(here, name):
    address = reverse(name)
    assert as_user(agent(here)).get(address).status_code == 200
    assert as_user(agent(here, codes=["contacts.view"])).get(address).status_code == 403
    assert as_user(agent(here, codes=["contacts.view"])).post(address, told(here)).status_code == 403
    assert Client().get(address).status_code == 302


def test_a_project_of_others_is_no_choice(here):
    stranger = as_user(outsider())
    answer = stranger.post(reverse(NEW), told(here))
    assert answer.status_code == 422
    assert "projects" in answer.context["form"].errors
    assert not Party.objects.unscoped("test").exists()


def test_a_person_with_everything_in_one_go(here, client):
    company = party(here, "Ushio", kind="organisation")
    answer = client.post(
        reverse(NEW),
        told(
            here, name="Dr. Jane Smith", family_name="Smith", given_name="Jane", email="Jane@Ushio.EXAMPLE",
            phone="020 7946 0101", organisation=str(company.pk), title="Director", language="en",
        ),
    )  # fmt: skip
    jane = made()
    assert answer["Location"] == reverse("contacts:party", args=[jane.pk])
    assert (jane.full_name, jane.honorific, jane.family_name) == ("Jane Smith", "Dr.", "Smith")
    assert {p.kind: p.value for p in jane.points.all()} == {
        "email": "Jane@ushio.example",
        "phone": "+442079460101",
    }
    relation = Relation.objects.get()
    assert (relation.source, relation.target, relation.title) == (jane, company, "Director")


def test_a_new_organisation_comes_with_its_person_or_not_at_all(here, client):
    client.post(reverse(NEW), told(here, organisation="new:潮漁業協同組合"))
    assert Relation.objects.get().target.full_name == "潮漁業協同組合"
    count = Party.objects.unscoped("test").count()
    answer = client.post(reverse(NEW), told(here, organisation="new:Broken", email="nobody"))
    assert answer.status_code == 422
    assert "email" in answer.context["form"].errors
    assert Party.objects.unscoped("test").count() == count


def test_an_organisation_out_of_sight_is_not_taken(here, client):
    hidden = party(project("Elsewhere"), "Hidden", kind="organisation")
    answer = client.post(reverse(NEW), told(here, organisation=str(hidden.pk)))
    assert answer.status_code == 422
    assert "Hidden" not in answer.content.decode()


def test_a_japanese_person_with_a_reading(here, client):
    client.post(
        reverse(NEW),
        told(here, name="橘 葵", family_name="橘", given_name="葵", reading="たちばな あおい", language="ja"),
    )
    aoi = made()
    assert (aoi.full_name, aoi.script) == ("橘 葵", "Jpan")
    assert aoi.names == {"Kana": {"family": "タチバナ", "given": "アオイ"}}
    refused = client.post(reverse(NEW), told(here, name="橘 葵", reading="Tachibana"))
    assert "Write it in kana only." in refused.content.decode()


@pytest.mark.parametrize(
    ("typed", "family", "given"),
    [("Jane Smith", "Smith", "Jane"), ("橘 葵", "橘", "葵"), ("شیرین مهتدی", "مهتدی", "شیرین"), ("Tanaka Aoi", "", "")],
)  # fmt: skip
def test_the_name_is_split_while_one_types(client, typed, family, given):
    answer = client.get(reverse("contacts:name_preview"), {"name": typed})
    text = answer.content.decode()
    assert f'name="family_name" maxlength="150" dir="auto" autocomplete="off" value="{family}"' in text
    assert f'name="given_name" maxlength="150" dir="auto" autocomplete="off" value="{given}"' in text
    assert ("cannot be told from the writing" in text) is (family == "")
    assert ('name="reading"' in text) is (typed == "橘 葵")


def test_the_preview_escapes(client):
    text = client.get(
        reverse("contacts:name_preview"), {"name": '"><script>x</script> Smith'}
    ).content.decode()
    assert "<script>" not in text


def test_a_group_may_be_a_community(here, client):
    client.post(reverse("contacts:new_group"), told(here, name="Harbour residents", kind="community"))
    assert made().kind == "community"


def test_a_department_belongs_to_its_organisation(here, client):
    company = party(here, "Ushio", kind="organisation")
    client.post(
        reverse("contacts:new_organisation"), told(here, name="Ushio Sales", organisation=str(company.pk))
    )
    relation = Relation.objects.get()
    assert (relation.type.code, relation.source.full_name, relation.target) == (
        "division-of",
        "Ushio Sales",
        company,
    )


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"), ({"name": "x" * 10_000}, "name"), ({"name": "\u202e\u202e"}, "name"),
        ({"email": "a@@b"}, "email"), ({"phone": "12"}, "phone"), ({"projects": []}, "projects"),
        ({"confidentiality": 3}, "confidentiality"), ({"language": "xx-nonsense"}, "language"),
        ({"family_name": "y" * 151}, "family_name"), ({"organisation": "77777777777777777777"}, "organisation"),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(here, client, wrong, field):
    answer = client.post(reverse(NEW), told(here, title="Kept words", **wrong))
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert "Kept words" in answer.content.decode()
    assert not Party.objects.unscoped("test").exists()


def test_the_toast_takes_it_back(here, client):
    client.post(reverse(NEW), told(here))
    page = client.get(reverse("contacts:party", args=[made().pk])).content.decode()
    undo = reverse("contacts:delete", args=[made().pk])
    assert f'action="{undo}" data-undo' in page
    answer = client.post(undo, headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"]
    assert made().deleted_at is not None


def test_create_and_enter_another(here, client):
    answer = client.post(reverse(NEW), told(here, another="1"))
    assert answer["Location"] == reverse(NEW)


def test_the_form_starts_with_what_is_known(here, client):
    company = party(here, "Ushio", kind="organisation")
    text = client.get(reverse(NEW), {"organisation": company.pk, "name": "Ada Lund"}).content.decode()
    assert f'name="organisation" value="{company.pk}" checked' in text
    assert 'value="Ada Lund"' in text
    assert f'name="projects" value="{here.pk}"' in text


def test_a_confidential_contact_is_confidential_from_the_start(here):
    writer = as_user(agent(here, clearance=Level.CONFIDENTIAL))
    writer.post(reverse(NEW), told(here, confidentiality=2, organisation="new:Secret Works"))
    levels = set(Party.objects.unscoped("test").values_list("confidentiality", flat=True))
    assert levels == {Level.CONFIDENTIAL}
    assert record.choices(agent(here), "Secret") == []
    assert [name for _id, name, _detail, _kind in record.choices(SYSTEM, "Secret")] == [
        "Secret Works",
        "Jane Smith",
    ]

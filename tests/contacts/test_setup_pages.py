"""Setting up own fields, tags, relation types and consent purposes."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contacts.editing import as_user
from enishi.contacts import services
from enishi.contacts.models import ConsentPurpose, ConsentText, Field, RelationType, Tag
from enishi.contacts.queries import record, setup
from factories import SYSTEM, agent, manager, party

pytestmark = pytest.mark.django_db
PAGES = [
    "setup",
    "setup_fields",
    "setup_field_new",
    "setup_tags",
    "setup_relations",
    "setup_relation_new",
    "setup_consents",
]


@pytest.fixture
def client():
    return as_user(manager())


@pytest.mark.parametrize("name", PAGES)
def test_set_up_is_for_those_who_hold_it_everywhere(here, client, name):
    address = reverse(f"contacts:{name}")
    assert client.get(address).status_code == 200
    assert as_user(agent(here)).get(address).status_code == 403
    assert Client().get(address).status_code == 302


def test_what_is_not_there_is_404(client):
    for name in ("setup_field", "setup_tag", "setup_relation", "setup_consent"):
        assert client.get(reverse(f"contacts:{name}", args=[999_999])).status_code == 404


@pytest.mark.parametrize("name", ["setup_fields", "setup_tags", "setup_relations", "setup_consents"])
def test_lists_cost_the_same_for_one_and_for_many(client, name):
    address = reverse(f"contacts:{name}")

    def more(start: int, end: int) -> None:
        for n in range(start, end):
            services.save_field(SYSTEM, label=f"Field {n}", code=f"field-{n}", kind="text")
            services.create_tag(SYSTEM, name=f"Tag {n}")
            services.save_relation_type(SYSTEM, name=f"likes {n}", inverse_name=f"is liked by {n}")
            purpose = services.save_purpose(SYSTEM, name=f"Purpose {n}")
            services.add_wording(SYSTEM, purpose, language="en", wording="We may.")

    more(0, 1)
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    more(1, 12)
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    assert len(many) == len(few)


def test_a_field_is_made_changed_and_put_away(client, here):
    answer = client.post(
        reverse("contacts:setup_field_new"),
        {
            "label": "Position",
            "kind": "choice",
            "options": "For\nAgainst\n\nFor",
            "party_kinds": ["person"],
            "position": 5,
        },
    )
    assert answer.status_code == 302
    field = Field.objects.get()
    assert [option["value"] for option in field.options] == ["For", "Against"]
    assert (field.code, field.kind, field.party_kinds) == ("position", "choice", ["person"])

    ada = party(here, "Ada Lund")
    services.set_values(SYSTEM, ada, {field: "For"})
    address = reverse("contacts:setup_field", args=[field.pk])
    refused = client.post(address, {"label": "Position", "options": "Against", "position": 5})
    assert refused.status_code == 422
    assert "have to stay: For" in refused.content.decode()

    client.post(reverse("contacts:setup_field_archive", args=[field.pk]), {"archive": "1"})
    assert record.fields_for(SYSTEM, ada) == []
    assert record.values(SYSTEM, ada) == []
    client.post(reverse("contacts:setup_field_archive", args=[field.pk]))
    assert [value.plain for value in record.values(SYSTEM, ada)] == [["For"]]


def test_a_field_stands_only_on_its_kinds(here):
    services.save_field(SYSTEM, label="Boats", kind="number", party_kinds=["organisation"])
    assert record.fields_for(SYSTEM, party(here, "Ada Lund")) == []
    assert [f.label for f in record.fields_for(SYSTEM, party(here, "Ushio", kind="organisation"))] == [
        "Boats"
    ]


@pytest.mark.parametrize(
    ("sent", "field"),
    [({"label": "", "kind": "text"}, "label"), ({"label": "x", "kind": "nothing"}, "kind"),
     ({"label": "x", "kind": "choice"}, "options"), ({"label": "x" * 200, "kind": "text"}, "label"),
     ({"label": "x", "kind": "text", "position": -1}, "position")],
)  # fmt: skip
def test_a_field_that_cannot_be_is_refused_at_its_place(client, sent, field):
    answer = client.post(reverse("contacts:setup_field_new"), {"position": 1, **sent})
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not Field.objects.exists()


def test_a_second_field_of_the_same_name_is_refused(client):
    services.save_field(SYSTEM, label="Boats", kind="number")
    answer = client.post(
        reverse("contacts:setup_field_new"), {"label": "Boats", "kind": "text", "position": 1}
    )
    assert answer.status_code == 422
    assert "already exists" in answer.content.decode()


def test_tags_are_a_tree_that_is_renamed_moved_merged_and_put_away(client, here):
    client.post(reverse("contacts:setup_tags"), {"name": "Media"})
    media = Tag.objects.get()
    client.post(reverse("contacts:setup_tags"), {"name": "Press", "parent": media.pk})
    press = Tag.objects.get(name="Press")
    assert press.path == "Media / Press"

    client.post(reverse("contacts:setup_tag", args=[media.pk]), {"name": "News"})
    press.refresh_from_db()
    assert press.path == "News / Press"
    below = client.post(reverse("contacts:setup_tag", args=[media.pk]), {"name": "News", "parent": press.pk})
    assert below.status_code == 422

    ada = party(here, "Ada Lund")
    services.set_tags(SYSTEM, ada, [press])
    journalists = services.create_tag(SYSTEM, name="Journalists")
    client.post(reverse("contacts:setup_tag", args=[press.pk]), {"kept": journalists.pk})
    assert [tag.path for tag in record.tags(ada)] == ["Journalists"]
    press.refresh_from_db()
    assert press.archived_at is not None

    client.post(reverse("contacts:setup_tag_archive", args=[journalists.pk]), {"archive": "1"})
    assert [tag.name for tag in setup.matching_tags("journ")] == []
    assert [tag.path for tag in record.tags(ada)] == ["Journalists"]


def test_putting_a_tag_away_takes_those_below_with_it():
    media = services.create_tag(SYSTEM, name="Media")
    services.create_tag(SYSTEM, name="Press", parent=media)
    services.create_tag(SYSTEM, name="Mediation")
    services.archive_tag(SYSTEM, media, archived=True)
    assert [tag.path for tag in setup.matching_tags("medi")] == ["Mediation"]
    services.archive_tag(SYSTEM, media, archived=False)
    assert [tag.path for tag in setup.matching_tags("press")] == ["Media / Press"]


def test_a_tag_that_takes_a_taken_name_is_refused(client):
    services.create_tag(SYSTEM, name="Media")
    press = services.create_tag(SYSTEM, name="Press")
    answer = client.post(reverse("contacts:setup_tag", args=[press.pk]), {"name": "Media"})
    assert answer.status_code == 422
    assert "Merge the two instead" in answer.content.decode()


def test_tags_too_deep_or_too_long_are_refused_with_words(client):
    parent = None
    for _level in range(4):
        parent = services.create_tag(SYSTEM, name="x" * 80, parent=parent)
    deep = client.post(reverse("contacts:setup_tags"), {"name": "y" * 80, "parent": parent.pk})
    assert deep.status_code == 422
    top = services.create_tag(SYSTEM, name="z" * 80)
    moved = client.post(reverse("contacts:setup_tag", args=[top.pk]), {"name": "z" * 80, "parent": parent.pk})
    assert moved.status_code == 422


def test_own_relations_read_from_both_sides_and_built_in_ones_stay(client, here):
    client.post(
        reverse("contacts:setup_relation_new"), {"name": "is the landlord of", "inverse_name": "rents from"}
    )
    kind = RelationType.objects.get(built_in=False)
    ada, bo = party(here, "Ada Lund"), party(here, "Bo Lindqvist")
    services.relate(SYSTEM, ada, bo, kind=kind)
    reader = as_user(agent(here))
    assert "is the landlord of" in reader.get(reverse("contacts:party", args=[ada.pk])).content.decode()
    assert "rents from" in reader.get(reverse("contacts:party", args=[bo.pk])).content.decode()
    built_in = RelationType.objects.get(code="works-for")
    answer = client.post(
        reverse("contacts:setup_relation", args=[built_in.pk]),
        {"name": "serves", "inverse_name": "is served by"},
    )
    assert answer.status_code == 422
    built_in.refresh_from_db()
    assert built_in.name == "works for"


def test_built_in_relations_are_told_in_the_readers_language(client):
    from django.utils import translation

    from enishi.contacts.queries import ties

    own = services.save_relation_type(SYSTEM, name="works with", inverse_name="x")
    with translation.override("en"):
        assert ties.words(RelationType.objects.get(code="works-for"), outgoing=False) == "employs"
        assert ties.words(own, outgoing=True) == "works with"


def test_purposes_have_wordings_that_are_counted_by_language(client, here):
    client.post(reverse("contacts:setup_consents"), {"name": "Site visits"})
    purpose = ConsentPurpose.objects.get(name="Site visits")
    address = reverse("contacts:setup_consent", args=[purpose.pk])
    for language, words in (
        ("en", "You may invite me."),
        ("en", "You may invite me twice a year."),
        ("ja", "招待可"),
    ):
        assert client.post(address, {"language": language, "wording": words}).status_code == 302
    assert list(ConsentText.objects.order_by("id").values_list("language", "version")) == [
        ("en", 1),
        ("en", 2),
        ("ja", 1),
    ]
    assert client.post(address, {"language": "en", "wording": " "}).status_code == 422
    client.post(address, {"name": "Visits to the site"})
    purpose.refresh_from_db()
    assert purpose.name == "Visits to the site"

    client.post(reverse("contacts:setup_consent_archive", args=[purpose.pk]), {"archive": "1"})
    ada = party(here, "Ada Lund")
    form = as_user(agent(here)).get(reverse("contacts:consent_new", args=[ada.pk])).content.decode()
    assert "Visits to the site" not in form


def test_markup_in_set_up_is_text(client):
    services.save_field(SYSTEM, label="<script>x</script>", kind="text")
    services.create_tag(SYSTEM, name="<script>y<script>")
    for name in ("setup_fields", "setup_tags"):
        assert "<script>x" not in client.get(reverse(f"contacts:{name}")).content.decode()
        assert "<script>y" not in client.get(reverse(f"contacts:{name}")).content.decode()


def test_merging_tags_merges_what_stands_below_under_the_same_name(here):
    news, media = (services.create_tag(SYSTEM, name=name) for name in ("News", "Media"))
    _kept, gone = (services.create_tag(SYSTEM, name="Press", parent=above) for above in (news, media))
    ada = party(here, "Ada Marsh")
    services.set_tags(SYSTEM, ada, [gone])
    services.merge_tags(SYSTEM, kept=news, gone=media)
    assert [tag.path for tag in record.tags(ada)] == ["News / Press"]
    gone.refresh_from_db()
    assert gone.archived_at is not None

"""Starter packs: what they hold stands in every language, is added once, and can be taken back."""

from __future__ import annotations

import pytest
from django.test import Client

from enishi.accounts import services as accounts
from enishi.accounts.access import Actor, Forbidden, Level, Via
from enishi.accounts.models import User
from enishi.accounts.queries import actor as actor_of
from enishi.contacts import services as contacts
from enishi.contacts.models import ConsentPurpose, Field, Tag
from enishi.core.packs import LANGUAGES, PackError
from enishi.guide import starting
from enishi.guide.starters import PARTS, read_starter, starters
from enishi.guide.starting import Standing, StarterError, add_starter, offers
from enishi.themes.models import Theme
from enishi.timeline.models import Entry, Operation
from enishi.timeline.services import undo_operation, undoer_for
from factories import agent, grant, project, user

pytestmark = pytest.mark.django_db
ONE = starters()["consultation"]
ALL = [item.key for item in ONE.items]


def _administrator() -> Actor:
    somebody = user("Hedda Lunde")
    grant(somebody, None, accounts.administrator_role())
    return actor_of(somebody, via=Via.WEB)


def _counts() -> list[int]:
    return [model.objects.filter(archived_at=None).count() for model in (Field, Tag, Theme, ConsentPurpose)]


def _taken_back() -> dict[str, object]:
    return Entry.objects.unscoped("test").filter(event="guide.starter_undone").latest("pk").data


def test_three_packs_stand_in_their_order():
    assert list(starters()) == ["consultation", "association", "contact-centre"]
    for one in starters().values():
        assert {item.part for item in one.items} == set(PARTS)
        for language in LANGUAGES:
            paths = [(item.part, starting.path_of(item, language)) for item in one.items]
            assert len(paths) == len(set(paths)), (one.code, language)


def test_a_pack_is_added_in_the_language_that_was_chosen():
    boss = _administrator()
    before = _counts()
    operation = add_starter(boss, ONE, keys=ALL, language="ja")
    assert operation.counts == {"added": len(ALL)}
    field = Field.objects.get(code="land-access")
    assert (field.label, field.kind) == ("土地への立ち入り", "choice")
    assert [option["label"] for option in field.options] == ["未確認", "協議中", "同意", "拒否"]
    assert Field.objects.get(code="speaks-for").party_kinds == ["organisation", "group", "community"]
    owner = Tag.objects.get(path="土地 / 所有者")
    assert owner.parent is not None and owner.parent.path == "土地"
    assert Theme.objects.get(path="騒音").meaning == "工事や運転による音と振動。"
    assert ConsentPurpose.objects.get(code="project-news").name == "事業のお知らせ（メール）"
    added = [now - then for now, then in zip(_counts(), before, strict=True)]
    assert added == [sum(item.part == part for item in ONE.items) for part in PARTS]
    told = Entry.objects.unscoped("test").get(event="guide.starter_added")
    assert told.data["count"] == len(ALL)


def test_added_again_in_another_language_nothing_comes_twice():
    boss = _administrator()
    add_starter(boss, ONE, keys=ALL, language="fr")
    before = _counts()
    assert {one.standing for rows in offers(boss, ONE).values() for one in rows} == {Standing.THERE}
    with pytest.raises(StarterError, match="not there yet"):
        add_starter(boss, ONE, keys=ALL, language="en")
    assert _counts() == before


def test_only_what_was_chosen_comes_and_what_it_stands_under():
    boss = _administrator()
    before = _counts()
    operation = add_starter(boss, ONE, keys=["tags:land-owner", "fields:land-parcel"], language="en")
    assert operation.counts == {"added": 3}
    assert Tag.objects.filter(path__in=["Land", "Land / Owner"]).count() == 2
    assert [now - then for now, then in zip(_counts(), before, strict=True)] == [1, 2, 0, 0]


def test_what_comes_back_brings_what_it_stands_under():
    boss = _administrator()
    first = add_starter(boss, ONE, keys=["tags:land-owner"], language="en")
    assert undo_operation(boss, first.pk)
    assert Tag.objects.filter(path__startswith="Land", archived_at=None).count() == 0
    again = add_starter(boss, ONE, keys=["tags:land-owner"], language="ja")
    assert again.counts == {"restored": 2}
    assert set(Tag.objects.filter(archived_at=None).values_list("path", flat=True)) >= {
        "Land",
        "Land / Owner",
    }


def test_a_field_of_ones_own_with_that_code_stays_as_it_is():
    boss = _administrator()
    own = contacts.save_field(boss, label="Parcel", kind="number", code="land-parcel")
    add_starter(boss, ONE, keys=ALL, language="en")
    own.refresh_from_db()
    assert (own.label, own.kind) == ("Parcel", "number")


def test_taken_back_all_is_put_away_but_what_others_hung_on_it():
    boss = _administrator()
    before = _counts()
    operation = add_starter(boss, ONE, keys=ALL, language="en")
    land = Tag.objects.get(path="Land")
    contacts.create_tag(boss, name="Common", parent=land)
    plan = undoer_for(boss, operation).preview(boss, operation)
    assert plan.counts == {"put_away": len(ALL)}
    assert undo_operation(boss, operation.pk)
    assert _taken_back() == {"put_away": len(ALL) - 1, "kept": 1}
    assert [now - then for now, then in zip(_counts(), before, strict=True)] == [0, 2, 0, 0]
    again = add_starter(boss, ONE, keys=ALL, language="en")
    assert again.counts == {"restored": len(ALL) - 1}
    assert undo_operation(boss, again.pk)
    assert _taken_back() == {"put_away": len(ALL) - 1}


def test_who_does_not_set_up_adds_nothing_and_who_sets_up_no_themes_gets_none():
    with pytest.raises(Forbidden):
        add_starter(agent(project()), ONE, keys=ALL, language="en")
    boss = _administrator()
    role = accounts.create_role(
        boss,
        name="Setter",
        codes=["contacts.view", "contacts.edit", "contacts.setup"],
        clearance=Level.INTERNAL,
    )
    somebody = user("Setter")
    grant(somebody, None, role)
    setter = actor_of(somebody, via=Via.WEB)
    themes = Theme.objects.count()
    assert list(offers(setter, ONE)) == ["fields", "tags", "purposes"]
    add_starter(setter, ONE, keys=ALL, language="en")
    assert Theme.objects.count() == themes


def test_the_pages():
    boss = _administrator()
    client = Client()
    client.force_login(User.objects.get(pk=boss.user_id))
    listed = client.get("/starters/").content.decode()
    assert "Project in consultation" in listed and f"{len(ALL)} to add" in listed
    page = client.get("/starters/consultation/?language=fr").content.decode()
    assert "Foncier / Propriétaire" in page and "Accès au terrain" in page
    refused = client.post("/starters/consultation/", {"language": "fr"})
    assert refused.status_code == 422 and "Choose something" in refused.content.decode()
    done = client.post("/starters/consultation/", {"language": "fr", "key": ALL}, follow=True)
    said = done.content.decode()
    operation = Operation.objects.unscoped("test").get(kind=starting.KIND)
    assert f"{len(ALL)} things were added." in said and f"/operations/{operation.pk}/undo/" in said
    assert "All of it is there." in said and 'name="key"' not in said
    assert "all there" in client.get("/starters/").content.decode()
    assert client.get("/starters/nothing/").status_code == 404


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('code = "x', "x.toml"),
        ('[[fields]]\ncode = "a"\nkind = "colour"', "a field is one of"),
        ('[[fields]]\ncode = "a"\nkind = "choice"', "has options"),
        ('[[tags]]\ncode = "a"\nunder = "b"\nlabel = {en = "A", ja = "A", fr = "A", fa = "A"}', "tags:b"),
        ('[[tags]]\ncode = "a"\nlabel = {en = "A"}', "must stand there in"),
    ],
)
def test_a_pack_that_cannot_be_used_says_where(source: str, said: str):
    with pytest.raises(PackError, match=said):
        read_starter("x.toml", source)

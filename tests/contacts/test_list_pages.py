"""The contact list as people use it: views, filters, order, cells, rights."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from enishi.accounts.access import Actor, Level
from enishi.accounts.models import User
from enishi.contacts import services
from enishi.contacts.models import Field, Party, RelationType, SavedView
from enishi.contacts.queries import tree
from enishi.contacts.services import change_party, relate, set_values
from factories import SYSTEM, agent, outsider, party, project

pytestmark = pytest.mark.django_db
LIST = "/people/"


def _client(actor: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def _names(answer) -> list[str]:
    body = answer.content.decode()
    rows = body.split("<tbody>")[1].split("</tbody>")[0] if "<tbody>" in body else ""
    return [
        re.sub("<[^>]+>", "", found) for found in re.findall(r'<span class="en-name[^>]*>(.*?)</span>', rows)
    ]


def _filter(*leaves: tree.Leaf | tree.Node, op: str = "and") -> str:
    return tree.encode(tree.Node(op, leaves))


def test_everyone_within_rights_and_nobody_else():
    where = project()
    party(where, "Ada Vale"), party(project(), "Cy Elsewhere")
    party(where, "Secret Person", confidentiality=Level.CONFIDENTIAL)
    answer = _client(agent(where)).get(LIST)
    assert _names(answer) == ["Ada Vale"]
    assert "Secret" not in answer.content.decode() and "Elsewhere" not in answer.content.decode()
    assert "1 to 1 of 1" in answer.content.decode()


def test_rights_decide_who_opens_the_list():
    where = project()
    assert _client(agent(where, codes=["content.view"])).get(LIST).status_code == 403
    assert Client().get(LIST).status_code == 302
    empty = _client(outsider()).get(LIST)
    assert (empty.status_code, _names(empty)) == (200, [])
    assert "No contacts yet" in empty.content.decode()


def test_my_people_and_silent_are_views_of_the_same_list():
    where = project()
    worker = agent(where)
    mine, other = party(where, "Mine"), party(where, "Other")
    change_party(SYSTEM, mine, owner_id=worker.user_id)
    services.touch([mine.pk], at=other.created_at, channel="call")
    client = _client(worker)
    assert _names(client.get(LIST, {"view": "mine"})) == ["Mine"]
    assert _names(client.get(LIST, {"view": "silent"})) == ["Other"]
    assert "does not exist any more" in client.get(LIST, {"view": "77"}).content.decode()


def test_a_filter_reads_as_a_sentence_and_combines():
    where = project()
    for name, language in (("Aoi", "ja"), ("Ben", "en"), ("Chloé", "fr")):
        party(where, name, language=language)
    chosen = tree.Node("or", (tree.Leaf("language", "is", ["ja"]), tree.Leaf("text", "has", ["chloe"])))
    answer = _client(agent(where)).get(LIST, {"f": _filter(chosen, tree.Leaf("status", "is", ["active"]))})
    assert _names(answer) == ["Aoi", "Chloé"]
    body = answer.content.decode()
    assert "日本語" in body and "Changed" in body
    assert 'aria-label="Any of"' in body


def test_a_condition_is_set_changed_and_removed_by_links_alone():
    where = project()
    party(where, "Aoi", language="ja"), party(where, "Ben", language="en")
    client = _client(agent(where))
    form = client.get(reverse("contacts:list_condition"), {"field": "language"})
    assert 'value="ja"' in form.content.decode()
    answer = client.get(reverse("contacts:list_set"), {"field": "language", "cmp": "is", "value": ["ja"]})
    assert _names(client.get(answer["Location"])) == ["Aoi"]
    state = {"f": _filter(tree.Leaf("language", "is", ["ja"]))}
    edited = client.get(reverse("contacts:list_set"), {**state, "at": "0", "cmp": "not", "value": ["ja"]})
    page = client.get(edited["Location"])
    assert _names(page) == ["Ben"]
    removal = re.search(r'class="rm" href="([^"]+)"', page.content.decode())
    assert removal is not None
    assert _names(client.get(removal[1].replace("&amp;", "&"))) == ["Aoi", "Ben"]


def test_live_counts_count_only_what_one_may_see():
    where = project()
    party(where, "A", language="ja"), party(where, "B", language="ja", confidentiality=Level.CONFIDENTIAL)
    body = (
        _client(agent(where)).get(reverse("contacts:list_condition"), {"field": "language"}).content.decode()
    )
    assert re.findall(r'value="ja">.*?<span class="n">(\d+)</span>', body) == ["1"]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("last_contact", "soon", "Last contact"),
        ("text", "", "type at least one letter"),
        ("created", "99999999999", "give a number of days"),
    ],
)
def test_a_condition_that_cannot_be_used_says_why_and_stays_open(field, value, words):
    where = project()
    cmp = {"text": "has"}.get(field, "within")
    params = {"field": field, "cmp": cmp, "value": value}
    answer = _client(agent(where)).get(reverse("contacts:list_set"), params, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert answer["HX-Retarget"] == "#condition-new"


@pytest.mark.parametrize(
    "params",
    [{"f": "x"}, {"f": "e30"}, {"sort": "salary"}, {"cursor": "zzz"}, {"columns": "a,b"}, {"place": "-1"}],
)
def test_a_damaged_address_still_shows_a_list(params):
    where = project()
    party(where, "Ada")
    answer = _client(agent(where)).get(LIST, params)
    assert (answer.status_code, _names(answer)) == (200, ["Ada"])


def test_sorting_by_heads_and_back():
    where = project()
    party(where, "Ada"), party(where, "Ben")
    client = _client(agent(where))
    assert 'aria-sort="ascending"' in client.get(LIST).content.decode()
    turned = client.get(LIST, {"sort": "-name"})
    assert _names(turned) == ["Ben", "Ada"]
    assert 'aria-sort="descending"' in turned.content.decode()


def test_columns_are_chosen_also_own_fields():
    where = project()
    field = services.save_field(SYSTEM, label="Boat name", kind=Field.Kind.TEXT)
    set_values(SYSTEM, party(where, "Ada"), {field: "Kestrel"})
    answer = _client(agent(where)).get(LIST, {"column": ["field:boat-name", "kind"]})
    body = answer.content.decode()
    assert re.findall(r"<th scope=\"col\"[^>]*>(?:<a[^>]*>)?([\w ]+\w)", body) == [
        "Name",
        "Boat name",
        "Kind",
    ]
    assert "Kestrel" in body


def test_an_organisation_out_of_sight_is_not_named_nor_found_by():
    where = project()
    person = party(where, "Ada")
    firm = party(where, "Secret Firm", kind="organisation", confidentiality=Level.RESTRICTED)
    relate(SYSTEM, person, firm, kind=RelationType.objects.get(code="works-for"))
    client = _client(agent(where))
    assert "Secret Firm" not in client.get(LIST).content.decode()
    for leaf in (tree.Leaf("relation", "is", ["works-for"]), tree.Leaf("related_to", "is", [firm.pk])):
        assert _names(client.get(LIST, {"f": _filter(leaf)})) == []


def test_names_are_text_whatever_they_hold():
    where = project()
    party(where, "<script>alert(1)</script>")
    tag = services.tag_by_path(SYSTEM, "<img src=x>")
    body = (
        _client(agent(where))
        .get(LIST, {"f": _filter(tree.Leaf("tag", "not", [str(tag.pk)]))})
        .content.decode()
    )
    assert "<script>alert" not in body and "<img src" not in body
    assert "&lt;script&gt;alert(1)" in body and "&lt;img src=x&gt;" in body


def test_pages_walk_by_keyset_and_the_record_page_knows_them():
    where = project()
    names = [f"Person {n:03}" for n in range(120)]
    for name in names:
        party(where, name)
    client = _client(agent(where))
    seen, url = [], LIST
    for _n in range(3):
        answer = client.get(url)
        seen += _names(answer)
        following = re.search(r'rel="next" href="([^"]+)"', answer.content.decode())
        url = following[1].replace("&amp;", "&") if following else ""
    assert (seen, url) == (names, "")
    assert "101 to 120 of 120" in answer.content.decode()
    walk = client.session["contacts.walk"]
    assert (len(walk["ids"]), walk["label"]) == (20, "Everyone")


def test_the_number_of_queries_is_the_same_for_one_row_and_for_many():
    where = project()
    worker = agent(where)
    client = _client(worker)
    party(where, "First", email="1@one.example")
    client.get(LIST)
    with CaptureQueriesContext(connection) as one:
        client.get(LIST)
    for n in range(20):
        made = party(where, f"More {n}", email=f"{n}@more.example")
        change_party(SYSTEM, made, owner_id=worker.user_id)
    client.get(LIST)
    with CaptureQueriesContext(connection) as many:
        client.get(LIST)
    assert len(one) == len(many)


def test_views_are_saved_shared_changed_and_deleted():
    where = project()
    party(where, "Aoi", language="ja"), party(where, "Ben")
    worker, colleague = agent(where), agent(where)
    client, other = _client(worker), _client(colleague)
    f = _filter(tree.Leaf("language", "is", ["ja"]))
    client.post(reverse("contacts:view_save"), {"f": f, "name": "Japanese", "shared": "on"})
    view = SavedView.objects.get()
    assert (view.name, view.shared, view.owner_id, view.position) == ("Japanese", True, worker.user_id, 100)
    assert _names(other.get(LIST, {"view": view.pk})) == ["Aoi"]
    client.post(reverse("contacts:view_save"), {"view": view.pk, "sort": "-name", "update": "1"})
    assert SavedView.objects.get().spec["sort"] == "-name"
    taken = other.post(reverse("contacts:view_save"), {"view": view.pk, "f": f, "update": "1"})
    assert taken.status_code == 200 and SavedView.objects.count() == 1
    assert other.post(reverse("contacts:view_delete", args=[view.pk])).status_code in {302, 403}
    SavedView.objects.filter(pk=view.pk).update(shared=False)
    assert other.post(reverse("contacts:view_delete", args=[view.pk])).status_code == 404
    assert "does not exist any more" in other.get(LIST, {"view": view.pk}).content.decode()


def test_a_cell_is_edited_where_it_stands():
    where = project()
    one, worker = party(where, "Ada"), agent(where)
    client, hx = _client(worker), {"HX-Request": "true"}
    url = reverse("contacts:cell", args=[one.pk, "status"])
    form = client.get(url, headers=hx).content.decode()
    assert form.startswith('<td class="edit">') and 'value="inactive"' in form
    saved = client.post(url, {"value": "inactive"}, headers=hx)
    assert "Inactive" in saved.content.decode() and 'class="saved"' in saved.content.decode()
    assert "undo_url" in saved["HX-Trigger"]
    assert Party.objects.unscoped("test").get(pk=one.pk).status == "inactive"
    assert client.post(url, {"value": "gone"}, headers=hx).status_code == 422
    owner = reverse("contacts:cell", args=[one.pk, "owner"])
    client.post(owner, {"value": str(worker.user_id)}, headers=hx)
    assert Party.objects.unscoped("test").get(pk=one.pk).owner_id == worker.user_id


def test_a_cell_keeps_to_rights():
    where = project()
    one = party(where, "Ada")
    url = reverse("contacts:cell", args=[one.pk, "status"])
    assert _client(outsider()).get(url).status_code == 404
    reader = _client(agent(where, codes=["contacts.view"]))
    assert reader.get(url).status_code == 403
    assert reader.post(url, {"value": "inactive"}).status_code == 403
    assert Client().get(url).status_code == 302
    assert _client(agent(where)).get(reverse("contacts:cell", args=[one.pk, "note"])).status_code == 404


def test_the_project_of_the_shell_limits_the_list_and_says_so():
    here, there = project("Tidewall"), project("Northbank")
    party(here, "Ada"), party(there, "Ben")
    worker = agent(here)
    client = _client(worker)
    session = client.session
    session["project"] = here.pk
    session.save()
    answer = client.get(LIST)
    assert _names(answer) == ["Ada"]
    assert "Tidewall" in answer.content.decode()

"""The filter tree, the order of lists, keyset pages."""

from __future__ import annotations

import datetime as dt

import pytest

from enishi.accounts.access import Level
from enishi.contacts import services
from enishi.contacts.models import Field, RelationType
from enishi.contacts.queries import filters, lists
from enishi.contacts.services import PointDraft, save_point, set_tags, touch
from enishi.core import clock
from factories import SYSTEM, agent, outsider, party, project

pytestmark = pytest.mark.django_db


def _names(actor, tree, **spec):
    found = lists.page(actor, lists.ListSpec(filter=filters.parse(tree), **spec))
    return [row.party.full_name for row in found.rows]


def _leaf(field, cmp, value=None):
    return {"field": field, "cmp": cmp, "value": value}


def test_and_or_not_over_tags_and_words():
    where = project()
    media = services.tag_by_path(SYSTEM, "Media")
    press = services.tag_by_path(SYSTEM, "Media / Press")
    aoi, ben, _chloe = (party(where, name) for name in ("橘 葵", "Ben Okafor", "Chloé Martin"))
    set_tags(SYSTEM, aoi, [press])
    set_tags(SYSTEM, ben, [media])
    worker = agent(where)
    assert _names(worker, _leaf("tag", "is", [media.pk])) == ["Ben Okafor", "橘 葵"]
    assert _names(worker, _leaf("tag", "is", [press.pk])) == ["橘 葵"]
    assert _names(worker, {"op": "not", "items": [_leaf("tag", "is", [media.pk])]}) == ["Chloé Martin"]
    either = {"op": "or", "items": [_leaf("text", "has", "chloe"), _leaf("text", "has", "橘")]}
    assert _names(worker, either) == ["Chloé Martin", "橘 葵"]
    assert _names(worker, {"op": "and", "items": [either, _leaf("tag", "is", [media.pk])]}) == ["橘 葵"]
    assert _names(outsider(), either) == []


def test_a_confidential_party_leaves_no_trace_in_list_or_count():
    where = project()
    party(where, "Open Person")
    party(where, "Secret Person", confidentiality=Level.CONFIDENTIAL)
    worker = agent(where)
    assert _names(worker, {}) == ["Open Person"]
    assert lists.total(worker, lists.ListSpec()) == lists.Total(1, True)
    assert _names(worker, _leaf("text", "has", "secret")) == []


def test_last_contact_counts_those_never_reached_as_longer_ago():
    where = project()
    never, old, new = (party(where, name) for name in ("Never", "Old", "New"))
    touch([old.pk], at=clock.now() - dt.timedelta(days=90), channel="call")
    touch([new.pk], at=clock.now() - dt.timedelta(days=2), channel="email")
    worker = agent(where)
    assert _names(worker, _leaf("last_contact", "older", 60)) == ["Never", "Old"]
    assert _names(worker, _leaf("last_contact", "within", 7)) == ["New"]
    assert _names(worker, _leaf("last_contact", "empty")) == ["Never"]
    assert _names(worker, {}, sort="last_contact") == ["New", "Old", "Never"]
    assert _names(worker, {}, sort="-last_contact") == ["Never", "Old", "New"]
    assert never.last_contact_at is None


def test_own_fields_are_filtered_by_their_type():
    where = project()
    amount = services.save_field(SYSTEM, label="Turnover", kind=Field.Kind.MONEY)
    stand = services.save_field(SYSTEM, label="Stand", kind=Field.Kind.CHOICE, options=["A", "B"])
    one, two = party(where, "One"), party(where, "Two")
    services.set_values(SYSTEM, one, {amount: "1500 EUR", stand: "A"})
    services.set_values(SYSTEM, two, {amount: "900 EUR", stand: "B"})
    worker = agent(where)
    assert _names(worker, _leaf("field:turnover", "gte", "1000")) == ["One"]
    assert _names(worker, _leaf("field:stand", "is", ["B"])) == ["Two"]
    with pytest.raises(services.ContactError) as error:
        services.set_values(SYSTEM, one, {stand: "C"})
    assert error.value.field == "field:stand"


def test_relations_read_from_both_sides():
    where = project()
    worker_person, firm = party(where, "Worker"), party(where, "Firm", kind="organisation")
    services.relate(
        SYSTEM, worker_person, firm, kind=RelationType.objects.get(code="works-for"), title="Welder"
    )
    worker = agent(where)
    assert _names(worker, _leaf("relation", "is", ["works-for"])) == ["Worker"]
    assert _names(worker, _leaf("relation", "is", ["~works-for"])) == ["Firm"]
    assert _names(worker, _leaf("related_to", "is", [firm.pk])) == ["Worker"]
    row = lists.page(worker, lists.ListSpec(filter=filters.parse(_leaf("text", "has", "worker")))).rows[0]
    assert (row.organisation, row.title) == ("Firm", "Welder")


@pytest.mark.parametrize("sort", ["name", "-name", "last_contact", "-last_contact", "created", "-changed"])
def test_pages_forward_and_back_show_everybody_once(sort):
    where = project()
    for number in range(23):
        made = party(where, f"Person {number % 5} {number:02}")
        if number % 3:
            touch([made.pk], at=clock.now() - dt.timedelta(days=number // 2), channel="call")
    worker, spec = agent(where), lists.ListSpec(sort=sort)
    whole = [row.party.pk for row in lists.page(worker, spec, limit=100).rows]
    assert len(whole) == 23
    seen, cursor, pages = [], "", []
    while True:
        found = lists.page(worker, spec, cursor=cursor, limit=5)
        seen += [row.party.pk for row in found.rows]
        pages.append(found)
        if not found.next:
            break
        cursor = found.next
    assert seen == whole
    back = lists.page(worker, spec, cursor=pages[-1].back, limit=5)
    assert [row.party.pk for row in back.rows] == whole[15:20]
    assert not lists.page(worker, spec, cursor=pages[1].back, limit=5).back


def test_a_page_costs_the_same_number_of_queries_for_one_row_and_many(django_assert_num_queries):
    where = project()
    spec = lists.ListSpec(columns=("name", "organisation", "email", "phone", "tags", "city"))
    worker = agent(where)
    save_point(SYSTEM, party(where, "First"), PointDraft("email", "first@example.example"))
    with django_assert_num_queries(4):
        lists.page(worker, spec)
    for number in range(20):
        party(where, f"More {number}", email=f"more{number}@example.example")
    with django_assert_num_queries(4):
        lists.page(worker, spec)


@pytest.mark.parametrize(
    "tree",
    [
        {"op": "xor", "items": []},
        {"field": "salary", "cmp": "is", "value": 1},
        {"field": "tag", "cmp": "is", "value": ["x"]},
        {"field": "tag", "cmp": "is", "value": []},
        {"field": "last_contact", "cmp": "before", "value": "31/02/2026"},
        {"field": "text", "cmp": "has", "value": ""},
        {"op": "and", "items": "x"},
        {"op": "and", "items": [{"field": "kind", "cmp": "is", "value": ["person"]}] * 41},
        [1],
    ],
)
def test_a_filter_that_cannot_be_used_says_why(tree):
    with pytest.raises(filters.FilterError):
        filters.condition(SYSTEM, filters.parse(tree))


@pytest.mark.parametrize("cursor", ["x", "////", "W10", "eyJ9", "WyJzb3J0X2tleSIsIDEsIDIsIHRydWVd"])
def test_a_damaged_cursor_starts_at_the_beginning(cursor):
    where = project()
    party(where, "Only")
    assert len(lists.page(agent(where), lists.ListSpec(), cursor=cursor).rows) == 1

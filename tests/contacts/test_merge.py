"""Two records of one person: what a merge would do, doing it, and taking it back."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from enishi.accounts.access import Forbidden, Level
from enishi.contacts import services
from enishi.contacts.models import (
    Consent,
    ContactPoint,
    DuplicatePair,
    ExternalId,
    Field,
    FieldValue,
    Party,
    PartyTag,
    Relation,
    RelationType,
)
from enishi.contacts.queries.lists import ListSpec, total
from enishi.contacts.services import (
    PointDraft,
    change_party,
    duplicates,
    merging,
    relate,
    set_tags,
    set_values,
    state_consent,
)
from enishi.contacts.services.merging.moving import links
from enishi.search.queries import find
from enishi.timeline.models import Entry, Item
from enishi.timeline.services import place, undo_operation, undoer_for
from enishi.timeline.undo import UndoRefused
from factories import SYSTEM, agent, manager, outsider, party, project

pytestmark = pytest.mark.django_db


def _fresh(one: Party) -> Party:
    return Party.objects.unscoped("test").get(pk=one.pk)


def _values(one: Party) -> list[str]:
    return sorted(FieldValue.objects.filter(party=one).values_list("text", flat=True))


def _merge(kept, gone, *, by=SYSTEM, **values):
    return merging.merge(by, kept=_fresh(kept), gone=_fresh(gone), **values)


def _undo(operation, *, by=SYSTEM, keep=None):
    undo_operation(by, operation.pk, keep=keep)


def _point(where, one, typed, kind="email", **values):
    return services.save_point(SYSTEM, _fresh(one), PointDraft(kind=kind, typed=typed, **values))


def test_chosen_fields_names_projects_and_level_come_together():
    here, there = project(), project()
    kept = party(here, "Shirin Mohtadi", language="fa", note="Skipper")
    gone = party(
        there,
        "Shirine Mohtady",
        language="ja",
        note="Speaks softly",
        honorific="Ms",
        confidentiality=Level.CONFIDENTIAL,
    )
    change_party(SYSTEM, gone, names={"Arab": {"family": "مهتدی", "given": "شیرین", "full": "شیرین مهتدی"}})
    operation = _merge(kept, gone, choices={"language": "b"})
    now = _fresh(kept)
    assert (now.full_name, now.language, now.honorific, now.note) == (
        "Shirin Mohtadi",
        "ja",
        "Ms",
        "Skipper\n\nSpeaks softly",
    )
    assert now.names == {
        "Arab": {"family": "مهتدی", "given": "شیرین", "full": "شیرین مهتدی"},
        "Zyyy": {"full": "Shirine Mohtady"},
    }
    assert (now.project_ids, now.confidentiality) == (sorted([here.pk, there.pk]), Level.CONFIDENTIAL)
    old = _fresh(gone)
    assert (old.merged_into_id, old.deleted_at is not None) == (kept.pk, True)
    assert [hit.subject_id for hit in find(SYSTEM, "mohtady")] == [kept.pk]
    entry = Entry.objects.unscoped("test").filter(operation=operation, subject_id=kept.pk).get()
    assert entry.event == "contacts.party_merged"
    assert entry.changes["language"] == ["fa", "ja"]
    assert entry.data == {"gone": gone.pk, "moved": 0}


def test_the_other_name_may_be_the_one_that_counts():
    where = project()
    kept, gone = party(where, "S. Mohtadi"), party(where, "Shirin Mohtadi")
    _merge(kept, gone, choices={"name": "b"})
    now = _fresh(kept)
    assert (now.full_name, now.names) == ("Shirin Mohtadi", {"Zyyy": {"full": "S. Mohtadi"}})


def test_a_name_in_another_script_is_kept_in_that_script():
    where = project()
    kept, gone = party(where, "Aoi Tachibana"), party(where, "橘 葵")
    _merge(kept, gone)
    assert _fresh(kept).names["Jpan"]["full"] == "橘 葵"


def test_ways_to_reach_are_all_kept_once_and_only_one_is_the_first_choice():
    where = project()
    kept = party(where, "Kept", email="same@kept.example")
    gone = party(where, "Gone", email="other@gone.example")
    _point(where, gone, "same@kept.example")
    operation = _merge(kept, gone)
    points = ContactPoint.objects.filter(party=kept).order_by("value")
    assert [(p.value, p.is_primary) for p in points] == [
        ("other@gone.example", False),
        ("same@kept.example", True),
    ]
    left = ContactPoint.objects.filter(party=gone)
    assert [p.value for p in left] == ["same@kept.example"]
    _undo(operation)
    assert sorted((p.party_id, p.value, p.is_primary) for p in ContactPoint.objects.all()) == sorted(
        [
            (kept.pk, "same@kept.example", True),
            (gone.pk, "other@gone.example", True),
            (gone.pk, "same@kept.example", False),
        ]
    )


def test_a_way_to_reach_may_be_left_with_the_old_record():
    where = project()
    kept, gone = party(where, "Kept"), party(where, "Gone", email="bounced@gone.example")
    point = ContactPoint.objects.get(party=gone)
    _merge(kept, gone, leave_points=[point.pk])
    assert not ContactPoint.objects.filter(party=kept).exists()


def test_rows_that_would_clash_stay_behind_and_all_is_as_before_after_undo():
    where = project()
    kept, gone, firm, other = (party(where, name) for name in ("Kept", "Gone", "Firm", "Friend"))
    works, knows = (
        RelationType.objects.get(code="works-for"),
        RelationType.objects.exclude(code="works-for").first(),
    )
    press, local = (services.tag_by_path(SYSTEM, path) for path in ("Press", "Local"))
    set_tags(SYSTEM, kept, [press])
    set_tags(SYSTEM, gone, [press, local])
    relate(SYSTEM, kept, firm, kind=works)
    same = relate(SYSTEM, gone, firm, kind=works)
    moves = relate(SYSTEM, other, gone, kind=knows)
    itself = relate(SYSTEM, gone, kept, kind=knows)
    services.set_external_id(SYSTEM, gone, system="crm", value="77")
    before = _state()
    operation = _merge(kept, gone)
    assert [hit.subject_id for hit in find(SYSTEM, "gone")] == [kept.pk]
    assert Relation.objects.get(pk=same.pk).source_id == gone.pk
    assert Relation.objects.get(pk=moves.pk).target_id == kept.pk
    assert Relation.objects.get(pk=itself.pk).source_id == gone.pk
    assert sorted(PartyTag.objects.filter(party=kept).values_list("tag__path", flat=True)) == [
        "Local",
        "Press",
    ]
    assert ExternalId.objects.get(value="77").party_id == kept.pk
    _undo(operation)
    assert _state() == before
    assert _fresh(gone).deleted_at is None
    assert [hit.subject_id for hit in find(SYSTEM, "gone")] == [gone.pk, other.pk]


def _state():
    return [
        list(Relation.objects.order_by("id").values_list("id", "source", "target", "type")),
        list(PartyTag.objects.order_by("id").values_list("party", "tag")),
        list(ExternalId.objects.order_by("id").values_list("party", "value")),
        list(
            FieldValue.objects.order_by("id").values_list("id", "party", "field", "folded", "number", "flag")
        ),
        list(Item.objects.unscoped("test").order_by("id").values_list("id", "party_id", "subject_id")),
    ]


def test_own_fields_change_places_when_the_other_value_is_chosen():
    where = project()
    number = services.save_field(SYSTEM, label="Boats", kind=Field.Kind.NUMBER)
    stand = services.save_field(SYSTEM, label="Stand", kind=Field.Kind.CHOICE, options=["For", "Against"])
    langs = services.save_field(SYSTEM, label="Speaks", kind=Field.Kind.CHOICES, options=["ja", "fa", "fr"])
    kept, gone = party(where, "Kept"), party(where, "Gone")
    set_values(SYSTEM, kept, {number: "2", stand: "For", langs: ["ja", "fa"]})
    set_values(SYSTEM, gone, {number: "3", stand: "Against", langs: ["fa", "fr"]})
    before = _state()
    preview = merging.preview_merge(SYSTEM, _fresh(kept), _fresh(gone))
    lines = {
        line.code: (line.a, line.b, line.chosen, line.mode)
        for line in preview.lines
        if line.code.startswith("field:")
    }
    assert lines == {
        "field:boats": ("2", "3", "a", "one"),
        "field:stand": ("For", "Against", "a", "one"),
        "field:speaks": ("ja, fa", "fa, fr", "both", "both"),
    }
    operation = _merge(kept, gone, choices={"field:boats": "b"})
    assert FieldValue.objects.get(party=kept, field=number).number == 3
    assert FieldValue.objects.get(party=gone, field=number).number == 2
    assert _values(kept) == ["", "For", "fa", "fr", "ja"]
    _undo(operation)
    assert _state() == before


def test_an_own_field_edited_after_the_merge_stays():
    where = project()
    number = services.save_field(SYSTEM, label="Boats", kind=Field.Kind.NUMBER)
    kept, gone = party(where, "Kept"), party(where, "Gone")
    set_values(SYSTEM, gone, {number: "3"})
    operation = _merge(kept, gone)
    set_values(SYSTEM, _fresh(kept), {number: "4"})
    _undo(operation)
    assert FieldValue.objects.get(party=kept).number == 4


def test_what_was_edited_since_the_merge_stays_and_is_named():
    where = project()
    kept, gone = party(where, "Kept", language="en"), party(where, "Gone", language="fa", greeting="Salam")
    operation = _merge(kept, gone, choices={"language": "b"})
    change_party(SYSTEM, _fresh(kept), language="ja")
    _point(where, kept, "new@kept.example")
    plan = undoer_for(SYSTEM, operation).preview(SYSTEM, operation)
    assert [(c.key, c.now, c.back_to) for c in plan.conflicts] == [("language", "ja", "en")]
    _undo(operation)
    now = _fresh(kept)
    assert (now.language, now.greeting, _fresh(gone).greeting) == ("ja", "", "Salam")
    assert ContactPoint.objects.get(value="new@kept.example").party_id == kept.pk


def test_an_edit_is_taken_back_too_when_asked():
    where = project()
    kept, gone = party(where, "Kept", language="en"), party(where, "Gone", language="fa")
    operation = _merge(kept, gone, choices={"language": "b"})
    change_party(SYSTEM, _fresh(kept), language="ja")
    _undo(operation, keep=[])
    assert _fresh(kept).language == "en"


def test_timeline_and_last_contact_follow_and_return():
    where = project()
    kept, gone = party(where, "Kept"), party(where, "Gone")
    services.touch([kept.pk], at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC), channel="call")
    services.touch([gone.pk], at=dt.datetime(2026, 2, 1, tzinfo=dt.UTC), channel="email")
    both, alone = where, project()
    common = {
        "family": "conversation",
        "occurred_at": dt.datetime(2026, 2, 1, tzinfo=dt.UTC),
        "confidentiality": 1,
    }
    place(both, party_ids=[kept.pk, gone.pk], project_ids=[where.pk], **common)
    place(alone, party_ids=[gone.pk], project_ids=[where.pk], **common)
    before = _state()
    operation = _merge(kept, gone)
    assert list(
        Item.objects.unscoped("test")
        .filter(party_id=kept.pk)
        .order_by("subject_id")
        .values_list("subject_id", flat=True)
    ) == [both.pk, alone.pk]
    assert (_fresh(kept).last_contact_at.month, _fresh(kept).last_channel) == (2, "email")
    _undo(operation)
    assert _state() == before
    assert (_fresh(kept).last_contact_at.month, _fresh(kept).last_channel) == (1, "call")


def test_of_two_consents_the_later_counts_and_of_one_day_the_stricter():
    where = project()
    news, calls = (services.save_purpose(SYSTEM, name=name) for name in ("Wind news", "Quay calls"))
    kept, gone = party(where, "Kept"), party(where, "Gone")
    day = dt.date(2026, 4, 4)
    state_consent(SYSTEM, gone, purpose=news, state="withdrawn", stated_on=day)
    state_consent(SYSTEM, kept, purpose=news, state="given", stated_on=day)
    state_consent(SYSTEM, kept, purpose=calls, state="refused", stated_on=day)
    state_consent(SYSTEM, gone, purpose=calls, state="given", stated_on=day + dt.timedelta(days=1))
    preview = merging.preview_merge(SYSTEM, _fresh(kept), _fresh(gone))
    consents = {
        line.label: (line.chosen, line.mode, line.reason)
        for line in preview.lines
        if line.mode == "rule" and line.reason and "Consent" in str(line.label)
    }
    assert consents == {
        "Consent: Wind news": ("b", "rule", "Both were stated on one day; the stricter one counts."),
        "Consent: Quay calls": ("b", "rule", "The later statement counts."),
    }
    assert preview.settled == 2
    operation = _merge(kept, gone)
    assert _counts(kept) == {"Wind news": "withdrawn", "Quay calls": "given"}
    with pytest.raises(services.ContactError):
        merging.merge(SYSTEM, kept=party(where), gone=_with(where, news), choices={f"consent:{news.pk}": "a"})
    _undo(operation)
    assert _counts(kept) == {"Wind news": "withdrawn", "Quay calls": "refused"}
    assert _counts(gone) == {"Wind news": "withdrawn", "Quay calls": "given"}


def _with(where, purpose):
    made = party(where)
    state_consent(SYSTEM, made, purpose=purpose, state="refused", stated_on=dt.date(2026, 4, 4))
    return made


def _counts(one):
    found = {}
    for consent in Consent.objects.filter(party=one).select_related("purpose").order_by("stated_on", "id"):
        found[consent.purpose.name] = consent.state
    return found


def test_a_chain_is_taken_back_from_its_end():
    where = project()
    first, second, third = (
        party(where, "First", email="1@one.example"),
        party(where, "Second", email="2@two.example"),
        party(where, "Third", email="3@three.example"),
    )
    one = _merge(second, third)
    two = _merge(first, second)
    assert ContactPoint.objects.filter(party=first).count() == 3
    with pytest.raises(UndoRefused, match="merged into another contact since"):
        _undo(one)
    _undo(two)
    _undo(one)
    assert sorted(ContactPoint.objects.values_list("party__full_name", "value")) == [
        ("First", "1@one.example"),
        ("Second", "2@two.example"),
        ("Third", "3@three.example"),
    ]


def test_two_merges_into_one_are_taken_back_in_any_order():
    where = project()
    kept, one, two = (
        party(where, "Kept"),
        party(where, "One", email="1@one.example"),
        party(where, "Two", email="2@two.example"),
    )
    first, second = _merge(kept, one), _merge(kept, two)
    _undo(first)
    assert ContactPoint.objects.get(party=kept).value == "2@two.example"
    _undo(second)
    assert ContactPoint.objects.get(party=two).value == "2@two.example"
    with pytest.raises(UndoRefused, match="already"):
        _undo(second)


def test_who_was_not_the_same_as_the_old_record_is_remembered():
    where = project()
    kept, gone, twin = party(where, "Kept"), party(where, "Gone"), party(where, "Twin")
    duplicates.mark_different(SYSTEM, gone, twin)
    _merge(kept, gone)
    pair = DuplicatePair.objects.get(first=kept, second=twin)
    assert pair.state == "different"


def test_merging_needs_the_right_in_projects_of_both():
    here, there = project(), project()
    kept, gone = party(here, "Kept"), party(there, "Gone")
    worker = agent(here)
    with pytest.raises(Forbidden):
        merging.merge(worker, kept=kept, gone=gone)
    with pytest.raises(Forbidden):
        merging.preview_merge(outsider(), kept, gone)
    with pytest.raises(Forbidden):
        merging.merge(agent(here, codes=["contacts.view", "contacts.edit"]), kept=kept, gone=party(here))
    merging.merge(manager(), kept=kept, gone=gone)


@pytest.mark.parametrize("case", ["itself", "kind", "bin"])
def test_what_cannot_be_merged_is_refused_in_words(case):
    where = project()
    kept, gone = (
        party(where, "Kept"),
        party(where, "Gone", kind="organisation" if case == "kind" else "person"),
    )
    if case == "bin":
        services.delete_party(SYSTEM, gone)
    words = {"itself": "with itself", "kind": "organisation", "bin": "recycle bin"}[case]
    with pytest.raises(services.ContactError, match=words):
        merging.merge(SYSTEM, kept=kept, gone=kept if case == "itself" else gone)


def test_the_preview_counts_only_what_the_reader_may_see():
    where = project()
    kept, gone = party(where, "Kept"), party(where, "Gone")
    secret = party(where, "Secret Employer", kind="organisation", confidentiality=Level.RESTRICTED)
    relate(SYSTEM, gone, secret, kind=RelationType.objects.get(code="works-for"))
    place(
        where,
        party_ids=[gone.pk],
        family="conversation",
        occurred_at=dt.datetime(2026, 2, 1, tzinfo=dt.UTC),
        project_ids=[where.pk],
        confidentiality=Level.RESTRICTED,
    )
    assert merging.preview_merge(agent(where), kept, gone).moves == []
    assert [n for _label, n in merging.preview_merge(manager(where), kept, gone).moves] == [1, 1]


def test_the_list_shows_one_of_them_after_and_both_after_undo():
    where = project()
    worker = agent(where)
    kept, gone = party(where, "Kept"), party(where, "Gone")
    operation = merging.merge(worker, kept=kept, gone=gone)
    assert total(worker, ListSpec()).number == 1
    _undo(operation, by=worker)
    assert total(worker, ListSpec()).number == 2


def test_the_pair_is_suggested_again_as_soon_as_the_merge_is_undone():
    where = project()
    one, other = (party(where, "Ann Reed", email="ann@reed.example") for _ in range(2))
    duplicates.scan()
    operation = _merge(one, other)
    duplicates.scan()
    assert not DuplicatePair.objects.exists()
    _undo(operation)
    pair = DuplicatePair.objects.get()
    assert (pair.first_id, pair.second_id, pair.state) == (one.pk, other.pk, DuplicatePair.State.OPEN)


def test_every_foreign_key_to_a_party_is_known():
    assert {link.key for link in links()} >= {
        "commitments.promise.party",
        "commitments.task.party",
        "contacts.consent.party",
        "contacts.contactpoint.party",
        "contacts.externalid.party",
        "contacts.fieldvalue.person",
        "contacts.partytag.party",
        "contacts.relation.source",
        "contacts.relation.target",
        "content.filelink.party",
        "conversations.participant.party",
        "conversations.unknownsender.party",
    }


def test_the_number_of_queries_does_not_grow_with_what_moves():
    where = project()
    seen = []
    for n in (1, 20):
        kept, gone = party(where, f"Kept {n}"), party(where, f"Gone {n}")
        set_tags(SYSTEM, gone, [services.tag_by_path(SYSTEM, f"Tag {i}") for i in range(n)])
        for i in range(n):
            _point(where, gone, f"{n}-{i}@gone.example")
        with CaptureQueriesContext(connection) as queries:
            _merge(kept, gone)
        seen.append(len(queries))
    assert seen[0] == seen[1]

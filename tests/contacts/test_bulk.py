"""Many contacts at once: preview, change, undo that keeps what was edited since."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from enishi.accounts.access import Forbidden, Level, Via
from enishi.accounts.models import User
from enishi.accounts.queries import actor as actor_of
from enishi.contacts import services
from enishi.contacts.models import Field, FieldValue, Party, PartyTag
from enishi.contacts.queries import filters
from enishi.contacts.queries.lists import ListSpec
from enishi.contacts.services import bulk, change_party, set_tags, set_values
from enishi.search.queries import find
from enishi.timeline.models import Entry, Operation
from enishi.timeline.queries import readable
from enishi.timeline.services import undo_operation, undoer_for
from factories import SYSTEM, agent, grant, manager, outsider, party, project, role, user

pytestmark = pytest.mark.django_db
CODES = ["contacts.view", "contacts.edit", "contacts.bulk", "contacts.delete", "timeline.view"]


def _fresh(one: Party) -> Party:
    return Party.objects.unscoped("test").get(pk=one.pk)


def _some(*parties: Party) -> bulk.Selection:
    return bulk.Selection(ids=tuple(one.pk for one in parties))


def test_a_preview_counts_what_changes_stays_and_is_refused():
    where, elsewhere = project(), project()
    mine = user("Nadia Ferrant")
    worker = agent(where, codes=CODES)
    one, two = party(where, "Ada Vale"), party(where, "Bea Moor")
    change_party(SYSTEM, two, owner_id=mine.pk)
    hidden = party(elsewhere, "Cy Unseen")
    both = bulk.Selection(ids=(one.pk, two.pk, hidden.pk))
    seen = bulk.preview(worker, both, code="owner", value=str(mine.pk))
    assert (seen.change, seen.stay, seen.refused) == (1, 1, 0)
    assert [(e.party.full_name, e.before, e.after) for e in seen.examples] == [
        ("Ada Vale", "", "Nadia Ferrant")
    ]
    assert _fresh(one).owner_id is None


def test_who_may_only_see_some_changes_only_the_others():
    where, other = project(), project()
    worker = agent(where, codes=CODES)
    person = User.objects.get(pk=worker.user_id)
    grant(person, other, role(codes=["contacts.view"]))
    worker = actor_of(person, via=Via.WEB)
    may, may_not = party(where, "May"), party(other, "May not")
    seen = bulk.preview(worker, _some(may, may_not), code="status", value="inactive")
    assert (seen.change, seen.stay, seen.refused) == (1, 0, 1)
    operation = bulk.apply(worker, _some(may, may_not), code="status", value="inactive")
    assert operation.counts == {"changed": 1}
    assert operation.project_ids == [where.pk]
    assert (_fresh(may).status, _fresh(may_not).status) == ("inactive", "active")


def test_without_the_right_nothing_is_even_counted():
    where = project()
    one = party(where)
    with pytest.raises(Forbidden):
        bulk.preview(
            agent(where, codes=["contacts.view", "contacts.edit"]),
            _some(one),
            code="status",
            value="inactive",
        )
    seen = bulk.preview(outsider(), _some(one), code="status", value="inactive")
    assert (seen.change, seen.stay, seen.refused) == (0, 0, 0)


def test_a_change_is_one_operation_and_one_entry_for_each():
    where = project()
    worker = agent(where)
    ones = [party(where, f"Person {n}") for n in range(3)]
    spec = ListSpec(filter=filters.parse({"field": "text", "cmp": "has", "value": "person"}))
    operation = bulk.apply(worker, bulk.Selection(spec=spec), code="language", value="ja")
    assert (operation.state, operation.counts) == ("done", {"changed": 3})
    entries = Entry.objects.unscoped("test").filter(operation=operation).order_by("id")
    assert [(e.event, e.subject_id, e.changes) for e in entries] == [
        *(("contacts.party_changed", one.pk, {"language": ["", "ja"]}) for one in ones),
        ("contacts.bulk_changed", operation.pk, {}),
    ]
    assert [_fresh(one).version for one in ones] == [2, 2, 2]
    assert undo_operation(worker, operation.pk) is True
    assert [_fresh(one).language for one in ones] == ["", "", ""]


def test_undo_keeps_what_was_edited_since_unless_told_otherwise():
    where = project()
    worker = manager(where)
    one, two = party(where, "One"), party(where, "Two")
    operation = bulk.apply(worker, _some(one, two), code="status", value="inactive")
    change_party(worker, _fresh(one), status="deceased")
    plan = undoer_for(worker, operation).preview(worker, operation)
    assert plan.counts == {"changed": 1, "kept": 1}
    assert [(c.subject, c.field, c.now, c.back_to) for c in plan.conflicts] == [
        ("One", "Status", "Deceased", "Active")
    ]
    undo_operation(worker, operation.pk)
    assert (_fresh(one).status, _fresh(two).status) == ("deceased", "active")


def test_undo_takes_back_an_edit_when_told():
    where = project()
    worker = manager(where)
    one = party(where, "One")
    operation = bulk.apply(worker, _some(one), code="status", value="inactive")
    change_party(worker, _fresh(one), status="deceased")
    undo_operation(worker, operation.pk, keep=[])
    assert _fresh(one).status == "active"


def test_a_conflict_about_somebody_out_of_reach_names_nobody():
    where = project()
    boss, worker = manager(where), agent(where)
    one = party(where, "Quiet Person")
    operation = bulk.apply(worker, _some(one), code="status", value="inactive")
    change_party(boss, _fresh(one), status="deceased", confidentiality=Level.RESTRICTED)
    assert undoer_for(worker, operation).preview(worker, operation).conflicts == []


def test_tags_are_added_and_taken_back_without_touching_others():
    where = project()
    worker = agent(where)
    press, local = (services.tag_by_path(SYSTEM, path) for path in ("Press", "Local"))
    one, two = party(where, "One"), party(where, "Two")
    set_tags(SYSTEM, two, [press])
    operation = bulk.apply(worker, _some(one, two), code="tag_add", value=str(press.pk))
    assert operation.counts == {"changed": 1}
    set_tags(worker, one, [press, local])
    undo_operation(worker, operation.pk)
    links = PartyTag.objects.order_by("party_id", "tag__path").values_list("party_id", "tag__path")
    assert list(links) == [(one.pk, "Local"), (two.pk, "Press")]


def test_taking_out_of_a_project_leaves_nobody_without_one_and_moves_rights_and_history():
    here, there = project(), project()
    boss = manager()
    only, both = party(here, "Only Here"), party(here, "Both Places")
    change_party(SYSTEM, both, project_ids=[here.pk, there.pk])
    operation = bulk.apply(boss, _some(only, both), code="project_remove", value=str(here.pk))
    assert operation.counts == {"changed": 1}
    assert (_fresh(only).project_ids, _fresh(both).project_ids) == ([here.pk], [there.pk])
    worker = agent(here)
    assert [hit.title for hit in find(worker, "both")] == []
    assert not readable(worker).filter(subject_type="contacts.party", subject_id=both.pk).exists()
    undo_operation(boss, operation.pk)
    assert sorted(_fresh(both).project_ids) == [here.pk, there.pk]
    assert [hit.title for hit in find(worker, "both")] == ["Both Places"]


def test_more_confidential_hides_at_once_from_list_search_and_history():
    where = project()
    boss, worker = manager(where), agent(where)
    one = party(where, "Hidden Later")
    bulk.apply(boss, _some(one), code="confidentiality", value="3")
    assert find(worker, "hidden") == []
    assert not readable(worker).filter(subject_id=one.pk, subject_type="contacts.party").exists()
    with pytest.raises(services.ContactError):
        bulk.preview(worker, _some(one), code="confidentiality", value="3")


@pytest.mark.parametrize(
    ("kind", "options", "before", "value"),
    [
        (Field.Kind.TEXT, [], "old", "new"),
        (Field.Kind.NUMBER, [], "1.5", "2"),
        (Field.Kind.MONEY, [], "10 EUR", "20 JPY"),
        (Field.Kind.DATE, [], "2026-01-31", "2026-02-01"),
        (Field.Kind.FLAG, [], "yes", "no"),
        (Field.Kind.CHOICE, ["A", "B"], "A", "B"),
        (Field.Kind.CHOICES, ["A", "B", "C"], ["A", "B"], ["B", "C"]),
    ],
)
def test_own_fields_of_every_kind_are_set_and_given_back(kind, options, before, value):
    where = project()
    worker = agent(where)
    field = services.save_field(SYSTEM, label="Stand", kind=kind, options=options)
    one, two = party(where, "One"), party(where, "Two")
    set_values(SYSTEM, one, {field: before})
    set_values(SYSTEM, two, {field: value})
    stored = FieldValue.objects.order_by("party_id", "folded").values_list(
        "party_id", "text", "number", "date", "flag"
    )
    first = list(stored)
    operation = bulk.apply(worker, _some(one, two), code="field:stand", value=value)
    assert operation.counts == {"changed": 1}
    now = list(stored.all())
    assert [row[1:] for row in now if row[0] == one.pk] == [row[1:] for row in now if row[0] == two.pk]
    assert now != first
    undo_operation(worker, operation.pk)
    assert list(stored.all()) == first


def test_deleting_goes_to_the_recycle_bin_and_back():
    where = project()
    worker = agent(where)
    one, two = party(where, "Bin One"), party(where, "Bin Two")
    operation = bulk.apply(worker, _some(one, two), code="delete", value=None)
    assert find(worker, "bin") == []
    services.restore_party(SYSTEM, _fresh(two))
    services.delete_party(SYSTEM, _fresh(two))
    undo_operation(worker, operation.pk)
    assert _fresh(one).deleted_at is None
    assert _fresh(two).deleted_at is not None
    assert [hit.title for hit in find(worker, "bin")] == ["Bin One"]


def test_nothing_to_change_is_said_and_leaves_no_operation():
    where = project()
    with pytest.raises(services.ContactError, match="Nothing would change"):
        bulk.apply(agent(where), _some(party(where)), code="status", value="active")
    assert not Operation.objects.unscoped("test").exists()


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("owner", "999999"),
        ("status", "gone"),
        ("deleted_at", "now"),
        ("full_name", "x"),
        ("field:none", "1"),
        ("tag_add", "x"),
    ],
)
def test_what_nobody_offers_is_refused(code, value):
    where = project()
    with pytest.raises(services.ContactError):
        bulk.preview(agent(where), _some(party(where)), code=code, value=value)


def test_a_large_change_runs_as_a_job_and_goes_on_after_a_crash(monkeypatch):
    from enishi.contacts.services.bulk import applying

    where = project()
    worker = agent(where)
    ones = [party(where, f"Person {n}") for n in range(5)]
    monkeypatch.setattr(applying, "AT_ONCE", 2)
    monkeypatch.setattr(applying, "CHUNK", 2)
    operation = bulk.apply(worker, _some(*ones), code="status", value="inactive")
    assert (operation.state, [_fresh(one).status for one in ones]) == ("running", ["active"] * 5)
    assert applying._next(worker, operation.pk) is True
    assert [_fresh(one).status for one in ones] == ["inactive"] * 2 + ["active"] * 3
    bulk.finish_by_job(worker, operation.pk, url="/people/")
    done = Operation.objects.unscoped("test").get(pk=operation.pk)
    assert (done.state, done.counts) == ("done", {"changed": 5})
    assert [_fresh(one).status for one in ones] == ["inactive"] * 5
    assert (
        Entry.objects.unscoped("test").filter(operation=operation, event="contacts.party_changed").count()
        == 5
    )
    bulk.run(worker, operation.pk)
    assert Entry.objects.unscoped("test").filter(operation=operation).count() == 6


def test_the_number_of_queries_does_not_grow_with_the_number_of_contacts():
    where = project()
    worker = agent(where)
    few, many = [party(where) for _ in range(2)], [party(where) for _ in range(40)]
    with CaptureQueriesContext(connection) as first:
        bulk.apply(worker, _some(*few), code="confidentiality", value="0")
    with CaptureQueriesContext(connection) as second:
        bulk.apply(worker, _some(*many), code="confidentiality", value="0")
    assert len(first) == len(second)

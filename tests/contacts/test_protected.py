"""Fields that only some roles show: their values leave no trace for anybody else."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json

import pytest
from django.urls import reverse

from contacts.editing import as_user
from contacts.test_import_run import run_for
from enishi.accounts import queries, services
from enishi.accounts.access import Actor, Forbidden, Level, Via, rights
from enishi.accounts.models import Project, ProtectedField, Role, User
from enishi.contacts.models import Field, FieldValue, ImportRun, Party
from enishi.contacts.queries import columns, filters, lists
from enishi.contacts.queries import importing as importing_queries
from enishi.contacts.queries.whole import as_data, whole
from enishi.contacts.services import (
    ContactError,
    bulk,
    change_party,
    change_party_whole,
    exporting,
    importing,
    merging,
    save_field,
    set_values,
    undo_change,
)
from enishi.timeline.models import Entry, Operation
from enishi.timeline.services import undo_operation, undoer_for
from enishi.timeline.undo import UndoRefused
from factories import SYSTEM, agent, grant, manager, outsider, party, project, role, user

pytestmark = pytest.mark.django_db
RENT, BORN, NOTE = "contacts.field:rent", "contacts.birth_date", "contacts.note"
SECRET = ("4815162342", "1971-03-09", "Ill since spring", "9 Mar 1971")


@pytest.fixture
def where() -> Project:
    return project("Tidewall East")


@pytest.fixture
def rent() -> Field:
    return save_field(SYSTEM, label="Rent", kind="number", code="rent")


@pytest.fixture
def ada(where, rent) -> Party:
    """Somebody with a rent, a date of birth and a note, all of which are protected afterwards."""
    made = party(where, "Ada Vale", email="ada@vale.example", family_name="Vale", given_name="Ada")
    change_party(SYSTEM, made, birth_date=dt.date(1971, 3, 9), note="Ill since spring")
    set_values(SYSTEM, made, {rent: "4815162342"})
    services.administrator_role()
    services.protect_fields(SYSTEM, [RENT, BORN, NOTE])
    return Party.objects.unscoped("test").get(pk=made.pk)


def _person(where: Project | None, *, seen=(), changed=(), codes=None, clearance=Level.INTERNAL) -> Actor:
    somebody = user()
    usual = [code for code in rights() if not code.startswith("accounts.")]
    given = role(codes=usual if codes is None else codes, clearance=clearance)
    Role.objects.filter(pk=given.pk).update(
        seen_fields=sorted({*seen, *changed}), changed_fields=list(changed)
    )
    grant(somebody, where, given)
    return queries.actor(somebody, via=Via.WEB)


def _rows(actor: Actor) -> list[dict[str, str]]:
    started = exporting.start_export(actor, bulk.Selection(spec=lists.ListSpec()), format="csv")
    return list(
        csv.DictReader(io.StringIO(b"".join(exporting.csv_lines(started)).decode("utf-8-sig"), newline=""))
    )


def _matching(actor: Actor, *leaves: filters.Leaf, op: str = "and") -> list[str]:
    spec = lists.ListSpec(filters.Node(op, leaves))
    return [row.party.full_name for row in lists.page(actor, spec).rows]


def test_only_a_role_that_names_a_field_shows_it(where, ada):
    sees, changes, neither = (
        _person(where, seen=[RENT, NOTE]),
        _person(where, changed=[RENT]),
        agent(where),
    )
    told = {name: as_data(whole(who, ada.pk)) for name, who in (("s", sees), ("c", changes), ("n", neither))}
    assert told["s"]["fields"] == {"rent": "4815162342"}
    assert (told["s"]["note"], told["s"]["birth_date"]) == ("Ill since spring", None)
    assert told["c"]["fields"] == {"rent": "4815162342"}
    assert (told["c"]["note"], told["c"]["birth_date"]) == ("", None)
    assert (told["n"]["fields"], told["n"]["note"], told["n"]["birth_date"]) == ({}, "", None)
    with pytest.raises(Party.DoesNotExist):
        whole(outsider(), ada.pk)


def test_a_field_shown_in_another_project_stays_hidden_here_and_up_to_its_level(where, ada):
    elsewhere = project("Port")
    both = agent(where)
    more = role(codes=[])
    Role.objects.filter(pk=more.pk).update(seen_fields=[RENT])
    grant(User.objects.get(pk=both.user_id), elsewhere, more)
    both = queries.actor(User.objects.get(pk=both.user_id), via=Via.WEB)
    assert as_data(whole(both, ada.pk))["fields"] == {}
    change_party(SYSTEM, ada, project_ids=sorted([where.pk, elsewhere.pk]))
    assert as_data(whole(both, ada.pk))["fields"] == {"rent": "4815162342"}
    low = _person(where, seen=[RENT], clearance=Level.INTERNAL)
    high = agent(where, clearance=Level.RESTRICTED)
    grant(User.objects.get(pk=high.user_id), where, Role.objects.get(grants__user=low.user_id))
    high = queries.actor(User.objects.get(pk=high.user_id), via=Via.WEB)
    change_party(SYSTEM, ada, confidentiality=Level.RESTRICTED)
    assert as_data(whole(high, ada.pk))["fields"] == {}


def test_no_page_shows_it(where, ada, rent):
    blind = agent(where)
    pages = [
        reverse("contacts:party", args=[ada.pk]),
        f"{reverse('contacts:party', args=[ada.pk])}?show=history",
        f"{reverse('contacts:list')}?columns=name&columns=field:rent",
        reverse("contacts:edit", args=[ada.pk, "about"]),
        reverse("contacts:edit", args=[ada.pk, "fields"]),
        reverse("timeline:history"),
        reverse("timeline:of", args=["contacts.party", ada.pk]),
        f"{reverse('timeline:of', args=['contacts.party', ada.pk])}?at=2100-01-01",
    ]
    seen = manager()
    Role.objects.filter(grants__user=seen.user_id).update(seen_fields=[RENT, BORN, NOTE])
    for address in pages:
        closed, open_ = (as_user(who).get(address) for who in (blind, seen))
        assert closed.status_code == open_.status_code == 200, address
        told = closed.content.decode()
        assert not [word for word in SECRET if word in told], address
        if "edit" not in address:
            assert [word for word in SECRET if word in open_.content.decode()], address
    assert "columns" in pages[2]
    assert "field:rent" not in columns.all_columns(blind)
    assert "field:rent" in columns.all_columns(queries.actor(User.objects.get(pk=seen.user_id), via=Via.WEB))


def test_a_filter_on_it_finds_nobody_whichever_way_it_is_asked(where, ada):
    blind, sees = agent(where), _person(where, seen=[RENT])
    more, less = filters.Leaf("field:rent", "gte", "1"), filters.Leaf("field:rent", "lte", "1")
    empty = filters.Leaf("field:rent", "empty", None)
    assert _matching(sees, more) == ["Ada Vale"]
    assert [_matching(blind, leaf) for leaf in (more, less, empty)] == [[], [], []]
    # What is left of a negation says nothing: it is the same for every value.
    assert _matching(blind, more, op="not") == _matching(blind, less, op="not") == ["Ada Vale"]
    assert "field:rent" not in {field.code for field in filters.all_fields(blind)}
    assert "field:rent" in {field.code for field in filters.all_fields(sees)}


def test_an_export_leaves_it_out(where, ada):
    other = project("Port")
    bo = party(other, "Bo Sten")
    set_values(SYSTEM, bo, {Field.objects.get(code="rent"): "7"})
    blind = agent(where)
    (row,) = _rows(blind)
    assert not {"Note", "Date of birth", "Field: rent"} & set(row)
    # Shown in one of two projects: the column is there, with what is shown there.
    half = _person(where, seen=[RENT])
    grant(User.objects.get(pk=half.user_id), other, role(codes=sorted(rights())))
    half = queries.actor(User.objects.get(pk=half.user_id), via=Via.WEB)
    assert [(row["Name"], row["Field: rent"]) for row in _rows(half)] == [
        ("Bo Sten", ""),
        ("Ada Vale", "4815162342"),
    ]


def test_seeing_is_not_changing(where, ada, rent):
    sees, changes = _person(where, seen=[RENT, BORN]), _person(where, changed=[RENT, BORN])
    with pytest.raises(Forbidden):
        set_values(sees, ada, {rent: "1"})
    with pytest.raises(Forbidden):
        change_party(sees, ada, birth_date=None)
    with pytest.raises(Forbidden):
        change_party_whole(agent(where), ada, values={"rent": "1"})
    set_values(changes, ada, {rent: "12"})
    change_party(changes, ada, birth_date=dt.date(1980, 1, 2))
    assert FieldValue.objects.get(party=ada, field=rent).number == 12
    form = as_user(sees).get(reverse("contacts:edit", args=[ada.pk, "fields"])).content.decode()
    assert "own-rent" not in form
    assert (
        "own-rent" in as_user(changes).get(reverse("contacts:edit", args=[ada.pk, "fields"])).content.decode()
    )
    assert (
        "birth_date"
        not in as_user(agent(where)).get(reverse("contacts:edit", args=[ada.pk, "about"])).content.decode()
    )


def test_saving_the_rest_of_the_form_keeps_what_is_hidden(where, ada):
    blind = agent(where)
    page = as_user(blind)
    address = reverse("contacts:edit", args=[ada.pk, "about"])
    form = page.get(address).context["form"]
    sent = {"status": "active", "language": "fr", "confidentiality": "1", "project_ids": [str(where.pk)]}
    sent["seen"] = form["seen"].value()
    assert page.post(address, {**sent, "note": "", "birth_date": ""}).status_code in {200, 302}
    ada.refresh_from_db()
    assert (ada.language, ada.note, ada.birth_date) == ("fr", "Ill since spring", dt.date(1971, 3, 9))


def test_taking_back_ones_change_does_not_bring_a_field_back_that_one_may_no_longer_change(where, ada, rent):
    changes = _person(where, changed=[RENT])
    set_values(changes, ada, {rent: "12"})
    entry = Entry.objects.unscoped("test").filter(user=changes.user_id).latest("pk")
    Role.objects.filter(grants__user=changes.user_id).update(seen_fields=[], changed_fields=[])
    later = queries.actor(User.objects.get(pk=changes.user_id), via=Via.WEB)
    with pytest.raises(ContactError):
        undo_change(later, ada, entry)
    assert FieldValue.objects.get(party=ada, field=rent).number == 12


def test_many_at_once_only_where_it_may_be_changed_throughout(where, ada):
    other = project("Port")
    half = _person(where, changed=[RENT])
    whole_ = _person(None, changed=[RENT])
    everybody = bulk.Selection(spec=lists.ListSpec())
    assert "field:rent" in dict(bulk.editable(half))
    grant(User.objects.get(pk=half.user_id), other, role(codes=sorted(rights())))
    half = queries.actor(User.objects.get(pk=half.user_id), via=Via.WEB)
    assert "field:rent" not in dict(bulk.editable(half))
    with pytest.raises(ContactError):
        bulk.preview(half, everybody, code="field:rent", value="5")
    done = bulk.apply(whole_, everybody, code="field:rent", value="5")
    assert done.label == "Rent"
    page = as_user(agent(where)).get(reverse("timeline:operation", args=[done.pk]))
    assert page.status_code in {200, 404}
    with pytest.raises(UndoRefused):
        undoer_for(half, done).preview(half, done)
    undo_operation(whole_, done.pk)
    assert FieldValue.objects.get(party=ada).number == 4815162342


def test_a_merge_settles_hidden_fields_without_showing_them(where, ada, rent):
    twin = party(where, "Ada Vale")
    blind = agent(where)
    preview = merging.preview_merge(blind, twin, ada)
    assert not {"note", "birth_date", "field:rent"} & {line.code for line in preview.lines}
    # Choosing blindly changes nothing of them.
    done = merging.merge(blind, kept=twin, gone=ada, choices={"field:rent": "a", "note": "a"})
    assert FieldValue.objects.get(party=twin, field=rent).number == 4815162342
    twin.refresh_from_db()
    assert twin.note == "Ill since spring"
    change_party(SYSTEM, twin, note="Well again")
    plan = undoer_for(blind, done).preview(blind, done)
    assert [(c.now, c.back_to) for c in plan.conflicts if c.key == "note"] == [("", "")]


def test_an_import_leaves_protected_values_out_also_of_the_note(where, ada, rent):
    text = "Name,Email,Rent,Birthday\nAda Vale,ada@vale.example,99,1990-05-05\nBo Sten,bo@sten.example,7,1991-06-06\n"
    blind = agent(where)
    run = run_for(text, where, actor=blind, rules={"Rent": "custom:rent"})
    assert run.state == "checked"
    importing.begin(blind, run)
    importing.apply(blind, run)
    assert FieldValue.objects.get(party=ada, field=rent).number == 4815162342
    bo = Party.objects.unscoped("test").get(full_name="Bo Sten")
    assert (bo.note, bo.birth_date, FieldValue.objects.filter(party=bo).count()) == ("", None, 0)
    changes = _person(where, changed=[RENT, BORN])
    assert importing_queries.run(changes, run.pk) == run
    run = run_for(text.replace(",99,", ",98,"), where, actor=changes, rules={"Rent": "custom:rent"})
    importing.begin(changes, run)
    importing.apply(changes, run)
    assert FieldValue.objects.get(party=ada, field=rent).number == 98
    bo.refresh_from_db()
    assert bo.birth_date == dt.date(1991, 6, 6)
    # Whoever may import there and does not see the field does not open the file of a colleague that fills it.
    with pytest.raises(ImportRun.DoesNotExist):
        importing_queries.run(blind, run.pk)


def test_the_api_neither_tells_nor_takes_it(where, ada):
    somebody = User.objects.get(pk=agent(where).user_id)
    scopes = ["contacts.view", "contacts.edit"]
    token = services.create_token(queries.actor(somebody, via=Via.WEB), name="t", scopes=scopes, days=7)[1]
    client = as_user(queries.actor(somebody, via=Via.WEB))
    head = {"authorization": f"Bearer {token}"}
    told = client.get(f"/api/v1/parties/{ada.pk}", headers=head).json()
    assert (told["fields"], told["note"], told["birth_date"]) == ({}, "", None)
    sent = client.patch(
        f"/api/v1/parties/{ada.pk}",
        json.dumps({"note": "mine"}),
        content_type="application/json",
        headers=head,
    )
    assert sent.status_code == 403
    asked = filters.as_json(filters.Node("and", (filters.Leaf("field:rent", "gte", "1"),)))
    found = client.get("/api/v1/parties", {"filter": json.dumps(asked)}, headers=head)
    assert (found.status_code, found.json()["items"]) == (200, [])


def test_protecting_is_for_whoever_manages_rights_and_nobody_gives_what_they_do_not_see(where, ada):
    with pytest.raises(Forbidden):
        services.protect_fields(agent(where), [])
    half = manager()
    Role.objects.filter(grants__user=half.user_id).update(seen_fields=[NOTE, BORN])
    half = queries.actor(User.objects.get(pk=half.user_id), via=Via.WEB)
    with pytest.raises(services.BeyondOwnRights, match="Rent"):
        services.protect_fields(half, [NOTE, BORN])
    with pytest.raises(services.BeyondOwnRights, match="Rent"):
        services.create_role(half, name="Finance", codes=[], clearance=1, seen_fields=[RENT])
    made = services.create_role(half, name="Care", codes=[], clearance=1, changed_fields=[NOTE])
    assert (made.seen_fields, made.changed_fields) == ([NOTE], [NOTE])
    services.protect_fields(half, [RENT, BORN])
    made.refresh_from_db()
    assert made.seen_fields == []
    assert set(ProtectedField.objects.values_list("name", flat=True)) == {RENT, BORN}
    assert as_data(whole(agent(where), ada.pk))["note"] == "Ill since spring"


def test_roles_are_given_fields_on_their_page(where, ada):
    boss = user("Boss")
    grant(boss, None, services.administrator_role())
    page = as_user(queries.actor(boss, via=Via.WEB))
    made = services.create_role(SYSTEM, name="Finance", codes=["contacts.view"], clearance=1)
    address = reverse("accounts:role", args=[made.pk])
    assert 'name="protected:contacts.field:rent"' in page.get(address).content.decode()
    sent = {"name": "Finance", "clearance": "1", "codes": ["contacts.view"], f"protected:{RENT}": "change"}
    effect = page.post(reverse("accounts:role_effect", args=[made.pk]), sent).content.decode()
    assert "“Rent”: Shown, may be changed" in effect
    assert page.post(address, sent).status_code == 302
    made.refresh_from_db()
    assert (made.seen_fields, made.changed_fields) == ([RENT], [RENT])
    listed = page.get(reverse("accounts:role_fields")).content.decode()
    assert "Finance" in listed
    assert page.post(reverse("accounts:role_fields"), {"names": [RENT]}).status_code == 302
    assert set(ProtectedField.objects.values_list("name", flat=True)) == {RENT}
    why = page.get(reverse("accounts:why"), {"who": agent(where).user_id, "what": "Ada Vale"})
    assert "Not shown to them: Rent" in why.content.decode()


def test_the_administrator_role_names_every_protected_field(where, ada):
    assert services.administrator_role().changed_fields == sorted([RENT, BORN, NOTE])
    assert Operation.objects.unscoped("test").count() == 0

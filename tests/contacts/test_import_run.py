"""From a file to contacts and back: counts, history, undo with conflicts."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.db import connection

import factories
from enishi.accounts.access import Forbidden
from enishi.contacts import signals
from enishi.contacts.models import (
    Consent,
    ContactPoint,
    DuplicatePair,
    ExternalId,
    Field,
    FieldValue,
    ImportRow,
    ImportRun,
    Party,
    PartyTag,
    Relation,
    Tag,
)
from enishi.contacts.services import change_party, importing
from enishi.contacts.services.importing import applying
from enishi.contacts.services.importing.problems import said
from enishi.core import clock
from enishi.search.queries import find
from enishi.timeline.models import Entry, Operation
from enishi.timeline.services import undo_operation

pytestmark = pytest.mark.django_db

SYSTEM = factories.SYSTEM
LIST = """First name,Last name,Email,Mobile,Company,Job title,Tags
Aline,Mercier,aline@mercier.example,+33 6 39 98 01 01,Mercier SARL,Directrice,Press/Radio|VIP
Brune,Castel,brune@castel.example,06 39 98 01 02,Mercier,Assistante,
"""


def run_for(text: str | bytes, project, *, actor=SYSTEM, name="list.csv", rules=None, **options) -> ImportRun:
    data = text.encode() if isinstance(text, str) else text
    run = importing.upload(actor, project_id=project.pk, name=name, stream=io.BytesIO(data))
    if rules:
        places = {header: place for place, header in enumerate(run.facts["headers"])}
        importing.map_columns(actor, run, {places[header]: rule for header, rule in rules.items()})
    if options:
        importing.set_options(actor, run, project_id=project.pk, **options)
    return importing.check(actor, run)


def imported(text: str | bytes, project, **options) -> ImportRun:
    run = run_for(text, project, **options)
    assert run.state == "checked", run.problem
    importing.begin(SYSTEM, run)
    return importing.apply(SYSTEM, run)


def persons() -> list[Party]:
    return list(Party.objects.unscoped("test").present().filter(kind="person").order_by("id"))


@pytest.fixture
def project():
    return factories.project("Wind", country="FR")


def test_a_list_becomes_contacts_with_all_that_hangs_on_them(project):
    run = imported(LIST, project)
    assert run.counts == {"read": 2, "created": 2, "refused": 0, "quarantined": 0}
    aline, brune = persons()
    assert (aline.full_name, aline.family_name, aline.given_name) == ("Aline Mercier", "Mercier", "Aline")
    assert aline.project_ids == [project.pk]
    points = aline.points.order_by("id").values_list("kind", "label", "value", "typed", "is_primary")
    assert list(points) == [
        ("email", "work", "aline@mercier.example", "aline@mercier.example", True),
        ("phone", "mobile", "+33639980101", "+33 6 39 98 01 01", True),
    ]
    # Both writings of the firm are one.
    assert list(
        Relation.objects.order_by("id").values_list(
            "source__full_name", "target__full_name", "title", "type__code", "evidence"
        )
    ) == [
        ("Aline Mercier", "Mercier SARL", "Directrice", "works-for", "list.csv"),
        ("Brune Castel", "Mercier SARL", "Assistante", "works-for", "list.csv"),
    ]
    assert sorted(PartyTag.objects.filter(party=aline).values_list("tag__path", flat=True)) == [
        "Press / Radio",
        "VIP",
    ]
    assert Tag.objects.get(path="Press / Radio").parent.path == "Press"
    found = (
        [hit.subject_id for hit in find(SYSTEM, "mercier directrice").hits]
        if hasattr(find(SYSTEM, "x"), "hits")
        else None
    )
    assert found is None or aline.pk in found
    assert brune.points.get(kind="phone").value == "+33639980102"


def test_the_history_holds_one_operation_with_before_and_after(project):
    run = imported(LIST, project)
    operation = run.operation
    assert (operation.kind, operation.state, operation.label) == ("contacts.import", "done", "list.csv")
    assert operation.counts == {"created": 2}
    entries = Entry.objects.unscoped("test").filter(operation=operation).order_by("id")
    assert [entry.event for entry in entries] == ["contacts.party_imported"] * 3 + [
        "contacts.import_finished"
    ]
    aline = entries[0]
    assert aline.changes["full_name"] == [None, "Aline Mercier"]
    assert aline.data["rows"] == [2]
    assert aline.party_id == persons()[0].pk


def test_an_update_fills_adds_and_keeps_the_old_value_in_the_history(project):
    party = factories.party(
        project, "Aline Mercier", email="aline@mercier.example", language="en", note="Met in Brest."
    )
    run = imported(
        "Name,Email,Phone,Language,Note\nAline Mercier,ALINE@mercier.example,06 39 98 01 01,fr,Prefers calls.\n",
        project,
    )
    assert run.counts["updated"] == 1
    party.refresh_from_db()
    assert (party.language, party.note, party.version) == ("fr", "Met in Brest.\n\nPrefers calls.", 2)
    assert sorted(party.points.values_list("kind", "value")) == [
        ("email", "aline@mercier.example"),
        ("phone", "+33639980101"),
    ]
    changes = Entry.objects.unscoped("test").get(event=signals.party_updated_by_import.code).changes
    assert changes["language"] == ["en", "fr"]
    assert set(changes) == {"family_name", "given_name", "language", "note", "points"}


def test_values_that_are_there_stay_unless_the_file_wins(project):
    party = factories.party(project, "Aline Mercier", email="aline@mercier.example", language="en")
    imported(
        "Name,Email,Language,Time zone\nAline Mercier,aline@mercier.example,fr,Europe/Paris\n",
        project,
        file_wins=False,
    )
    party.refresh_from_db()
    assert (party.language, party.time_zone) == ("en", "Europe/Paris")


def test_importing_the_same_file_again_changes_nothing(project):
    imported(LIST, project)
    entries = Entry.objects.unscoped("test").count()
    run = imported(LIST, project)
    assert run.counts == {"read": 2, "unchanged": 2, "refused": 0, "quarantined": 0}
    assert run.operation is None
    assert Entry.objects.unscoped("test").count() == entries + 1
    assert Party.objects.unscoped("test").count() == 3


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (
            "A B,a@b.example,0639,",
            "Phone",
            "“0639” has too few digits for a phone number. Is the area code missing?",
        ),
        (
            "A B,a b@c.example,,",
            "Email",
            "“a b@c.example” has a space within it, which an e-mail address cannot have.",
        ),
        ("A B,a@b.example,,31/02/1990", "Birthday", None),
    ],
)
def test_a_row_that_cannot_be_read_is_refused_by_column_and_reason(project, row, column, words):
    run = run_for(f"Name,Email,Phone,Birthday\nZoé Lam,zoe@lam.example,,\n{row}\n", project)
    assert run.counts == {"created": 1, "refused": 1, "read": 2, "quarantined": 0}
    refused = ImportRow.objects.get(action="refuse")
    assert (refused.number, refused.cells) == (3, row.split(","))
    (problem,) = refused.errors
    assert problem["column"] == column
    assert words is None or said(problem) == words


def test_doubtful_rows_become_contacts_and_pairs_to_look_at(project):
    there = factories.party(project, "Aline Mercier")
    run = run_for("Name,Email\nAline Mercier,new@mercier.example\n", project)
    assert run.counts["duplicate"] == 1
    row = ImportRow.objects.get()
    assert row.matches == [{"party": there.pk, "row": None, "score": 85, "reason": "name"}]
    importing.begin(SYSTEM, run)
    importing.apply(SYSTEM, run)
    pair = DuplicatePair.objects.get()
    assert (pair.first_id, pair.state, pair.score) == (there.pk, "open", 85)
    assert len(persons()) == 2


@pytest.mark.parametrize(
    ("decision", "count", "contacts", "state"),
    [("create", "created", 2, "different"), ("update", "updated", 1, None), ("skip", "left_out", 1, None)],
)
def test_a_decision_about_a_duplicate_is_followed(project, decision, count, contacts, state):
    factories.party(project, "Aline Mercier")
    run = run_for("Name,Email\nAline Mercier,new@mercier.example\n", project)
    assert importing.decide(SYSTEM, run, [2], decision=decision) == 1
    importing.begin(SYSTEM, run)
    importing.apply(SYSTEM, run)
    assert run.counts[count] == 1
    assert len(persons()) == contacts
    assert [pair.state for pair in DuplicatePair.objects.all()] == ([state] if state else [])


def test_rows_of_one_file_about_one_person_are_one_contact(project):
    text = "Name,Email,Phone\nAline Mercier,a@m.example,\nA. Mercier,a@m.example,06 39 98 01 01\nAline Mercier,a@m.example,\n"
    run = run_for(text, project)
    assert run.counts == {"created": 1, "updated": 1, "unchanged": 1, "read": 3, "quarantined": 0}
    importing.begin(SYSTEM, run)
    importing.apply(SYSTEM, run)
    assert run.counts == {
        "created": 1,
        "updated": 1,
        "unchanged": 1,
        "refused": 0,
        "read": 3,
        "quarantined": 0,
    }
    (aline,) = persons()
    assert sorted(aline.points.values_list("kind", flat=True)) == ["email", "phone"]


def test_a_shared_mailbox_does_not_make_two_people_one(project):
    run = imported("Name,Email\nAline Mercier,office@m.example\nKaspar Vogt,office@m.example\n", project)
    assert run.counts["created"] == 2


def test_ids_of_other_systems_find_their_contact_whatever_its_name(project):
    rules = {"Id": "external_id:crm"}
    imported("Id,Name\n7,Aline Mercier\n", project, rules=rules)
    run = imported("Id,Name\n7,Aline Vogt\n", project, rules=rules)
    assert run.counts["updated"] == 1
    (aline,) = persons()
    assert (aline.full_name, aline.family_name) == ("Aline Vogt", "Vogt")
    assert ExternalId.objects.get().party_id == aline.pk


def test_a_card_is_dated_evidence_and_overwrites_nothing(project):
    rules = {"Seen": "seen_on"}
    head = "Name,Email,Company,Job title,Seen\n"
    imported(head + "Aline Mercier,a@m.example,Mercier,Assistante,2024-05-01\n", project, rules=rules)
    imported(head + "Aline Mercier,a@m.example,Ondine,Directrice,2026-03-01\n", project, rules=rules)
    ties = Relation.objects.order_by("id").values_list("target__full_name", "title", "seen_on", "valid_until")
    assert list(ties) == [
        ("Mercier", "Assistante", dt.date(2024, 5, 1), None),
        ("Ondine", "Directrice", dt.date(2026, 3, 1), None),
    ]


def test_own_fields_consents_owner_and_status_arrive_typed(project):
    colleague = factories.user("Nadia Ferrant")
    Field.objects.create(code="hectares", label="Hectares", kind="number")
    Field.objects.create(
        code="topics", label="Topics", kind="choices", options=[{"value": v, "label": v} for v in "AB"]
    )
    run = imported(
        'Name,Email,Hectares,Topics,Newsletter,Responsible,Dead\nAline Mercier,a@m.example,"12,5",A;B,yes,Ferrant,yes\n',
        project,
        rules={
            "Hectares": "custom:hectares",
            "Topics": "custom:topics",
            "Newsletter": "consent:newsletter",
            "Responsible": "owner",
            "Dead": "deceased",
        },
    )
    assert run.counts["created"] == 1
    (aline,) = persons()
    assert (aline.owner_id, aline.status) == (colleague.pk, "deceased")
    values = FieldValue.objects.order_by("id").values_list("field__code", "number", "text")
    assert [(code, number and float(number), text) for code, number, text in values] == [
        ("hectares", 12.5, ""),
        ("topics", None, "A"),
        ("topics", None, "B"),
    ]
    consent = Consent.objects.get()
    assert (consent.purpose.code, consent.state, consent.basis, consent.evidence) == (
        "news",
        "given",
        "consent",
        "list.csv",
    )


def test_a_refusal_outweighs_a_consent_of_a_file_without_a_date(project):
    rules = {"News": "consent:newsletter"}
    imported("Name,Email,News\nAline Mercier,a@m.example,no\n", project, rules=rules)
    imported("Name,Email,News\nAline Mercier,a@m.example,yes\n", project, rules=rules)
    assert [consent.state for consent in Consent.objects.all()] == ["refused"]


# --- undo


def test_undo_takes_back_creates_and_updates(project):
    there = factories.party(project, "Brune Castel", email="brune@castel.example", language="en")
    run = imported(LIST + "Brune,Castel,brune@castel.example,,,,\n", project, tags=["Fair"])
    assert run.counts["created"] == 1
    assert undo_operation(SYSTEM, run.operation_id) is True
    run.refresh_from_db()
    assert run.state == "undone"
    assert [party.pk for party in persons()] == [there.pk]
    assert not Party.objects.unscoped("test").present().filter(kind="organisation").exists()
    there.refresh_from_db()
    assert list(there.points.values_list("value", flat=True)) == ["brune@castel.example"]
    assert not PartyTag.objects.filter(party=there).exists()
    assert not Relation.objects.filter(source=there).exists()
    assert Operation.objects.unscoped("test").get().state == "undone"
    # The import can be done anew.
    assert imported(LIST, project).counts["created"] == 1


def test_undo_keeps_what_was_edited_since_and_says_so(project):
    from enishi.timeline.undo import undoer_of

    there = factories.party(
        project, "Brune Castel", email="brune@castel.example", language="en", time_zone="UTC"
    )
    run = imported(
        "Name,Email,Language,Time zone\nAline Mercier,aline@m.example,fr,\nZoé Lam,zoe@l.example,fr,\n"
        "Brune Castel,brune@castel.example,fr,Europe/Paris\n",
        project,
    )
    aline, zoe = (Party.objects.unscoped("test").get(full_name=name) for name in ("Aline Mercier", "Zoé Lam"))
    change_party(SYSTEM, aline, note="Called back.")
    there.refresh_from_db()
    change_party(SYSTEM, there, language="ja")
    plan = undoer_of(run.operation).preview(SYSTEM, run.operation)
    assert plan.counts == {"deleted": 1, "restored": 1}
    assert [(found.subject, found.now, found.back_to) for found in plan.conflicts] == [
        ("Aline Mercier", "edited since", "recycle bin"),
        ("Brune Castel", "ja", "en"),
    ]
    undo_operation(SYSTEM, run.operation_id)
    for party in (aline, zoe, there):
        party.refresh_from_db()
    assert (aline.deleted_at, zoe.deleted_at is None) == (None, False)
    assert (there.language, there.time_zone) == ("ja", "UTC")


def test_undo_without_keeping_takes_back_edits_too(project):
    run = imported("Name,Email\nAline Mercier,aline@m.example\n", project)
    (aline,) = persons()
    change_party(SYSTEM, aline, note="Called back.")
    undo_operation(SYSTEM, run.operation_id, keep=[])
    assert persons() == []


# --- rights


def test_an_import_needs_its_right_in_the_project(project):
    reader = factories.agent(project, codes=["contacts.view", "contacts.edit"])
    with pytest.raises(Forbidden):
        run_for(LIST, project, actor=reader)


def test_a_contact_out_of_sight_is_neither_matched_nor_named(project):
    elsewhere = factories.project("Secret")
    factories.party(elsewhere, "Aline Mercier", email="aline@mercier.example")
    agent = factories.agent(project)
    run = run_for(LIST, project, actor=agent)
    assert run.counts == {"created": 2, "read": 2, "quarantined": 0}
    importing.begin(agent, run)
    importing.apply(agent, run)
    assert Party.objects.unscoped("test").filter(full_name="Aline Mercier").count() == 2


def test_a_contact_that_may_only_be_read_is_not_changed(project):
    elsewhere = factories.project("Shared")
    there = factories.party(elsewhere, "Aline Mercier", email="aline@mercier.example")
    user = factories.user()
    factories.grant(user, project, factories.role())
    factories.grant(user, elsewhere, factories.role(codes=["contacts.view"]))
    from enishi.accounts.access import Via
    from enishi.accounts.queries import actor

    agent = actor(user, via=Via.WEB)
    run = run_for("Name,Email,Language\nAline Mercier,aline@mercier.example,fr\n", project, actor=agent)
    importing.begin(agent, run)
    importing.apply(agent, run)
    there.refresh_from_db()
    assert (there.language, there.version) == ("", 1)
    row = ImportRow.objects.get()
    assert row.action == "refuse"
    assert (
        said(row.errors[0])
        == "You may not change the contact that this row is about. Ask whoever looks after it."
    )


# --- hostile content


def test_marks_that_turn_text_around_and_html_stay_harmless(project):
    run = imported("Name,Email\n\u202eecila <script>alert(1)</script>,a@b.example\n", project)
    assert run.counts["created"] == 1
    assert persons()[0].full_name == "ecila <script>alert(1)</script>"


def test_photo_and_quarantined_cards(project, settings):
    card = (
        "BEGIN:VCARD\nVERSION:3.0\nN:Mercier;Aline\nFN:Aline Mercier\nPHOTO;ENCODING=b;TYPE=PNG:iVBORw0KGgo=\nEND:VCARD\n"
        "BEGIN:VCARD\nVERSION:3.0\nEND:VCARD\n"
    )
    run = imported(card, project, name="cards.vcf")
    assert run.counts == {"read": 1, "created": 1, "refused": 0, "quarantined": 1}
    assert len(persons()[0].photo) == 64
    aside = run.quarantined.get()
    assert (aside.file, aside.item) == ("cards.vcf", "2 (7)")
    assert (
        aside.reason
        == "The card has neither a name nor an organisation, an e-mail address or a phone number."
    )


def test_points_that_refuse_contact_are_marked(project):
    imported(
        "Name,Email,No mail\nAline Mercier,a@m.example,yes\n", project, rules={"No mail": "refusal:email"}
    )
    assert ContactPoint.objects.get().status == "refused"


def test_staged_rows_go_when_the_import_can_no_longer_be_undone(project):
    old, recent = imported(LIST, project), run_for("Name,Email\nZoé Lam,zoe@lam.example\n", project)
    ImportRun.objects.unscoped("test").filter(pk=old.pk).update(
        created_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    )
    assert importing.forget_rows() == 2
    assert list(ImportRow.objects.values_list("run", flat=True)) == [recent.pk]


def test_the_planner_learns_of_the_contacts_while_a_long_list_comes_in(project, monkeypatch):
    """Without that each chunk of a first import asks an "empty" database, and takes twice as long."""
    monkeypatch.setattr(applying, "CHUNK", 10)
    lines = [f"Person{n},Mercier,p{n}@mercier.example" for n in range(40)]
    imported("First name,Last name,Email\n" + "\n".join(lines), project)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reltuples FROM pg_class WHERE relname IN ('contacts_party', 'contacts_contactpoint')"
        )
        assert [row[0] for row in cursor.fetchall()] == [40, 40]


def test_a_last_day_of_a_consent_comes_with_the_file_and_what_ran_out_is_given_anew(project):
    rules = {"Until": "consent_until:newsletter"}
    last = clock.today() + dt.timedelta(days=30)
    head = "Name,Email,Until\n"
    imported(f"{head}Aline Mercier,a@m.example,{last}\n", project, rules=rules)
    consent = Consent.objects.get()
    assert (consent.purpose.code, consent.state, consent.valid_until) == ("news", "given", last)
    imported(f"{head}Aline Mercier,a@m.example,{last + dt.timedelta(days=9)}\n", project, rules=rules)
    imported(f"{head}Bea Mercier,b@m.example,2020-01-01\n", project, rules=rules)
    assert Consent.objects.count() == 1
    ran_out = clock.today() - dt.timedelta(days=1)
    Consent.objects.update(stated_on=ran_out, valid_until=ran_out)
    imported(f"{head}Aline Mercier,a@m.example,{last}\n", project, rules=rules)
    assert [one.valid_until for one in Consent.objects.order_by("pk")] == [ran_out, last]

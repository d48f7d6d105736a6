"""Values are taken out of the history, and its proof says so; whatever else is altered is still found."""

from __future__ import annotations

import json
import uuid

import pytest
from django.db import IntegrityError, connection, transaction

from enishi.contacts.services import change_party
from enishi.timeline import proof, signals
from enishi.timeline.models import Entry, Redaction
from enishi.timeline.redaction import Content, redact
from enishi.timeline.services import record
from factories import SYSTEM, party, project

pytestmark = pytest.mark.django_db
GONE = "▮▮▮"


def _entries() -> list[Entry]:
    made = party(project(), "Aoi Tanaka")
    change_party(SYSTEM, made, note="Prefers letters")
    change_party(SYSTEM, made, note="Prefers e-mail")
    return list(Entry.objects.unscoped("test").order_by("id"))


def _take_out(entries: list[Entry]) -> int:
    """Take the notes and the name out of these entries."""
    subject = party(project(), "Somebody else")

    def rewrite(entry: Entry) -> Content:
        return Content(GONE, {name: [GONE, GONE] for name in entry.changes}, {})

    def tell(data):
        return record(SYSTEM, signals.history_checked, subject=subject, data=data)

    with transaction.atomic():
        return redact(entries, rewrite=rewrite, tell=tell)


def _behind_the_back(sql: str, *args: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("entry", "redaction"):
            cursor.execute(f"ALTER TABLE timeline_{table} DISABLE TRIGGER timeline_{table}_append_only")
        cursor.execute(sql, args)
        for table in ("entry", "redaction"):
            cursor.execute(f"ALTER TABLE timeline_{table} ENABLE TRIGGER timeline_{table}_append_only")


def test_redacted_entries_are_told_as_such_and_the_rest_is_proved():
    entries = _entries()
    proof.seal_next()
    head = proof.verify().head
    assert _take_out(entries[1:]) == 2
    proof.seal_next()
    found = proof.verify(head)
    assert found.holds
    assert found.redacted == 2
    assert found.erasures == (Redaction.objects.first().erasure_id,)
    assert Entry.objects.unscoped("test").get(pk=entries[1].pk).changes == {"note": [GONE, GONE]}


def test_what_was_not_sealed_yet_is_redacted_and_sealed_afterwards():
    entries = _entries()
    _take_out(entries)
    proof.seal_next()
    assert proof.verify().holds
    assert proof.verify().redacted == 3


def test_an_entry_is_redacted_twice():
    entries = _entries()
    proof.seal_next()
    _take_out(entries[1:2])
    again = list(Entry.objects.unscoped("test").filter(pk=entries[1].pk))
    again[0].refresh_from_db(from_queryset=Entry.objects.unscoped("test"))
    subject = party(project(), "A third")
    with transaction.atomic():
        redact(
            again,
            rewrite=lambda entry: Content("", {}, {}),
            tell=lambda data: record(SYSTEM, signals.history_checked, subject=subject, data=data),
        )
    proof.seal_next()
    assert proof.verify().holds
    assert (proof.verify().redacted, len(proof.verify().erasures)) == (1, 2)


def test_the_salt_is_gone_so_that_nobody_can_test_a_guess():
    entries = _entries()
    proof.seal_next()
    before = entries[1].salt if isinstance(entries[1].salt, uuid.UUID) else None
    _take_out([entries[1]])
    with connection.cursor() as cursor:
        cursor.execute("SELECT salt FROM timeline_entry WHERE id = %s", [entries[1].pk])
        now = cursor.fetchone()[0]
    assert before is not None and now != before
    # With the right words and any salt that is left, the sealed hash is not met again.
    sealed = Redaction.objects.get().was
    guess = [getattr(entries[1], name) for name in proof.FIELDS]
    words = {"label": "Aoi Tanaka", "changes": {"note": ["", "Prefers letters"]}, "data": {}}
    for salt in (now, None):
        values = [words.get(n, v) for n, v in zip(proof.FIELDS, guess, strict=True)]
        values[proof.FIELDS.index("salt")] = salt
        assert proof.leaf(values) != bytes(sealed)
    values[proof.FIELDS.index("salt")] = before
    assert proof.leaf(values) == bytes(sealed)


def test_a_redacted_entry_that_was_altered_is_named():
    entries = _entries()
    proof.seal_next()
    _take_out(entries[1:])
    _behind_the_back(
        "UPDATE timeline_entry SET changes = %s WHERE id = %s", '{"note": ["", "x"]}', entries[2].pk
    )
    found = proof.verify()
    assert (found.reason, found.broken_entry) == ("altered", entries[2].pk)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE timeline_redaction SET now = was WHERE entry_id = %s",
        "UPDATE timeline_redaction SET was = now WHERE entry_id = %s",
        "DELETE FROM timeline_redaction WHERE entry_id = %s",
    ],
)
def test_a_redaction_that_was_tampered_with_is_named(sql):
    entries = _entries()
    proof.seal_next()
    _take_out(entries[1:])
    erasure = Redaction.objects.first().erasure_id
    _behind_the_back(sql, entries[1].pk)
    found = proof.verify()
    assert (found.reason, found.broken_entry) == ("redaction", erasure)


def test_an_alteration_cannot_be_passed_off_as_a_redaction():
    entries = _entries()
    proof.seal_next()
    _take_out(entries[1:2])
    erasure = Redaction.objects.get().erasure_id
    forged = Entry.objects.unscoped("test").get(pk=entries[2].pk)
    was = proof.leaf([getattr(forged, name) for name in proof.FIELDS])
    forged.changes = {"note": ["", "forged"]}
    now = proof.leaf([getattr(forged, name) for name in proof.FIELDS])
    Redaction.objects.create(entry=forged, erasure_id=erasure, was=was, now=now)
    _behind_the_back(
        "UPDATE timeline_entry SET changes = %s WHERE id = %s", json.dumps(forged.changes), forged.pk
    )
    assert (proof.verify().reason, proof.verify().broken_entry) == ("redaction", erasure)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE timeline_entry SET salt = gen_random_uuid()",
        "UPDATE timeline_entry SET salt = NULL",
        "UPDATE timeline_redaction SET now = was",
        "DELETE FROM timeline_redaction",
    ],
)
def test_the_database_refuses_what_no_erasure_registered(sql):
    entries = _entries()
    _take_out(entries[:1])
    if "timeline_entry" in sql:
        sql += f" WHERE id = {entries[1].pk}"
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.django_db(transaction=True)
def test_what_was_sealed_before_there_were_salts_still_proves(built_in):
    """The upgrade of a filled database: sealed by the old rule, migrated, verified, added to, redacted."""
    from django.db.migrations.executor import MigrationExecutor

    def migrate(name: str) -> None:
        executor = MigrationExecutor(connection)
        executor.loader.build_graph()
        executor.migrate([("timeline", name)])

    _entries()
    # As they were written and sealed by the version before: without salts.
    _behind_the_back("UPDATE timeline_entry SET salt = NULL")
    entries = list(Entry.objects.unscoped("test").order_by("id"))
    proof.seal_next()
    head = proof.verify().head
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE timeline_redaction")
        cursor.execute("DROP FUNCTION timeline_redaction_append_only()")
        cursor.execute("ALTER TABLE timeline_entry DROP COLUMN salt")
        cursor.execute("DELETE FROM django_migrations WHERE app = 'timeline' AND name = '0006_redactions'")
    migrate("0006_redactions")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM timeline_entry WHERE salt IS NOT NULL")
        assert cursor.fetchone() == (0,)
    assert proof.verify(head).holds
    new = party(project(), "Later")
    proof.seal_next()
    assert proof.verify(head).entries == 4
    assert Entry.objects.unscoped("test").get(subject_id=new.pk).salt is not None
    _take_out(entries[1:])
    proof.seal_next()
    assert proof.verify(head).holds
    assert proof.verify(head).redacted == 2

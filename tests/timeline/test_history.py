"""The history: written with the change, append-only, sealed, provable."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone, translation

from enishi.contacts.services import change_party
from enishi.core import clock
from enishi.timeline import proof, words
from enishi.timeline.models import Entry, Seal
from enishi.timeline.queries import history_of
from factories import SYSTEM, agent, outsider, party, project, user

pytestmark = pytest.mark.django_db


def _tamper(sql: str, *args: object) -> None:
    """Change the history behind the back of the trigger, as an intruder with the database's password would."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE timeline_entry DISABLE TRIGGER timeline_entry_append_only")
        cursor.execute(sql, args)
        cursor.execute("ALTER TABLE timeline_entry ENABLE TRIGGER timeline_entry_append_only")


def _three_entries() -> list[Entry]:
    where = project()
    made = party(where, "Aoi Tanaka")
    change_party(SYSTEM, made, note="Prefers letters")
    change_party(SYSTEM, made, note="Prefers e-mail")
    return list(Entry.objects.unscoped("test").order_by("id"))


def test_a_change_is_recorded_with_before_and_after():
    where = project()
    made = party(where, "Aoi Tanaka")
    worker = agent(where)
    change_party(worker, made, given_name="Aoi", family_name="Tanaka", language="ja")
    entry = history_of(worker, "contacts.party", made.pk)[0]
    assert entry.actor_name == "Agent"
    assert entry.via == "web"
    assert entry.changes == {"family_name": ["", "Tanaka"], "given_name": ["", "Aoi"], "language": ["", "ja"]}
    assert list(history_of(outsider(), "contacts.party", made.pk)) == []


def test_nothing_is_recorded_when_nothing_changed():
    made = party(project(), "Aoi Tanaka")
    change_party(SYSTEM, made, full_name="Aoi Tanaka")
    assert Entry.objects.unscoped("test").count() == 1


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE timeline_entry SET label = 'x'",
        "UPDATE timeline_entry SET changes = '{}'",
        "DELETE FROM timeline_entry",
    ],
)
def test_the_database_refuses_to_change_the_history(sql):
    _three_entries()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_an_untouched_history_holds():
    _three_entries()
    assert proof.seal_next() == 3
    assert proof.seal_next() == 0
    found = proof.verify()
    assert found.holds
    assert (found.entries, found.seals, found.unsealed) == (3, 1, 0)


def test_an_altered_entry_is_named():
    entries = _three_entries()
    proof.seal_next()
    _tamper("UPDATE timeline_entry SET changes = %s WHERE id = %s", '{"note": ["", "forged"]}', entries[1].pk)
    found = proof.verify()
    assert (found.reason, found.broken_entry) == ("altered", entries[1].pk)


def test_a_removed_entry_is_named():
    entries = _three_entries()
    proof.seal_next()
    _tamper("DELETE FROM timeline_entry WHERE id = %s", entries[2].pk)
    assert (proof.verify().reason, proof.verify().broken_entry) == ("removed", entries[2].pk)


def test_an_inserted_entry_is_named():
    entries = _three_entries()
    proof.seal_next()
    seal = Seal.objects.get()
    forged = entries[0]
    forged.pk = None
    forged.seal = seal
    forged.save(force_insert=True)
    assert (proof.verify().reason, proof.verify().broken_entry) == ("inserted", forged.pk)


def test_a_chain_written_anew_is_found_by_its_head():
    entries = _three_entries()
    proof.seal_next()
    head = proof.verify().head
    assert proof.verify(head).holds
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE timeline_seal DISABLE TRIGGER timeline_seal_append_only")
        cursor.execute("ALTER TABLE timeline_entry DISABLE TRIGGER timeline_entry_append_only")
        cursor.execute(
            "UPDATE timeline_entry SET seal_id = NULL, label = 'forged' WHERE id = %s", [entries[0].pk]
        )
        cursor.execute("UPDATE timeline_entry SET seal_id = NULL")
        cursor.execute("DELETE FROM timeline_seal")
        cursor.execute("ALTER TABLE timeline_seal ENABLE TRIGGER timeline_seal_append_only")
        cursor.execute("ALTER TABLE timeline_entry ENABLE TRIGGER timeline_entry_append_only")
    proof.seal_next()
    assert proof.verify().holds
    assert proof.verify(head).reason == "rewritten"


def test_secrets_are_masked():
    from enishi.timeline.services import masked

    assert masked({"password": ("old", "new"), "api_token": (None, "x")}) == {
        "password": ["•••", "•••"],
        "api_token": ["•••", "•••"],
    }


def _made(event: str) -> words.Told:
    changes = {
        "title": [None, "Send the noise report"],
        "said_start": [None, 69],
        "said_end": [None, 120],
        "said_via": [None, "email"],
    }
    return words.told(
        SYSTEM,
        Entry(subject_type="commitments.promise", event=event, at=clock.now(), via="web", changes=changes),
    )


def test_what_is_new_is_told_without_a_before_and_without_numbers_for_programs():
    made = _made("commitments.promise_made")
    assert (made.rows, made.facts) == ([], [("Promise", "Send the noise report")])
    changed = _made("commitments.promise_changed")
    assert changed.facts == []
    assert changed.rows == [{"field": "Promise", "old": "", "new": "Send the noise report"}]


@pytest.mark.parametrize("language", ["ja", "fr", "fa"])
def test_what_apps_record_under_the_same_names_is_translated(language):
    entry = Entry(subject_type="conversations.interaction", changes={"participants": [None, ["Aoi"]]})
    with translation.override("en"):
        assert words.labels(entry) == {"participants": "Participants"}
    with translation.override(language):
        assert (
            words.labels(entry)["participants"]
            == {"ja": "参加者", "fr": "Participants", "fa": "شرکت‌کنندگان"}[language]
        )


def test_moments_and_numbers_stand_in_the_readers_digits():
    changes = {"due_at": [None, "2025-11-18T17:00:00+00:00"], "evidence": ["", 1204]}
    entry = Entry(
        subject_type="commitments.promise", event="x_changed", at=clock.now(), via="web", changes=changes
    )
    with translation.override("fa"), timezone.override("UTC"):
        told = words.told(SYSTEM, entry)
    assert [row["new"] for row in told.rows] == ["۲۷ آبان ۱۴۰۴ ۱۷:۰۰", "۱٬۲۰۴"]


def test_own_fields_and_outside_ids_are_called_by_their_names():
    entry = Entry(
        subject_type="contacts.party",
        event="contacts.party_changed",
        at=clock.now(),
        via="web",
        changes={"field:contract-value": [[], ["7 EUR"]], "id:ERP": ["", "V-9"], "note": ["", "Letters"]},
    )
    rows = words.told(SYSTEM, entry).rows or words.told(SYSTEM, entry).facts
    assert [row["field"] for row in rows] == ["Contract value", "Id in ERP", "Note"]


def _facts(subject_type: str, **changes: Any) -> dict[str, str]:
    told = words.told(
        SYSTEM,
        Entry(
            subject_type=subject_type,
            event="contacts.party_created",
            at=clock.now(),
            via="web",
            changes={name: [None, value] for name, value in changes.items()},
        ),
    )
    return {name: str(value) for name, value in told.facts}


def test_what_is_kept_by_number_reads_in_words():
    owner = user("Aoi Tanaka")
    told = _facts("contacts.party", owner_id=owner.pk, project_ids=[1, 2], language="fa")
    assert told == {"Looked after by": "Aoi Tanaka", "Projects": "2 projects", "Language": "Persian"}
    told = _facts(
        "conversations.interaction",
        participants=[
            {"role": "from", "party": 7, "user": None, "name": "", "address": "aline@example.org"},
            {"role": "to", "party": None, "user": owner.pk, "name": "", "address": ""},
            {"role": "to", "party": None, "user": None, "name": "Chloe", "address": "chloe@example.org"},
        ],
        folds=[{"start": 1, "end": 9, "kind": "quote"}],
    )
    assert told == {"Participants": "Aoi Tanaka, Chloe, 1 contact"}
    told = _facts("engagement.planline", owner_id=owner.pk, party_id=7, rule="FREQ=MONTHLY", state="open")
    assert told == {"Owner": "Aoi Tanaka", "Repeats": "every month", "State": "To do"}

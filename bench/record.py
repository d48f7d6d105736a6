"""record: one service call with history, outbox job and index, against the same INSERTs by hand in one transaction."""

from __future__ import annotations

import json
import statistics
import uuid

from bench.harness import Figure, alternating, empty, report, say, set_up, timed

CALLS = 300


def run() -> None:
    set_up()
    empty()
    from django.db import connection, transaction

    from enishi.accounts.access import system_actor
    from enishi.accounts.models import Project
    from enishi.contacts import signals
    from enishi.contacts.models import Party
    from enishi.contacts.services import PartyDraft, PointDraft, create_party
    from enishi.core import events, text
    from enishi.core.events import on

    where = Project.objects.create(name="Bench", code="bench")
    actor = system_actor("bench")

    # One receiver, so that each call defers one job, as in an installation with a webhook.
    if "bench" not in str(events.receivers(signals.party_created.code)):

        @on(signals.party_created)
        def bench_receiver(actor: object, entry: object) -> None: ...

    numbers = iter(range(10_000_000))

    def product() -> float:
        def once() -> None:
            number = next(numbers)
            draft = PartyDraft(
                family_name="Tachibana",
                given_name=f"Aoi {number}",
                points=[
                    PointDraft("email", f"aoi{number}@bench.example"),
                    PointDraft("phone", f"+81901{number:07}"),
                ],
            )
            create_party(actor, draft, project_ids=[where.pk])

        return statistics.median(timed(once) for _ in range(CALLS))

    def floor() -> float:
        def once() -> None:
            number = next(numbers)
            name, mail, phone = f"Aoi {number} Tachibana", f"aoi{number}@bench.example", f"+81901{number:07}"
            grams = text.grams(f"aoi {number} tachibana {mail} {phone}")
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO contacts_party (kind, full_name, family_name, given_name, script, names, honorific,"
                    " address_form, greeting, language, time_zone, note, photo, status, sort_key, match_key,"
                    " last_channel, version, confidentiality, project_ids)"
                    " VALUES ('person', %s, 'Tachibana', %s, 'Latn', '{}', '', '', '', '', '', '', '', 'active', %s, %s,"
                    " '', 1, 1, %s) RETURNING id",
                    [name, f"Aoi {number}", name, name, [where.pk]],
                )
                party = cursor.fetchone()[0]
                cursor.execute(
                    "INSERT INTO contacts_contactpoint (party_id, kind, label, value, typed, key, parts, status, note,"
                    " is_primary) VALUES (%s, 'email', 'work', %s, %s, %s, '{}', 'unchecked', '', true),"
                    " (%s, 'phone', 'work', %s, %s, %s, '{}', 'unchecked', '', true)",
                    [party, mail, mail, mail, party, phone, phone, phone],
                )
                cursor.execute(
                    "INSERT INTO search_document (kind, subject_id, title, detail, language, folded, grams, weight,"
                    " project_ids, confidentiality) VALUES ('person', %s, %s, '', '', %s, %s, 1, %s, 1)",
                    [party, name, name, grams, [where.pk]],
                )
                cursor.execute(
                    "INSERT INTO timeline_entry (at, actor_name, via, request_id, event, subject_type, subject_id,"
                    " label, party_id, changes, data, project_ids, confidentiality) VALUES (now(), 'bench', 'job', %s,"
                    " 'contacts.party_created', 'contacts.party', %s, %s, %s, %s, '{}', %s, 1) RETURNING id",
                    [uuid.uuid4(), party, name, party, json.dumps({"full_name": ["", name]}), [where.pk]],
                )
                entry = cursor.fetchone()[0]
                cursor.execute(
                    "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, args)"
                    " VALUES ('events', 'timeline.deliver', %s, %s)",
                    [f"bench:{party}", json.dumps({"entry_id": entry})],
                )

        return statistics.median(timed(once) for _ in range(CALLS))

    product(), floor()
    ours, theirs = alternating(product, floor)
    say(
        f"a contact with two points: {ours * 1000:.2f} ms; by hand {theirs * 1000:.2f} ms; {Party.objects.unscoped('bench').count()} made"
    )
    report(Figure("record", ours * 1000, "ms", ours / theirs, "the same INSERTs by hand in one transaction"))

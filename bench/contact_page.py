"""contact_page: a person with 5,000 timeline entries among a million contacts and 5 million entries.

The floor is the page's own SQL run alone. Also for 100,000 contacts and 500,000 entries.
"""

from __future__ import annotations

from bench._pages import cpu_of, page_and_sql, reader, signed_in_client, sizes
from bench.data import ensure
from bench.harness import ROUNDS, Figure, p95, report, say, set_up, timed

BUSY = 5_000
ENTRIES_EACH = 5
REPEATS = 12


def run() -> None:
    set_up()
    for parties, name in sizes("contact_page"):
        ensure(parties)
        _ensure_talks(parties)
        _measure(name)


def _ensure_talks(parties: int) -> None:
    """As many conversations as contacts, each on five timelines; person 1 takes part in 5,000 of them."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM timeline_item")
        if cursor.fetchone()[0] >= parties * ENTRIES_EACH:
            return
        say(f"writing {parties:,} conversations on {parties * ENTRIES_EACH:,} places")
        say(f"written in {timed(lambda: _write_talks(parties)):.0f} s")


def _write_talks(parties: int) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE conversations_interaction, timeline_item CASCADE")
        cursor.execute(
            """INSERT INTO conversations_interaction (id, channel, direction, occurred_at, subject, text, folds, place,
                   language, answer, in_reply_to, "references", defects, version, confidentiality, project_ids)
               SELECT n, (ARRAY['call', 'email', 'meeting', 'letter'])[1 + n %% 4], 'both',
                   now() - (n %% 500) * interval '1 day' - n * interval '1 second',
                   'Conversation ' || n, 'What was said in conversation ' || n || ', in a few words.', '[]', '', 'en',
                   'none', '', '{}', '[]', 1, 1, ARRAY[1 + n %% 20]
               FROM generate_series(1, %s) AS n""",
            [parties],
        )
        cursor.execute(
            """INSERT INTO conversations_participant (interaction_id, role, party_id, name, address, position)
               SELECT n, 'with', 1, '', '', 0 FROM generate_series(1, %s) AS n""",
            [BUSY],
        )
        cursor.execute(
            """INSERT INTO timeline_item (party_id, family, channel, subject_type, subject_id, occurred_at, project_ids,
                   confidentiality)
               SELECT CASE WHEN k = 0 AND i.id <= %s THEN 1 ELSE 2 + (i.id * 7 + k * 200003) %% (%s - 1) END,
                   'conversation', i.channel, 'conversations.interaction', i.id, i.occurred_at, i.project_ids, 1
               FROM conversations_interaction i, generate_series(0, %s) AS k
               ON CONFLICT DO NOTHING""",
            [BUSY, parties, ENTRIES_EACH - 1],
        )
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence('conversations_interaction', 'id'), %s)", [parties]
        )
        cursor.execute("VACUUM ANALYZE conversations_interaction, conversations_participant, timeline_item")


def _measure(name: str) -> None:
    client = signed_in_client(reader("all@bench.example", "Bench all"))
    page, alone = page_and_sql(client, "/people/1/")
    page(), alone()
    ours, floors = [], []
    for _round in range(ROUNDS * REPEATS):
        ours.append(page())
        floors.append(alone())
    cpu = cpu_of(client, "/people/1/")
    value, floor = p95(ours), p95(floors)
    say(f"p95 {value * 1000:.1f} ms, its SQL alone {floor * 1000:.1f} ms; CPU {cpu * 1000:.1f} ms")
    report(Figure(name, value * 1000, "ms", value / floor, "p95 of the page's own SQL, run alone"))

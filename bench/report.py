"""report: the engagement register over 100,000 interactions, frozen and written as PDF and XLSX.

The floor is one SQL statement that gives the same cells, and openpyxl writing them. The PDF holds the paper and the first
two thousand rows.
"""

from __future__ import annotations

import datetime as dt
import tempfile

from bench._pages import reader
from bench.data import ensure
from bench.harness import ROUNDS, Figure, alternating, peak_memory_mb, report, say, set_up, timed

TALKS = 100_000
PARTIES = 100_000
_CELLS = """
    SELECT i.occurred_at, i.channel, i.direction,
        (SELECT string_agg(p.full_name, '; ' ORDER BY c.position, c.id) FROM conversations_participant c
            JOIN contacts_party p ON p.id = c.party_id WHERE c.interaction_id = i.id AND p.confidentiality <= 1),
        i.subject,
        (SELECT string_agg(t.path, '; ' ORDER BY t.path) FROM conversations_interactiontag l
            JOIN contacts_tag t ON t.id = l.tag_id WHERE l.interaction_id = i.id),
        u.name,
        (SELECT string_agg(j.name, '; ') FROM accounts_project j WHERE j.id = ANY (i.project_ids)),
        i.confidentiality
    FROM conversations_interaction i LEFT JOIN accounts_user u ON u.id = i.user_id
    WHERE i.deleted_at IS NULL AND i.confidentiality <= 1 AND i.occurred_at >= %s AND i.occurred_at < %s
    ORDER BY i.occurred_at, i.id
"""


def run() -> None:
    set_up()
    ensure(PARTIES)
    _ensure_talks()
    _measure()


def _ensure_talks() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM conversations_participant")
        if cursor.fetchone()[0] == 2 * TALKS:
            return
        say(f"writing {TALKS:,} conversations with two people each")
        cursor.execute("TRUNCATE conversations_interaction, timeline_item CASCADE")
        cursor.execute(
            """INSERT INTO conversations_interaction (id, channel, direction, occurred_at, subject, text, folds, place,
                   language, answer, in_reply_to, "references", defects, version, confidentiality, project_ids)
               SELECT n, (ARRAY['call', 'email', 'meeting', 'letter'])[1 + n %% 4], 'both',
                   now() - (n %% 500) * interval '1 day' - n * interval '1 second',
                   'Conversation ' || n || ' about the wall', 'What was said.', '[]', '', 'en',
                   'none', '', '{}', '[]', 1, 1, ARRAY[1 + n %% 20]
               FROM generate_series(1, %s) AS n""",
            [TALKS],
        )
        cursor.execute(
            """INSERT INTO conversations_participant (interaction_id, role, party_id, name, address, position)
               SELECT n, 'with', 1 + (n * 7 + k * 50021) %% %s, '', '', k
               FROM generate_series(1, %s) AS n, generate_series(0, 1) AS k""",
            [PARTIES, TALKS],
        )
        cursor.execute(
            """INSERT INTO contacts_tag (name, path) SELECT 'Theme ' || n, 'Theme ' || n FROM generate_series(1, 12) AS n
               ON CONFLICT DO NOTHING"""
        )
        cursor.execute(
            """INSERT INTO conversations_interactiontag (interaction_id, tag_id)
               SELECT n, (SELECT min(id) FROM contacts_tag WHERE name LIKE 'Theme %%') + n %% 12
               FROM generate_series(1, %s) AS n""",
            [TALKS],
        )
        cursor.execute(
            "VACUUM ANALYZE conversations_interaction, conversations_participant, conversations_interactiontag"
        )


def _measure() -> None:
    from enishi.accounts.access import Via
    from enishi.accounts.queries import actor as actor_of
    from enishi.reports import queries, services
    from enishi.reports.models import Report

    today = dt.datetime.now(dt.UTC).date()
    choice = queries.Choice(None, today - dt.timedelta(days=600), today)
    user = reader("all@bench.example", "Bench all")
    parts: dict[str, list[float]] = {"freeze": [], "pdf": [], "xlsx": []}

    def product() -> float:
        actor = actor_of(user, via=Via.CLI)
        made: list[Report] = []

        def freeze() -> None:
            made.append(
                services.make_report(
                    actor, definition="engagement", choice=choice, language="en", zone="UTC", at_once=True
                )
            )

        parts["freeze"].append(timed(freeze))
        frozen = queries.report(actor, made[0].pk)
        assert frozen.rows >= TALKS
        for format in ("pdf", "xlsx"):
            parts[format].append(
                timed(lambda format=format: services.take(actor, frozen, format).file.close())
            )
        return sum(times[-1] for times in parts.values())

    value, floor = alternating(product, lambda: timed(lambda: _floor(choice.since, choice.until)))
    say(f"peak memory {peak_memory_mb():.0f} MB")
    for name, times in parts.items():
        report(Figure(f"report.{name}", sorted(times)[ROUNDS // 2], "s"))
    report(
        Figure(
            "report", value, "s", value / floor, "one SQL statement for the same cells, written by openpyxl"
        )
    )


def _floor(since: dt.date, until: dt.date) -> None:
    from django.db import connection
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Conversations")
    with connection.connection.cursor() as cursor, tempfile.TemporaryFile() as file:
        cursor.execute(_CELLS, [since, until + dt.timedelta(days=1)])
        for at, *cells in cursor:
            sheet.append([at.replace(tzinfo=None), *cells])
        book.save(file)

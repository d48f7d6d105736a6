"""The engagement register, whose rows the database writes and hashes itself."""

from __future__ import annotations

import datetime as dt

from enishi.accounts.access import Level
from enishi.accounts.models import User
from enishi.conversations.models import Interaction
from enishi.conversations.services import ParticipantDraft, log_interaction
from enishi.reports import queries
from enishi.reports.models import Report
from enishi.reports.queries.reports import sealed_rows
from factories import manager, project
from reports.world import DAY, NOW


def test_what_the_database_writes_python_proves(here):
    """Texts that JSON escapes, microseconds, strangers, colleagues named twice, several projects."""
    quoted = 'She said "no"\\ \t\x01 and\u2028left 🌊'
    other = project("Elsewhere")
    people = [
        ParticipantDraft(party_id=here.aoi.pk),
        ParticipantDraft(address="someone@example.org"),
        ParticipantDraft(name="A “stranger”", address="stranger@example.org"),
        ParticipantDraft(user_id=here.agent.user_id),
        ParticipantDraft(user_id=here.agent.user_id),
    ]
    talk = log_interaction(
        manager(None),
        channel="call",
        occurred_at=NOW - DAY / 3 + dt.timedelta(microseconds=120),
        project_ids=[here.project.pk, other.pk],
        subject="Berths",
        participants=people,
    )
    # As older mail may have it.
    Interaction.objects.unscoped("test").filter(pk=talk.pk).update(subject=quoted)
    report = here.report()
    assert queries.check(report).holds
    row = rows_of(report)[-1]
    assert row[0] == NOW - DAY / 3 + dt.timedelta(microseconds=120)
    assert row[3] == "Tanaka Aoi; someone@example.org; A “stranger”"
    assert row[4] == quoted
    assert row[6] == User.objects.get(pk=here.agent.user_id).name
    assert row[7] == "Tidewall East"
    salts = [value[1] for line in sealed(report) for cell in line if isinstance(cell, list) for value in cell]
    assert len(set(salts)) == len(salts) == len([one for one in salts if len(one) == 24])


def test_everything_names_the_people_too(here):
    """A report of all projects up to the highest level limits nobody, and says who took part all the same."""
    director = manager(None)
    report = here.report(director, project_id=None, level=Level.RESTRICTED)
    assert {row[3] for row in rows_of(report)} == {"Tanaka Aoi", "Tanaka Aoi; شیرین مهتدی", "شیرین مهتدی"}


def rows_of(report: Report) -> list[list[object]]:
    return list(queries.rows(report, queries.tables(report)[0]))


def sealed(report: Report) -> list[list[object]]:
    return list(sealed_rows(report, "register"))

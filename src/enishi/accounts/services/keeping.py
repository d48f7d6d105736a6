"""Keeping single records from single users."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from django.db import connection, transaction

from enishi.accounts.models import KeptFrom
from enishi.core import registry

TOLD_IN = "accounts.told_in"
"""Apps answer here with the records that were made of others and tell of them: what is kept is kept there too."""


@transaction.atomic
def keep_from(because: str, user_ids: Iterable[int], subjects: Iterable[tuple[str, int]]) -> None:
    """Keep exactly these records from exactly these users for the sake of ``because``; nothing of it stands as before.

    What tells of them is kept with them (``TOLD_IN``). Whoever decides it records why.
    """
    KeptFrom.objects.filter(because=because).delete()
    users = sorted(set(user_ids))
    if not users:
        return
    _one_at_a_time()
    given = set(subjects)
    told = {one for tells in registry.providers(TOLD_IN).values() for one in tells(given)}
    _keep((user_id, subject, because) for user_id in users for subject in sorted(given | told))


@transaction.atomic
def keep_with(subject: tuple[str, int], made_of: Mapping[str, Collection[int]]) -> None:
    """Keep a record from everybody from whom something is kept of which it was made."""
    _one_at_a_time()
    rows = KeptFrom.objects.filter(subject_type__in=list(made_of)).order_by("pk")
    kept = rows.values_list("user_id", "subject_type", "subject_id", "because")
    ids = {kind: frozenset(found) for kind, found in made_of.items()}
    whose = {(user_id, because) for user_id, kind, pk, because in kept if pk in ids[kind]}
    _keep((user_id, subject, because) for user_id, because in sorted(whose))


def _one_at_a_time() -> None:
    """Whoever keeps something and whoever makes something of it must not miss one another."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE accounts_keptfrom IN SHARE ROW EXCLUSIVE MODE")


def _keep(rows: Iterable[tuple[int, tuple[str, int], str]]) -> None:
    KeptFrom.objects.bulk_create(
        [
            KeptFrom(user_id=user_id, subject_type=kind, subject_id=pk, because=because)
            for user_id, (kind, pk), because in rows
        ],
        ignore_conflicts=True,
    )

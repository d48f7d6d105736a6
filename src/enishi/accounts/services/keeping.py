"""Keeping single records from single users."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from enishi.accounts.models import KeptFrom


@transaction.atomic
def keep_from(because: str, user_ids: Iterable[int], subjects: Iterable[tuple[str, int]]) -> None:
    """Keep exactly these records from exactly these users for the sake of ``because``; nothing of it stands as before.

    Whoever decides it records why.
    """
    KeptFrom.objects.filter(because=because).delete()
    listed = sorted(set(subjects))
    KeptFrom.objects.bulk_create(
        [
            KeptFrom(user_id=user_id, subject_type=kind, subject_id=pk, because=because)
            for user_id in sorted(set(user_ids))
            for kind, pk in listed
        ]
    )

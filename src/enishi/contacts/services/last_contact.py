"""The day of the last contact: of many parties at once, and worked out anew."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import connection

from enishi.contacts.models import Party


def settle_last_contact(latest: Mapping[int, tuple[dt.datetime, str] | None]) -> None:
    """Set the last contact of these parties to that moment and channel, or to none at all; set-wise."""
    parties = list(Party.objects.unscoped("last contact follows conversations").filter(pk__in=list(latest)))
    for party in parties:
        found = latest[party.pk]
        party.last_contact_at, party.last_channel = found or (None, "")
    Party.objects.unscoped("last contact follows conversations").bulk_update(
        parties, ["last_contact_at", "last_channel"], batch_size=1000
    )


def touch_all(latest: Mapping[int, tuple[dt.datetime, str]]) -> None:
    """Remember the last contact of many parties, by moment and channel; an older moment changes nothing."""
    if not latest:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE contacts_party p SET last_contact_at = new.at, last_channel = new.channel
               FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[]) new(id, at, channel)
               WHERE p.id = new.id AND (p.last_contact_at IS NULL OR p.last_contact_at < new.at)""",
            [list(latest), [at for at, _ in latest.values()], [channel for _, channel in latest.values()]],
        )

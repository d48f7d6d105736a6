"""The day of the last contact, when it has to be worked out anew."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

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

"""Looking for people who are in the records twice, and remembering who is not the same."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.contacts import signals
from enishi.contacts.models import DuplicatePair, Party
from enishi.contacts.queries.duplicates import (
    WORTH_SHOWING,
    judge,
    likeness_of,
    pair_of,
    spellings,
)
from enishi.contacts.services.parties import ContactError
from enishi.core import clock
from enishi.timeline.services import record

MERGE = "contacts.merge"
SHARED_BY_MANY = 12
"""An address of more people than that is a switchboard or a shared inbox, and says nothing about any two of them."""
CHUNK = 2000

# Two people with one address or number. %(only)s: the parties to look at, or NULL for everybody.
_BY_ADDRESS = """
WITH keys AS (
    SELECT p.kind, p.key FROM contacts_contactpoint p JOIN contacts_party party ON party.id = p.party_id
    WHERE p.kind IN ('email', 'phone') AND p.key <> '' AND party.deleted_at IS NULL
      AND (%(only)s::bigint[] IS NULL OR p.kind || ':' || p.key IN (
            SELECT o.kind || ':' || o.key FROM contacts_contactpoint o WHERE o.party_id = ANY(%(only)s)))
    GROUP BY p.kind, p.key HAVING count(DISTINCT p.party_id) BETWEEN 2 AND %(many)s
)
SELECT DISTINCT a.party_id, b.party_id, keys.kind
FROM keys
JOIN contacts_contactpoint a ON a.key = keys.key AND a.kind = keys.kind
JOIN contacts_contactpoint b ON b.key = keys.key AND b.kind = keys.kind AND a.party_id < b.party_id
JOIN contacts_party first ON first.id = a.party_id AND first.deleted_at IS NULL
JOIN contacts_party second ON second.id = b.party_id AND second.deleted_at IS NULL
WHERE (first.kind = 'person') = (second.kind = 'person')
  AND (%(only)s::bigint[] IS NULL OR a.party_id = ANY(%(only)s) OR b.party_id = ANY(%(only)s))
"""
# The same name, whatever its spelling, at one postcode.
_BY_PLACE = """
SELECT DISTINCT first.id, second.id, 'place'
FROM contacts_party first
JOIN contacts_party second ON second.match_key = first.match_key AND second.deleted_at IS NULL
 AND (first.kind = 'person') = (second.kind = 'person')
JOIN contacts_contactpoint a ON a.party_id = first.id AND a.kind = 'address' AND a.key <> ''
JOIN contacts_contactpoint b ON b.party_id = second.id AND b.kind = 'address' AND b.key = a.key
WHERE first.deleted_at IS NULL AND first.match_key <> '' AND first.id <> second.id
  AND CASE WHEN %(only)s::bigint[] IS NULL THEN first.id < second.id ELSE first.id = ANY(%(only)s) END
"""


def scan(*, party_ids: Collection[int] | None = None) -> int:
    """Look for duplicates of these parties, or among all; returns how many pairs are suggested now.

    Pairs marked as not the same are never suggested again; open ones that no longer hold are dropped.
    """
    only = None if party_ids is None else sorted(set(party_ids))
    if only is not None and not only:
        return 0
    signs: dict[tuple[int, int], set[str]] = defaultdict(set)
    with connection.cursor() as cursor:
        for sql in (_BY_ADDRESS, _BY_PLACE):
            cursor.execute(sql, {"only": only, "many": SHARED_BY_MANY})
            for one, other, reason in cursor.fetchall():
                signs[min(one, other), max(one, other)].add(reason)
    found = list(_judged(signs))
    with transaction.atomic():
        _drop_stale(only, {(pair.first_id, pair.second_id) for pair in found})
        DuplicatePair.objects.bulk_create(
            found,
            batch_size=CHUNK,
            update_conflicts=True,
            unique_fields=["first", "second"],
            update_fields=["score", "reasons"],
        )
    return len(found)


def _judged(signs: dict[tuple[int, int], set[str]]) -> Iterator[DuplicatePair]:
    pairs = sorted(signs)
    for start in range(0, len(pairs), CHUNK):
        some = pairs[start : start + CHUNK]
        ids = {party_id for pair in some for party_id in pair}
        columns = Party.objects.unscoped("pairs are shown to who may see both").only(
            "full_name", "names", "match_key"
        )
        parties = columns.in_bulk(ids)
        for first, second in some:
            one, other = parties[first], parties[second]
            same = bool(one.match_key) and one.match_key == other.match_key
            likeness = 1.0 if same else likeness_of(spellings(one), spellings(other))
            score, reasons = judge(signs[first, second], likeness)
            if score >= WORTH_SHOWING:
                yield DuplicatePair(first=one, second=other, score=score, reasons=list(reasons))


def _drop_stale(only: list[int] | None, found: set[tuple[int, int]]) -> None:
    still = DuplicatePair.objects.filter(state=DuplicatePair.State.OPEN)
    if only is not None:
        still = still.filter(Q(first__in=only) | Q(second__in=only))
    stale = [pk for pk, *pair in still.values_list("pk", "first_id", "second_id") if tuple(pair) not in found]
    DuplicatePair.objects.filter(pk__in=stale).delete()


def scan_changed(*, since: dt.timedelta) -> int:
    """Look for duplicates of whoever was created or changed in that time."""
    changed = Party.objects.unscoped("pairs are shown to who may see both").present()
    ids = changed.filter(updated_at__gte=clock.now() - since).values_list("pk", flat=True)
    return scan(party_ids=list(ids))


@transaction.atomic
def mark_different(actor: Actor, one: Party, other: Party) -> DuplicatePair:
    """Remember that two are not the same: they are never suggested again. Raises ContactError, Forbidden."""
    return _decide(actor, one, other, DuplicatePair.State.DIFFERENT)


@transaction.atomic
def reopen(actor: Actor, one: Party, other: Party) -> DuplicatePair:
    """Take that back: they are suggested again. Raises ContactError, Forbidden."""
    return _decide(actor, one, other, DuplicatePair.State.OPEN)


def _decide(actor: Actor, one: Party, other: Party, state: DuplicatePair.State) -> DuplicatePair:
    actor.require(MERGE, one.project_ids)
    actor.require(MERGE, other.project_ids)
    if one.pk == other.pk:
        raise ContactError(_("Choose two contacts."))
    first, second = sorted((one, other), key=lambda party: party.pk)
    pair = pair_of(first.pk, second.pk) or DuplicatePair(first=first, second=second)
    before = pair.state if pair.pk else ""
    pair.state = state
    pair.save()
    if before != state:
        for party, twin in ((first, second), (second, first)):
            record(
                actor,
                signals.not_duplicate,
                subject=party,
                party_id=party.pk,
                changes={"duplicate": (before, state)},
                data={"contact": twin.pk},
                confidentiality=max(party.confidentiality, twin.confidentiality),
            )
    return pair

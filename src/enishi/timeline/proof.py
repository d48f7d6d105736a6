"""Sealing the history and proving it.

Entries get their hash when they are sealed: SHA-256 over their content as canonical JSON. A batch is a Merkle tree
(leaves and nodes hashed with different prefixes, as in RFC 6962); the digest of a seal covers the root, the ids and the
digest before it, so that nothing can be altered, inserted or removed afterwards without being found.

An erasure takes values out of entries. Each such entry has a redaction with its hash before and after, and the entry
that tells of the erasure holds the root over its redactions: what was taken out by an erasure is told as such, whatever
else was altered is still found.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from enishi.core import clock
from enishi.timeline.models import Entry, Redaction, Seal

BATCH = 10_000
GENESIS = hashlib.sha256(b"enishi history").digest()
_LOCK = 7_305_001
# The sealed content of an entry, in this order.
FIELDS = (
    "id", "at", "user_id", "actor_name", "via", "request_id", "operation_id", "event",
    "subject_type", "subject_id", "label", "party_id", "changes", "data", "salt",
)  # fmt: skip
_SALT = FIELDS.index("salt")


def leaf(values: Sequence[Any]) -> bytes:
    """Hash of one entry's values in the order of FIELDS. Entries from before there were salts have none."""
    at, salt = values[1], values[_SALT]
    parts = [values[0], at.astimezone(dt.UTC).isoformat(timespec="microseconds"), *values[2:5]]
    parts += [str(values[5]) if values[5] is not None else None, *values[6:_SALT]]
    if salt is not None:
        parts.append(str(salt))
    text = json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(b"\x00" + text.encode("utf-8", "surrogatepass")).digest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Root of the tree; an odd node is carried up as it is."""
    level = list(leaves)
    while len(level) > 1:
        paired = [
            hashlib.sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)
        ]
        level = paired + ([level[-1]] if len(level) % 2 else [])
    return level[0] if level else hashlib.sha256(b"").digest()


def seal_digest(previous: bytes, root: bytes, sealed_at: dt.datetime, entry_ids: Sequence[int]) -> bytes:
    head = json.dumps(
        [sealed_at.astimezone(dt.UTC).isoformat(timespec="microseconds"), list(entry_ids)],
        separators=(",", ":"),
    )
    return hashlib.sha256(previous + root + head.encode()).digest()


def _values(entries: Any) -> Iterator[tuple[Any, ...]]:
    return iter(entries.order_by("id").values_list(*FIELDS).iterator(chunk_size=2000))


@transaction.atomic
def seal_next() -> int:
    """Seal the next batch of committed entries; returns how many. Two sealers never run at once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return 0
    waiting = Entry.objects.unscoped("sealing").filter(seal__isnull=True).order_by("id")
    ids = list(waiting.values_list("id", flat=True)[:BATCH])
    if not ids:
        return 0
    rows = list(_values(Entry.objects.unscoped("sealing").filter(pk__in=ids)))
    leaves = [leaf(row) for row in rows]
    entry_ids = [row[0] for row in rows]
    last = Seal.objects.order_by("-id").values_list("digest", flat=True).first()
    previous, root, sealed_at = bytes(last) if last else GENESIS, merkle_root(leaves), clock.now()
    seal = Seal.objects.create(
        sealed_at=sealed_at,
        entry_ids=entry_ids,
        leaves=b"".join(leaves),
        root=root,
        previous=previous,
        digest=seal_digest(previous, root, sealed_at, entry_ids),
    )
    Entry.objects.unscoped("sealing").filter(pk__in=entry_ids).update(seal=seal)
    return len(entry_ids)


def redactions_root(redactions: Sequence[tuple[int, bytes, bytes]]) -> str:
    """Root over the redactions of one erasure, in the order of their entries: entry, hash before, hash after."""
    return merkle_root(
        [hashlib.sha256(b"\x02%d|" % entry + was + now).digest() for entry, was, now in redactions]
    ).hex()


def _redacted(expected: bytes, steps: Sequence[tuple[bytes, bytes]]) -> bytes:
    """The hash that an entry must have by now: as sealed, and as each erasure since left it."""
    for was, now in steps:
        if was == expected:
            expected = now
    return expected


def _forged_erasure() -> int | None:
    """The first erasure whose redactions are not those that its entry holds the root of."""
    by_erasure: dict[int, list[tuple[int, bytes, bytes]]] = defaultdict(list)
    rows = Redaction.objects.order_by("entry_id", "id").values_list("erasure_id", "entry_id", "was", "now")
    for erasure, entry, was, now in rows.iterator():
        by_erasure[erasure].append((entry, bytes(was), bytes(now)))
    told = Entry.objects.unscoped("verifying").filter(pk__in=list(by_erasure)).values_list("id", "data")
    roots = {pk: data.get("root") for pk, data in told}
    forged = (pk for pk, found in sorted(by_erasure.items()) if roots.get(pk) != redactions_root(found))
    return next(forged, None)


@dataclass(frozen=True)
class Proof:
    """What a check of the history found. ``broken_entry`` is the first entry that does not match its seal.

    ``redacted`` entries had values taken out by ``erasures``, the entries that tell of them.
    """

    entries: int
    seals: int
    unsealed: int
    head: str
    broken_seal: int | None = None
    broken_entry: int | None = None
    reason: str = ""
    redacted: int = 0
    erasures: tuple[int, ...] = ()

    @property
    def holds(self) -> bool:
        return self.broken_seal is None and self.broken_entry is None and not self.reason


def verify(expected_head: str = "", *, progress: Callable[[int], None] | None = None) -> Proof:
    """Recompute every hash. With ``expected_head`` (printed by an earlier check) a rewritten chain is found as well.

    ``progress`` is told after each seal how many entries were found whole so far.
    """
    entries, previous, seen = 0, GENESIS, 0
    heads = {GENESIS.hex()}
    unsealed = Entry.objects.unscoped("verifying").filter(seal__isnull=True).count()
    redacted = Redaction.objects.values("entry").distinct().count()
    erasures = tuple(Redaction.objects.order_by("erasure").values_list("erasure", flat=True).distinct())

    def broken(reason: str, *, seal: int | None = None, entry: int | None = None) -> Proof:
        return Proof(entries, seen, unsealed, previous.hex(), seal, entry, reason, redacted, erasures)

    if (forged := _forged_erasure()) is not None:
        return broken("redaction", entry=forged)

    for seal in Seal.objects.order_by("id").iterator(chunk_size=20):
        stored = bytes(seal.leaves)
        leaves = [stored[i : i + 32] for i in range(0, len(stored), 32)]
        rows = {row[0]: row for row in _values(Entry.objects.unscoped("verifying").filter(seal=seal))}
        steps: dict[int, list[tuple[bytes, bytes]]] = defaultdict(list)
        for entry_id, was, now in _redactions(seal):
            steps[entry_id].append((was, now))
        for position, entry_id in enumerate(seal.entry_ids):
            row = rows.pop(entry_id, None)
            if row is None:
                return broken("removed", seal=seal.pk, entry=entry_id)
            if position >= len(leaves) or leaf(row) != _redacted(leaves[position], steps.get(entry_id, ())):
                return broken("altered", seal=seal.pk, entry=entry_id)
            entries += 1
        if rows:
            return broken("inserted", seal=seal.pk, entry=min(rows))
        digest = seal_digest(previous, bytes(seal.root), seal.sealed_at, seal.entry_ids)
        if (
            merkle_root(leaves) != bytes(seal.root)
            or bytes(seal.previous) != previous
            or digest != bytes(seal.digest)
        ):
            return broken("seal", seal=seal.pk, entry=seal.entry_ids[0] if seal.entry_ids else None)
        previous, seen = digest, seen + 1
        heads.add(previous.hex())
        if progress is not None:
            progress(entries)
    if expected_head and expected_head not in heads:
        return broken("rewritten")
    return Proof(entries, seen, unsealed, previous.hex(), redacted=redacted, erasures=erasures)


def _redactions(seal: Seal) -> Iterator[tuple[int, bytes, bytes]]:
    rows = Redaction.objects.filter(entry__seal=seal).order_by("id").values_list("entry_id", "was", "now")
    for entry_id, was, now in rows.iterator():
        yield entry_id, bytes(was), bytes(now)

"""Where contacts are reached."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from enishi.accounts.access import Actor
from enishi.contacts.models import ContactPoint, Party
from enishi.contacts.queries import protected
from enishi.core import clock

_BAD = (ContactPoint.Status.BOUNCED, ContactPoint.Status.WRONG, ContactPoint.Status.REFUSED)


def first_points(
    party_ids: Collection[int], kinds: Sequence[str], *, rather: Mapping[int, str] | None = None
) -> dict[int, ContactPoint]:
    """Of each contact the first way that works, by the order of these kinds, in one query.

    ``rather`` is the address that somebody wrote from: it goes before the others of its kind while it is theirs and works.
    Whoever may write to somebody need not see where: what is shown of it asks ``seen_parties`` first.
    """
    today = clock.today()
    rows = (
        ContactPoint.objects.filter(party__in=list(party_ids), kind__in=kinds)
        .exclude(status__in=_BAD)
        .exclude(valid_until__lt=today)
        .exclude(valid_from__gt=today)
        .order_by("-is_primary", "pk")
    )
    found: dict[int, ContactPoint] = {}
    rather = {pk: address.casefold() for pk, address in (rather or {}).items() if address}
    usual = (rather.get(point.party_id) != point.value.casefold() for point in rows)
    ordered = sorted(zip(rows, usual, strict=True), key=lambda pair: (kinds.index(pair[0].kind), pair[1]))
    for point, _usual in ordered:
        found.setdefault(point.party_id, point)
    return found


def seen_parties(actor: Actor, party_ids: Collection[int], kind: str) -> set[int]:
    """Those of the contacts of whom the actor sees the ways of that kind."""
    if not protected.is_protected(actor, kind):
        return set(party_ids)
    limit = protected.seen_where(actor, kind)
    seen = Party.objects.unscoped("which of them are shown with it").filter(limit, pk__in=list(party_ids))
    return set(seen.values_list("pk", flat=True))

"""Addresses that mail does not reach: marked from delivery reports, set-wise, and taken back with their import."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db.models import F

from enishi.accounts.access import Actor
from enishi.contacts import signals
from enishi.contacts.models import ContactPoint, Party
from enishi.contacts.services.parties import EDIT, describe
from enishi.core import clock
from enishi.timeline.models import Entry, Operation
from enishi.timeline.services import record_each

Status = ContactPoint.Status


def mark_bounced(actor: Actor, addresses: Collection[str], *, operation: Operation) -> int:
    """Say of these addresses, by key, that mail cannot reach them any more; returns of how many.

    Only of contacts that the actor may change; an address that was called wrong or refused stays so.
    """
    points = list(
        ContactPoint.objects.filter(
            key__in=addresses,
            kind=ContactPoint.Kind.EMAIL,
            status__in=[Status.GOOD, Status.UNCHECKED],
            party__in=Party.objects.visible_to(actor).present(),
        )
        .select_related("party")
        .select_for_update(no_key=True, of=("self",))
        .order_by("pk")
    )
    points = [point for point in points if actor.may(EDIT, point.party.project_ids)]
    _save(actor, dict.fromkeys(points, Status.BOUNCED), operation=operation)
    return len(points)


def unmark_bounced(actor: Actor, operation: Operation) -> int:
    """Undo of ``mark_bounced``: what still reads as bounced gets the state it had before; returns how many."""
    entries = Entry.objects.unscoped("what the operation did, to take exactly that back").filter(
        operation=operation, event=signals.party_changed.code, changes__has_key="points"
    )
    was: dict[int, str] = {}
    for changes in entries.values_list("changes", flat=True):
        was.update({point["id"]: point["status"] for point in changes["points"][0]})
    points = list(
        ContactPoint.objects.filter(pk__in=was, status=Status.BOUNCED)
        .select_related("party")
        .select_for_update(no_key=True, of=("self",))
        .order_by("pk")
    )
    _save(actor, {point: was[point.pk] for point in points}, operation=operation)
    return len(points)


def _save(actor: Actor, wanted: Mapping[ContactPoint, str], *, operation: Operation) -> None:
    if not wanted:
        return
    happened = []
    for point, status in wanted.items():
        before = describe(point)
        point.status = status
        happened.append((point.party, point.party_id, {"points": ([before], [describe(point)])}))
    ContactPoint.objects.bulk_update(list(wanted), ["status"], batch_size=1000)
    Party.objects.unscoped("the parties whose addresses changed").filter(
        pk__in={point.party_id for point in wanted}
    ).update(version=F("version") + 1, updated_at=clock.now())
    record_each(actor, signals.party_changed, happened, operation=operation)

"""Addresses that mail does not reach: marked from delivery reports, set-wise, and taken back with their import."""

from __future__ import annotations

from collections.abc import Collection

from enishi.accounts.access import Actor
from enishi.contacts import signals
from enishi.contacts.models import ContactPoint, Party
from enishi.contacts.services.parties import EDIT, change_points
from enishi.timeline.models import Entry, Operation

Status = ContactPoint.Status


def mark_bounced(actor: Actor, addresses: Collection[str], *, operation: Operation | None) -> int:
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
    points = [point for point in points if actor.may(EDIT, point.party)]
    change_points(actor, {point: {"status": Status.BOUNCED} for point in points}, operation=operation)
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
    change_points(actor, {point: {"status": was[point.pk]} for point in points}, operation=operation)
    return len(points)

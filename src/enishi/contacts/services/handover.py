"""Contacts and shared views as things that are handed over."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor, Level
from enishi.accounts.models import User
from enishi.contacts import signals
from enishi.contacts.models import Party, SavedView
from enishi.contacts.models.party import PartyQuerySet
from enishi.contacts.queries.protected import hidden
from enishi.contacts.services.bulk.applying import write
from enishi.contacts.services.bulk.editors import build
from enishi.contacts.services.parties import EDIT
from enishi.core.events import Event
from enishi.timeline.handover import Held, Holding, Moved, Person, locked_holders

VIEW = "contacts.view"


class Contacts(Holding):
    """Who is looked after."""

    code, label, icon, order, right = "contacts", _("Contacts looked after"), "users", 40, EDIT
    event: ClassVar[Event] = signals.party_changed
    subject_types = ("contacts.party",)
    of_people = True

    def held(self, actor: Actor, user_id: int) -> list[Held]:
        return self._listed(Party.objects.visible_to(actor).present().filter(owner_id=user_id))

    def named(self, actor: Actor, ids: Collection[int]) -> list[Held]:
        return self._listed(Party.objects.visible_to(actor).present().filter(pk__in=list(ids)))

    def _listed(self, found: PartyQuerySet) -> list[Held]:
        rows = found.only("pk", "full_name", "project_ids", "confidentiality", "last_contact_at")
        return [
            Held(
                pk=party.pk,
                title=party.full_name,
                project_ids=party.project_ids,
                confidentiality=party.confidentiality,
                url=reverse("contacts:party", args=[party.pk]),
                at=party.last_contact_at,
                party_id=party.pk,
            )
            for party in rows.order_by("sort_key", "pk")
        ]

    def holders(self, ids: Collection[int]) -> dict[int, int | None]:
        rows = Party.objects.unscoped("handed over within the actor's rights").present()
        return locked_holders(rows, ids, "owner_id")

    def assign(self, holders: Mapping[int, int | None]) -> list[Moved]:
        write(build("owner", ""), holders)
        fresh = Party.objects.unscoped("just handed over").filter(pk__in=list(holders))
        return [Moved(party, party.pk) for party in fresh.order_by("pk")]

    def changes(
        self, before: int | None, after: int | None, names: Mapping[int, str]
    ) -> dict[str, tuple[Any, Any]]:
        # As every change of a contact is written, so that it can be taken back alone as well.
        return {"owner_id": (before, after)}


class Views(Holding):
    """Lists kept for everybody: only who keeps one changes it. They belong to no project."""

    code, label, icon, order, right = "views", _("Shared views of contacts"), "layout-list", 70, VIEW
    event: ClassVar[Event] = signals.setup_changed
    subject_types = ("contacts.savedview",)

    def held(self, actor: Actor, user_id: int) -> list[Held]:
        return self._listed(actor, owner=user_id)

    def named(self, actor: Actor, ids: Collection[int]) -> list[Held]:
        return self._listed(actor, pk__in=list(ids))

    def _listed(self, actor: Actor, **limits: Any) -> list[Held]:
        if not actor.may(VIEW):
            return []
        return [
            Held(
                pk=view.pk,
                title=view.name,
                project_ids=(),
                confidentiality=Level.OPEN,
                url=f"{reverse('contacts:list')}?view={view.pk}",
            )
            for view in SavedView.objects.filter(shared=True, **limits)
        ]

    def holders(self, ids: Collection[int]) -> dict[int, int | None]:
        return locked_holders(SavedView.objects.filter(shared=True), ids, "owner_id")

    def assign(self, holders: Mapping[int, int | None]) -> list[Moved]:
        people = {user.pk: user for user in User.objects.filter(pk__in=[pk for pk in holders.values() if pk])}
        views = list(SavedView.objects.filter(pk__in=list(holders)).select_related("owner").order_by("pk"))
        moved = []
        for view in views:
            keeper = people.get(holders[view.pk] or 0)
            if keeper is None:
                continue
            view.name, view.owner = _free_name(view, keeper), keeper
            view.save(update_fields=["name", "owner"])
            moved.append(Moved(view))
        return moved


def _free_name(view: SavedView, keeper: User) -> str:
    """Nobody has two views of one name: where that would happen, it carries whose it was; back there it does not."""
    taken = set(SavedView.objects.filter(owner=keeper).exclude(pk=view.pk).values_list("name", flat=True))
    plain = view.name.removesuffix(f" ({keeper})")
    if plain not in taken:
        return plain
    named = f"{view.name[: 76 - len(str(view.owner))]} ({view.owner})"[:80]
    return named if named not in taken else f"{view.name[:60]} ({view.pk})"


def people_handed(actor: Actor, party_ids: Collection[int]) -> list[Person]:
    """What a brief says of the contacts it is about."""
    found = (
        Party.objects.visible_to(actor)
        .present()
        .filter(pk__in=list(party_ids), confidentiality__lt=Level.CONFIDENTIAL)
    )
    return [
        Person(
            pk=party.pk,
            name=party.full_name,
            url=reverse("contacts:party", args=[party.pk]),
            last_contact_at=party.last_contact_at,
            last_channel=party.last_channel,
            note="" if "note" in hidden(actor, party) else party.note,
        )
        for party in found
    ]

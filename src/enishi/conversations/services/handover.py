"""Unanswered conversations and unknown senders as things that are handed over."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor, Level
from enishi.conversations import signals
from enishi.conversations.models import Interaction, InteractionQuerySet, Participant, UnknownSender
from enishi.conversations.queries.interactions import present, with_people
from enishi.conversations.queries.senders import open_senders
from enishi.conversations.services.drafts import EDIT
from enishi.core.events import Event
from enishi.timeline.handover import Held, Holding, Moved, Note, by_holder, locked_holders

WORDS = 160
_TOOK_PART = Participant.objects.filter(interaction=OuterRef("pk"))


def waits_on(user_id: int) -> Q:
    """Conversations whose answer is with that user: given to them, else they took part in it or logged it alone."""
    took_part = Exists(_TOOK_PART.filter(user_id=user_id))
    somebody_of_us = Exists(_TOOK_PART.filter(user__isnull=False))
    return Q(answer_by=user_id) | Q(answer_by__isnull=True) & (
        took_part | Q(user_id=user_id) & ~somebody_of_us
    )


class Waiting(Holding):
    """What people wait to hear from somebody. Who took part and who logged it stays as it was."""

    code, label, icon, order, right = "waiting", _("Conversations that wait for an answer"), "inbox", 50, EDIT
    event: ClassVar[Event] = signals.answer_given_to
    subject_types = ("conversations.interaction",)
    field, implicit = "answer_by", True

    def held(self, actor: Actor, user_id: int) -> list[Held]:
        return self._listed(actor, present(actor).filter(waits_on(user_id)))

    def named(self, actor: Actor, ids: Collection[int]) -> list[Held]:
        return self._listed(actor, present(actor).filter(pk__in=list(ids)))

    def _listed(self, actor: Actor, found: InteractionQuerySet) -> list[Held]:
        waiting = found.filter(answer=Interaction.Answer.WAITING).order_by("occurred_at", "pk")
        return [_held(one) for one in with_people(actor, waiting)]

    def holders(self, ids: Collection[int]) -> dict[int, int | None]:
        rows = Interaction.objects.unscoped("handed over within the actor's rights").present()
        return locked_holders(rows.filter(answer=Interaction.Answer.WAITING), ids, "answer_by_id")

    def assign(self, holders: Mapping[int, int | None]) -> list[Moved]:
        rows = Interaction.objects.unscoped("handed over within the actor's rights")
        for user_id, ids in by_holder(holders).items():
            rows.filter(pk__in=ids).update(answer_by_id=user_id)
        return [Moved(one) for one in rows.filter(pk__in=list(holders)).order_by("pk")]


def _held(one: Interaction) -> Held:
    people: list[Participant] = one.people  # type: ignore[attr-defined]
    who = next((person for person in people if person.party_id is not None), None)
    sealed = one.confidentiality >= Level.CONFIDENTIAL
    words = one.subject or ("" if sealed else Truncator(one.text).chars(WORDS))
    return Held(
        pk=one.pk,
        title=words or one.get_channel_display(),
        project_ids=one.project_ids,
        confidentiality=one.confidentiality,
        url=reverse("conversations:interaction", args=[one.pk]),
        at=one.occurred_at,
        party_id=who.party_id if who else None,
        party=who.party.full_name
        if who and who.party
        else next((str(p) for p in people if p.user_id is None), ""),
    )


class Senders(Holding):
    """Addresses nobody knows yet, which wrote to somebody: that person is the one to tell who they are."""

    code, label, icon, order, right = "senders", _("Unknown senders to look at"), "mail-question", 60, EDIT
    event: ClassVar[Event] = signals.sender_given_to
    subject_types = ("conversations.unknownsender",)
    field, implicit = "reviewer", True

    def held(self, actor: Actor, user_id: int) -> list[Held]:
        to_them = Participant.objects.filter(
            address=OuterRef("address"),
            party__isnull=True,
            user__isnull=True,
            interaction__deleted_at__isnull=True,
            interaction__participants__user_id=user_id,
        )
        with_them = Q(reviewer=user_id) | Q(reviewer__isnull=True) & Exists(to_them)
        return self._listed(open_senders(actor).filter(with_them))

    def named(self, actor: Actor, ids: Collection[int]) -> list[Held]:
        return self._listed(open_senders(actor).filter(pk__in=list(ids)))

    def _listed(self, found: Any) -> list[Held]:
        return [
            Held(
                pk=sender.pk,
                title=sender.name or sender.address,
                project_ids=sender.project_ids,
                confidentiality=sender.confidentiality,
                url=f"{reverse('conversations:senders')}#sender-{sender.pk}",
                at=sender.last_at,
                note=sender.address if sender.name else "",
            )
            for sender in found.order_by("-last_at", "-pk")
        ]

    def holders(self, ids: Collection[int]) -> dict[int, int | None]:
        rows = UnknownSender.objects.unscoped("handed over within the actor's rights")
        return locked_holders(rows.filter(state=UnknownSender.State.OPEN), ids, "reviewer_id")

    def assign(self, holders: Mapping[int, int | None]) -> list[Moved]:
        rows = UnknownSender.objects.unscoped("handed over within the actor's rights")
        for user_id, ids in by_holder(holders).items():
            rows.filter(pk__in=ids).update(reviewer_id=user_id)
        return [Moved(one) for one in rows.filter(pk__in=list(holders)).order_by("pk")]


def notes_handed(actor: Actor, user_id: int, party_ids: Collection[int]) -> dict[int, Note]:
    """The last talk with each of these contacts that the user logged or took part in."""
    mine = Q(user_id=user_id) | Exists(_TOOK_PART.filter(user_id=user_id))
    open_enough = present(actor).filter(mine, confidentiality__lt=Level.CONFIDENTIAL)
    links = (
        Participant.objects.filter(party__in=list(party_ids), interaction__in=open_enough)
        .select_related("interaction")
        .order_by("party", "-interaction__occurred_at", "-interaction_id")
        .distinct("party")
    )
    return {
        link.party_id: Note(
            at=link.interaction.occurred_at,
            channel=link.interaction.channel,
            words=link.interaction.subject or Truncator(link.interaction.text).chars(WORDS),
            url=reverse("conversations:interaction", args=[link.interaction_id]),
        )
        for link in links
        if link.party_id is not None
    }

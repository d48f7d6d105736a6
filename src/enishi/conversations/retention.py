"""Conversations, and mail that could not be read, as something that grows old."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.contacts.models import ImportRun, Quarantined
from enishi.conversations.models import Attachment, Interaction, Participant
from enishi.conversations.services import delete_interaction, restore_interaction
from enishi.conversations.services.silencing import drop_archives, silence
from enishi.conversations.services.upkeep import show
from enishi.core.personal import STRUCK, Emptied
from enishi.privacy.queries import held_parties
from enishi.privacy.retention import Aging, Gone, Line, Wanted
from enishi.timeline.models import Operation

_WHY = "chosen by a rule within the rights of its worker"


class OldTalks(Aging):
    """Conversations, of one channel or of all. What waits for an answer is no such."""

    code, label, icon, order = "conversations", _("Conversations"), "messages", 10
    since = _("after they were held")
    rights = ("conversations.view", "conversations.delete")
    deeds: ClassVar[dict[str, Any]] = {
        "bin": _("To the recycle bin; after 30 days their words and files go for good"),
        "now": _("Their words and files go for good at once; who talked when stays for the figures"),
    }
    model = Interaction

    def parts(self) -> Sequence[tuple[str, Any]]:
        return Interaction.Channel.choices

    def present(self, actor: Actor, wanted: Wanted) -> QuerySet[Any]:
        found = Interaction.objects.visible_to(actor).present().filter(self.within(wanted))
        if wanted.part:
            found = found.filter(channel=wanted.part)
        return found.exclude(answer=Interaction.Answer.WAITING).annotate(aged_at=F("occurred_at"))

    def held(self) -> Q:
        return Q(pk__in=Participant.objects.filter(party__in=held_parties()).values("interaction"))

    def lines(self, found: QuerySet[Any]) -> list[Line]:
        return [
            Line(
                one.pk,
                str(one),
                reverse("conversations:interaction", args=[one.pk]),
                one.occurred_at,
                one.confidentiality,
            )
            for one in found
        ]

    def put_away(self, actor: Actor, pk: int, *, operation: Operation) -> dt.datetime | None:
        return delete_interaction(actor, _talk(pk), operation=operation).deleted_at

    def bring_back(self, actor: Actor, pk: int, *, operation: Operation) -> None:
        restore_interaction(actor, _talk(pk), operation=operation)

    def put_away_at(self, ids: Collection[int]) -> dict[int, dt.datetime | None]:
        found = Interaction.objects.unscoped("since when they lie in the recycle bin").filter(
            pk__in=list(ids)
        )
        return dict(found.values_list("pk", "deleted_at"))

    def end(self, actor: Actor, ids: Sequence[int]) -> Gone:
        hashes = drop_archives(ids)
        silenced = silence(ids)
        Participant.objects.filter(interaction__in=list(ids), party__isnull=True, user__isnull=True).update(
            name="", address=""
        )
        for talk in Interaction.objects.unscoped(_WHY).present().filter(pk__in=list(ids)):
            show(talk)
        strangers = Emptied(Interaction, frozenset(ids), frozenset({"participants"}), left=_without_strangers)
        return Gone(set(ids), [*silenced.emptied, strangers], [*hashes, *silenced.hashes])


def _without_strangers(people: Any) -> Any:
    """Who took part, as the history tells it, without what those are called who are nobody's record."""
    return [
        {**one, "name": one["name"] and STRUCK, "address": one["address"] and STRUCK}
        if isinstance(one, dict) and not (one["party"] or one["user"])
        else one
        for one in people or []
    ]


def _talk(pk: int) -> Interaction:
    return Interaction.objects.unscoped(_WHY).get(pk=pk)


class OldQuarantine(Aging):
    """What an import could not read, with its bytes."""

    code, label, icon, order = "quarantine", _("What an import could not read"), "mail-question", 50
    since = _("after the import ended")
    rights = ("contacts.import",)
    deeds: ClassVar[dict[str, Any]] = {"now": _("Deleted with its bytes at once")}
    model = Quarantined

    def within(self, wanted: Wanted) -> Q:
        return Q() if wanted.project_ids is None else Q(run__project__in=wanted.project_ids)

    def present(self, actor: Actor, wanted: Wanted) -> QuerySet[Any]:
        runs = ImportRun.objects.visible_to(actor).filter(finished_at__isnull=False)
        found = Quarantined.objects.filter(self.within(wanted), run__in=runs)
        return found.annotate(aged_at=F("run__finished_at")).select_related("run")

    def held(self) -> Q:
        return Q(pk__in=[])

    def lines(self, found: QuerySet[Any]) -> list[Line]:
        return [
            Line(
                one.pk,
                str(one),
                reverse("contacts:import", args=[one.run_id]),
                one.run.finished_at,
                one.run.confidentiality,
            )
            for one in found.select_related("run")
        ]

    def end(self, actor: Actor, ids: Sequence[int]) -> Gone:
        rows = Quarantined.objects.filter(pk__in=list(ids))
        hashes = list(rows.values_list("sha256", flat=True).distinct())
        rows.delete()
        return Gone(set(ids), [], hashes)


def needed_by_talks(label: str) -> list[QuerySet[Any, Any]]:
    """Who waits for our answer, and the files of conversations that are there, are not old whatever their age."""
    if label == "contacts.party":
        waiting = Interaction.objects.unscoped("what is still needed, whoever may see it").present()
        asked = waiting.filter(answer=Interaction.Answer.WAITING)
        return [Participant.objects.filter(interaction__in=asked, party__isnull=False).values("party")]
    if label == "content.file":
        return [Attachment.objects.filter(interaction__deleted_at__isnull=True).values("file")]
    return []

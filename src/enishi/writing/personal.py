"""What drafts keep about people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.cases.models import Case
from enishi.conversations.models import Interaction, Participant
from enishi.core.personal import Chapter, Emptied, Fate, Keeper, Subject, Table
from enishi.writing.models import Draft


class WritingKeeper(Keeper):
    """Drafts about somebody go; that something was sent stays in the history, with their words struck out there."""

    code = "writing"
    order = 19
    tables: ClassVar[tuple[Table, ...]] = (
        Table(Draft, ("party",), Fate.GOES, _("Drafts by a service"), shown=False),
    )

    def tell(self, actor: Actor, subject: Subject) -> Iterable[Chapter]:
        return ()

    def erase(self, actor: Actor, subject: Subject) -> Iterable[str]:
        ids = subject.party_ids
        spoke = Participant.objects.filter(party__in=ids).values("interaction")
        about = Q(party__in=ids) | Q(interaction__in=spoke) | Q(case__party__in=ids)
        Draft.objects.filter(about).delete()
        self._talks = frozenset(spoke.values_list("interaction", flat=True))
        told = Case.objects.unscoped("about somebody who is erased").filter(party__in=ids)
        self._cases = frozenset(told.values_list("pk", flat=True))
        return ()

    def emptied(self) -> Iterable[Emptied]:
        # What was sent was made of their words: the history keeps that it was sent, and to whom.
        yield Emptied(Interaction, self._talks, frozenset({"words_sent"}))
        yield Emptied(Case, self._cases, frozenset({"words_sent"}))

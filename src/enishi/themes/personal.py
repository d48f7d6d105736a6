"""What themes and feelings keep about people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.conversations.models import Interaction, Participant
from enishi.core.personal import STRUCK, Chapter, Fate, Keeper, Subject, Table, labels_of, plain_row
from enishi.themes.models import (
    Answer,
    AnswerTo,
    Aside,
    Meaning,
    Overall,
    Passage,
    Reading,
    ReplyTo,
    Suggestion,
)

_PASSAGE = ("quote", "feeling", "marked_at")


class ThemesKeeper(Keeper):
    """Themes and feelings stay as figures; the marked words go with those of the conversation."""

    code = "themes"
    order = 28
    tables: ClassVar[tuple[Table, ...]] = (
        Table(Passage, ("party",), Fate.STAYS, _("Marked passages, without their words")),
        Table(Overall, ("party",), Fate.STAYS, _("Feelings in conversations"), shown=False),
        # What they were told stands in their conversations.
        Table(ReplyTo, ("party",), Fate.GOES, _("Whom was told what was done"), shown=False),
        Table(AnswerTo, ("party",), Fate.GOES, _("Who was answered with others"), shown=False),
        Table(
            Answer.without.through, ("party",), Fate.GOES, _("Who was not answered with others"), shown=False
        ),
    )

    def tell(self, actor: Actor, subject: Subject) -> Iterable[Chapter]:
        said = Passage.objects.filter(party__in=subject.party_ids, removed_at__isnull=True)
        seen = Interaction.objects.visible_to(actor).present()
        mine = said.filter(interaction__in=seen).order_by("marked_at", "pk")
        rows = [plain_row(one, _PASSAGE) for one in mine]
        labels = {**labels_of(Passage, _PASSAGE[:-1]), "marked_at": _("marked")}
        yield Chapter("passages", _("What was marked"), rows, labels, said.count() - len(rows), model=Passage)

    def erase(self, actor: Actor, subject: Subject) -> Iterable[str]:
        # The words of conversations went before: those of which nothing is left have no passages either.
        silent = Q(interaction__participants__party__in=subject.party_ids, interaction__text="")
        theirs = Passage.objects.filter(Q(party__in=subject.party_ids) | silent).values("pk")
        Passage.objects.filter(pk__in=theirs).update(quote=STRUCK)
        for model in (ReplyTo, AnswerTo, Answer.without.through):
            model._default_manager.filter(party__in=subject.party_ids).delete()
        self._forget(subject)
        return ()

    def _forget(self, subject: Subject) -> None:
        """What the machine kept for comparing is made of their words: it goes, and what is left of a text is read anew."""
        spoke = Participant.objects.filter(party__in=subject.party_ids).values("interaction")
        Meaning.objects.filter(Q(interaction__in=spoke) | Q(case__party__in=subject.party_ids)).delete()
        Suggestion.objects.filter(interaction__in=spoke).delete()
        Aside.objects.filter(interaction__in=spoke).delete()
        Reading.objects.filter(interaction__in=spoke).delete()

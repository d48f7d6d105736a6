"""What the judging and planning of engagement keeps about people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.core import clock
from enishi.core.personal import Chapter, Fate, Keeper, Subject, Table, labels_of, plain_row
from enishi.engagement.models import Handout, PlanLine, PlanStep, Rating

_RATING = ("rated_on", "impact", "interest", "influence", "position", "reason")
_LINE = ("aim", "method", "channel", "starts_on", "rule", "ended_at")


class EngagementKeeper(Keeper):
    """How somebody was judged stays as figures, without the reason; lines of the plan about them end."""

    code = "engagement"
    order = 35
    tables: ClassVar[tuple[Table, ...]] = (
        Table(Rating, ("party",), Fate.STAYS, _("Ratings, without their reasons"), clears=("reason",)),
        Table(PlanLine, ("party",), Fate.STAYS, _("Lines of the plan")),
        Table(Handout, ("party",), Fate.STAYS, _("Files that were given to them"), clears=("note",)),
        Table(PlanStep, ("line__party",), Fate.STAYS, _("Times of the plan"), clears=("note",), shown=False),
    )

    def tell(self, actor: Actor, subject: Subject) -> Iterable[Chapter]:
        ids = subject.party_ids
        ratings = Rating.objects.visible_to(actor).filter(party__in=ids).order_by("rated_on", "pk")
        every = Rating.objects.unscoped("a count of what is left out").filter(party__in=ids).count()
        rows = [plain_row(one, _RATING) for one in ratings]
        labels = labels_of(Rating, _RATING)
        yield Chapter("ratings", _("How they were judged"), rows, labels, every - len(rows), model=Rating)
        lines = PlanLine.objects.visible_to(actor).filter(party__in=ids).order_by("starts_on", "pk")
        every = PlanLine.objects.unscoped("a count of what is left out").filter(party__in=ids).count()
        rows = [plain_row(one, _LINE) for one in lines]
        labels = {**labels_of(PlanLine, _LINE[:-1]), "ended_at": _("ended")}
        yield Chapter(
            "plan", _("When they were to be heard"), rows, labels, every - len(rows), model=PlanLine
        )

    def erase(self, actor: Actor, subject: Subject) -> Iterable[str]:
        running = PlanLine.objects.unscoped("about somebody who is erased").filter(
            party__in=subject.party_ids, ended_at__isnull=True
        )
        running.update(ended_at=clock.now())
        return ()

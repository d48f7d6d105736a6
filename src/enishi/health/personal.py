"""What is kept of how a relation with somebody stands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.contacts.models import Party
from enishi.core.personal import Chapter, Emptied, Fate, Keeper, Subject, Table, labels_of, plain_row
from enishi.health.models import Expected, OwnScore


class HealthKeeper(Keeper):
    """What colleagues judged of the relation goes with the person."""

    code = "health"
    order = 36
    tables: ClassVar[tuple[Table, ...]] = (
        Table(OwnScore, ("party",), Fate.GOES, _("Scores that colleagues gave the relation")),
        Table(Expected, ("party",), Fate.GOES, _("Expected conversations"), shown=False),
    )

    def tell(self, actor: Actor, subject: Subject) -> Iterable[Chapter]:
        names = ("at", "score", "reason")
        theirs = OwnScore.objects.filter(party__in=subject.party_ids)
        seen = theirs.filter(party__in=Party.objects.visible_to(actor)).order_by("at", "pk")
        rows = [plain_row(one, names) for one in seen]
        labels = labels_of(OwnScore, names)
        yield Chapter("scores", _("How the relation was scored"), rows, labels, theirs.count() - len(rows))

    def erase(self, actor: Actor, subject: Subject) -> Iterable[str]:
        self._emptied = Emptied(Party, frozenset(subject.party_ids), frozenset({"own_reason"}))
        return ()

    def emptied(self) -> Iterable[Emptied]:
        return [self._emptied]

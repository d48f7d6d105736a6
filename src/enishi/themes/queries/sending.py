"""What goes out to many people: its words, who gets it and how, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, QuerySet
from django.utils.translation import gettext_lazy as _

from enishi.accounts.queries import organisation
from enishi.contacts.models import Party
from enishi.core import clock
from enishi.themes.models import Answer, Reply, Sending, Wording

NO_ADDRESS = _("No e-mail and no postal address that works.")


def texts(of: Reply | Answer) -> dict[str, Wording]:
    """Its words by language; first those for whoever reads none of the languages."""
    found: dict[str, Wording] = {one.language: one for one in of.texts.order_by("pk")}
    usual = organisation().language
    first = [usual] if usual in found else []
    return {code: found[code] for code in dict.fromkeys([*first, *found])}


@dataclass(frozen=True)
class Reached:
    party: Party
    way: str
    address: str
    language: str
    shown: bool = True
    """Whether the reader sees the address: whoever writes need not."""


@dataclass(frozen=True)
class LeftOut:
    party: Party
    why: str


@dataclass
class Plan:
    """Who gets it by e-mail, who by letter, and who not, with the reason; by name."""

    mail: list[Reached] = field(default_factory=list)
    letters: list[Reached] = field(default_factory=list)
    left: list[LeftOut] = field(default_factory=list)

    @property
    def reached(self) -> list[Reached]:
        return [*self.mail, *self.letters]


def counts(of: Reply | Answer) -> dict[str, int]:
    """How many there are in each state."""
    people: QuerySet[Any] = of.people.all()
    return dict(people.order_by().values_list("state").annotate(n=Count("pk")))


def going(rows: QuerySet[Any]) -> list[int]:
    """Those whose time has come."""
    due = rows.filter(state=Sending.State.GOING, goes_at__lte=clock.now())
    return list(due.order_by("goes_at").values_list("pk", flat=True))

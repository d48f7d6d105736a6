"""What was given of promised amounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, DecimalField, F, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Greatest

from enishi.accounts.access import Actor
from enishi.commitments.models import Contribution, Promise, Proof
from enishi.commitments.queries.ledger import Filter, promises
from enishi.content.models import File
from enishi.core.money import Money, exact

_AMOUNT: DecimalField[Decimal, Decimal] = DecimalField(max_digits=30, decimal_places=4)
NOTHING = Value(Decimal(0), output_field=_AMOUNT)


@dataclass(frozen=True)
class Given:
    """What was given of one promise, beside what was promised."""

    promised: Money
    given: Money
    rows: Sequence[Contribution]

    @property
    def left(self) -> Money | None:
        """What is missing from the amount."""
        return self.promised - self.given if self.given < self.promised else None

    @property
    def over(self) -> Money | None:
        """How much more was given than promised."""
        return self.given - self.promised if self.promised < self.given else None


@dataclass(frozen=True)
class Owed:
    """What open promises of one currency add up to. ``given`` counts at most what was promised."""

    promises: int
    promised: Money
    left: Money

    @property
    def given(self) -> Money:
        return self.promised - self.left


def given_sum(condition: Q | None = None) -> Coalesce:
    """What was given of each promise, as far as the condition goes; for an annotation."""
    parts = Contribution.objects.filter(condition or Q(), promise=OuterRef("pk")).order_by()
    total = parts.values("promise").annotate(total=Sum("amount")).values("total")
    return Coalesce(Subquery(total), NOTHING, output_field=_AMOUNT)


def owed(actor: Actor, filters: Filter) -> list[Owed]:
    """What these promises add up to, currency by currency, in one query."""
    found = promises(actor, filters).filter(amount__isnull=False).annotate(given=given_sum())
    left = Greatest(F("amount") - F("given"), NOTHING, output_field=_AMOUNT)
    sums: Any = (
        found.order_by().values("currency").annotate(n=Count("pk"), total=Sum("amount"), left=Sum(left))
    )
    return [
        Owed(row["n"], *(Money(exact(row[name]), row["currency"]) for name in ("total", "left")))
        for row in sums.order_by("currency")
    ]


def given(actor: Actor, promise: Promise) -> Given | None:
    """What was given of a promise, oldest first, with its proofs; None where no amount was promised."""
    if promise.money is None:
        return None
    rows = list(contributions(actor, promise))
    total = sum((row.amount for row in rows), Decimal(0))
    return Given(promise.money, Money(total, promise.currency), rows)


def contributions(actor: Actor, promise: Promise) -> QuerySet[Contribution]:
    """What was given of a promise, oldest first; files that the actor may not read are left out of their proof."""
    files = File.objects.visible_to(actor).filter(deleted_at__isnull=True)
    proofs = Proof.objects.prefetch_related(Prefetch("file", queryset=files)).order_by("created_at", "id")
    return (
        promise.contributions.select_related("user")
        .prefetch_related(Prefetch("proofs", queryset=proofs))
        .order_by("day", "id")
    )


def contribution(actor: Actor, contribution_id: int) -> Contribution:
    """One of a promise that the actor may see; raises Contribution.DoesNotExist."""
    return (
        Contribution.objects.filter(promise__in=Promise.objects.visible_to(actor))
        .select_related("promise__project", "promise__party")
        .get(pk=contribution_id)
    )

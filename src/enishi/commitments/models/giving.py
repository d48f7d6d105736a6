"""What was given of a promised amount."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from enishi.commitments.models.ledger import Promise
from enishi.core.money import STEP, Money, exact


class Contribution(models.Model):
    """A part of a promised amount that was given on a day, in money or in kind. Whoever sees the promise sees it.

    ``currency`` is that of the promise: the database refuses any other, and refuses to change the promise's while this stands.
    """

    undo_entry: int | None = None
    """The history entry of the change just made, by which it can be undone."""

    promise = models.ForeignKey(
        Promise, on_delete=models.CASCADE, related_name="contributions", db_index=False
    )
    day = models.DateField(_("given on"))
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=4)
    currency = models.CharField(_("currency"), max_length=3)
    in_kind = models.BooleanField(_("in kind"), default=False)
    note = models.CharField(_("note"), max_length=500, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="contribution_of_something"),
        ]
        indexes = [models.Index(fields=["promise", "day"], name="contribution_promise")]

    def __str__(self) -> str:
        return str(self.money)

    @property
    def money(self) -> Money:
        return Money(exact(self.amount), self.currency)

    @money.setter
    def money(self, money: Money) -> None:
        self.amount, self.currency = money.amount.quantize(STEP), money.currency

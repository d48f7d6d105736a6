"""The promise ledger, tasks, and the organisation's own closing days."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Least, Now
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import ScopedModel
from enishi.core import clock
from enishi.core.money import STEP, Money, exact


class Series(ScopedModel):
    """A promise or task that comes back by a rule (RFC 5545). Each time is a promise or task of its own.

    ``template`` holds what every time has in common, ``made_until`` the day up to which the times were made.
    """

    class Shift(models.TextChoices):
        NONE = "none", _("Stay on the day")
        FORWARD = "forward", _("Move to the next business day")
        BACKWARD = "backward", _("Move to the business day before")

    view_right: ClassVar[str] = "commitments.view"
    owner_fields: ClassVar[tuple[str, ...]] = ("template__owner_id",)

    rule = models.CharField(_("repeats"), max_length=300)
    starts_on = models.DateField(_("from"))
    due_time = models.TimeField(_("at"), null=True, blank=True)
    shift = models.CharField(
        _("on a closed day"), max_length=8, choices=Shift.choices, default=Shift.BACKWARD
    )
    template = models.JSONField(default=dict)
    made_until = models.DateField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        # The daily job: whose next times are not made yet.
        indexes = [
            models.Index(fields=["made_until"], condition=Q(ended_at__isnull=True), name="series_running")
        ]

    def __str__(self) -> str:
        return self.rule

    def owners(self) -> set[int]:
        return {self.template["owner_id"]} if self.template.get("owner_id") else set()


class Commitment(ScopedModel):
    """What promises and tasks share: an owner, a date, and the words they came from.

    ``said_in_id`` is the conversation it was said in (``said_start`` to ``said_end``: characters of its text); it is
    kept without a foreign key because conversations stand above promises. ``occurrence`` is the day that the rule
    of its series gave it, whatever its date became later.
    """

    view_right: ClassVar[str] = "commitments.view"
    owner_fields: ClassVar[tuple[str, ...]] = ("owner_id",)
    undo_entry: int | None = None
    """The history entry of the change just made, by which it can be undone."""

    title: models.CharField[str, str]
    """Each has its own, under its own name."""
    detail = models.TextField(_("details"), blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("owner"),
    )
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    occurrence = models.DateField(null=True, blank=True)
    said_in_id = models.BigIntegerField(null=True, blank=True)
    said_start = models.PositiveIntegerField(null=True, blank=True)
    said_end = models.PositiveIntegerField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        raise NotImplementedError

    def is_late(self, now: dt.datetime) -> bool:
        return self.is_open and self.due_at is not None and self.due_at < now


class Promise(Commitment):
    """Who promised what to whom, where it was said, by when, and what became of it.

    ``done_at`` is when it was reported done; while it is open still, it waits for proof. What is late is never stored:
    see ``sign``.
    """

    class Direction(models.TextChoices):
        OURS = "ours", _("We owe")
        THEIRS = "theirs", _("They owe us")

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        KEPT = "kept", _("Kept")
        KEPT_LATE = "kept_late", _("Kept late")
        BROKEN = "broken", _("Broken")
        WAIVED = "waived", _("Waived")

    class Purpose(models.TextChoices):
        EDUCATION = "education", _("Education and training")
        JOBS = "jobs", _("Jobs and local business")
        HEALTH = "health", _("Health")
        INFRASTRUCTURE = "infrastructure", _("Infrastructure")
        CULTURE = "culture", _("Culture and sport")
        ENVIRONMENT = "environment", _("Environment")
        COMPENSATION = "compensation", _("Compensation")
        OTHER = "other", _("Another purpose")

    MOST_PEOPLE: ClassVar[int] = 2_000_000_000

    direction = models.CharField(
        _("who owes"), max_length=6, choices=Direction.choices, default=Direction.OURS
    )
    negative = models.BooleanField(_("not to do"), default=False)
    title = models.CharField(_("promise"), max_length=300)
    party = models.ForeignKey(
        "contacts.Party",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="promises",
        verbose_name=_("to or from"),
    )
    started_at = models.DateTimeField(_("being done since"), null=True, blank=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.OPEN)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    outcome = models.CharField(_("outcome"), max_length=500, blank=True)
    series = models.ForeignKey(
        Series, null=True, blank=True, on_delete=models.SET_NULL, related_name="promises"
    )
    duty = models.ForeignKey(
        "commitments.Duty",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="promises",
        db_index=False,  # promise_duty
        verbose_name=_("duty"),
    )
    evidence = models.CharField(_("proof asked for"), max_length=300, blank=True)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=4, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    purpose = models.CharField(_("what it is for"), max_length=14, choices=Purpose.choices, blank=True)
    for_people = models.PositiveIntegerField(_("for how many people"), null=True, blank=True)
    said_via = models.CharField(max_length=20, blank=True)
    said_at = models.DateTimeField(null=True, blank=True)
    quote = models.TextField(_("words"), blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="promise_has_words"),
            models.CheckConstraint(
                condition=Q(state="open", settled_at__isnull=True)
                | (~Q(state="open") & Q(settled_at__isnull=False)),
                name="promise_settled_or_open",
            ),
            models.CheckConstraint(
                condition=Q(amount__isnull=True, currency="")
                | Q(amount__isnull=False, amount__gt=0) & ~Q(currency=""),
                name="promise_amount_in_currency",
            ),
            models.CheckConstraint(
                condition=Q(said_end__isnull=True) | Q(said_end__gt=F("said_start")), name="promise_passage"
            ),
            models.UniqueConstraint(
                fields=["series", "occurrence"],
                condition=Q(series__isnull=False),
                name="promise_of_series_once",
            ),
            # What contributions point at, so that they are in its currency.
            models.UniqueConstraint(fields=["id", "currency"], name="promise_with_currency"),
        ]
        indexes = [
            # The ledger: what is open, by time.
            models.Index(
                F("due_at").asc(nulls_last=True),
                F("id").asc(),
                condition=Q(state="open"),
                name="promise_open",
            ),
            # What waits for proof.
            models.Index(
                fields=["due_at", "id"],
                condition=Q(state="open", done_at__isnull=False),
                name="promise_unproven",
            ),
            # My day.
            models.Index(fields=["owner", "due_at"], condition=Q(state="open"), name="promise_owner_open"),
            # Panels of one person.
            models.Index(fields=["party", "state", "due_at"], name="promise_party"),
            models.Index(
                fields=["said_in_id"], condition=Q(said_in_id__isnull=False), name="promise_said_in"
            ),
            # The times of a duty.
            models.Index(fields=["duty", "due_at"], condition=Q(duty__isnull=False), name="promise_duty"),
            models.Index(fields=["-settled_at", "-id"], condition=~Q(state="open"), name="promise_settled"),
            # The month.
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="promise_due"),
            # What is owed in money or in kind.
            models.Index(
                fields=["project", "due_at"], condition=Q(amount__isnull=False), name="promise_amount"
            ),
            # Kept on time: what was decided in a period.
            models.Index(
                Least("due_at", "settled_at"), condition=Q(direction="ours"), name="promise_decided"
            ),
        ]

    @property
    def money(self) -> Money | None:
        """What it is worth, where that was promised: one amount of one currency."""
        return None if self.amount is None else Money(exact(self.amount), self.currency)

    @money.setter
    def money(self, money: Money | None) -> None:
        self.amount = None if money is None else money.amount.quantize(STEP)
        self.currency = "" if money is None else money.currency

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def waits_for_proof(self) -> bool:
        return self.is_open and self.done_at is not None

    def is_late(self, now: dt.datetime) -> bool:
        """Whether its date has passed without it being done; what waits for proof is not late."""
        return self.done_at is None and super().is_late(now)

    @property
    def needs_proof(self) -> bool:
        """Whether it is kept only with proof: that was announced, or a duty asks for it."""
        return self.is_open and (self.done_at is not None or self.evidence != "")

    @property
    def shown_at(self) -> dt.datetime:
        """The moment at which it stands on a timeline."""
        return self.settled_at or self.said_at or self.created_at

    @property
    def sign(self) -> str:
        """The state as its knot shows it, of this moment: open, doing, proof, late, kept, kept_late, broken or waived."""
        if not self.is_open:
            return self.state
        if self.waits_for_proof:
            return "proof"
        if self.is_late(clock.now()):
            return "late"
        return "doing" if self.started_at else "open"


class Proof(models.Model):
    """Evidence that a promise was kept (or why it was not), or that a part of it was given: a file or words."""

    promise = models.ForeignKey(Promise, on_delete=models.CASCADE, related_name="proofs")
    file = models.ForeignKey(
        "content.File", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    text = models.TextField(_("words"), blank=True)
    contribution = models.ForeignKey(
        "commitments.Contribution", null=True, blank=True, on_delete=models.SET_NULL, related_name="proofs"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(file__isnull=False) | ~Q(text=""), name="proof_says_something")
        ]

    def __str__(self) -> str:
        return self.text[:80] or str(self.file_id)


class Task(Commitment):
    """Something to do. It can serve a promise, but is none."""

    title = models.CharField(_("task"), max_length=300)
    party = models.ForeignKey(
        "contacts.Party",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="tasks",
        verbose_name=_("about"),
    )
    promise = models.ForeignKey(
        Promise,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="tasks",
        verbose_name=_("serves"),
    )
    series = models.ForeignKey(Series, null=True, blank=True, on_delete=models.SET_NULL, related_name="tasks")
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    quote = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="task_has_words"),
            models.UniqueConstraint(
                fields=["series", "occurrence"], condition=Q(series__isnull=False), name="task_of_series_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["owner", "due_at"], condition=Q(done_at__isnull=True), name="task_owner_open"
            ),
            models.Index(
                F("due_at").asc(nulls_last=True),
                F("id").asc(),
                condition=Q(done_at__isnull=True),
                name="task_open",
            ),
            models.Index(fields=["party", "due_at"], name="task_party"),
            models.Index(fields=["said_in_id"], condition=Q(said_in_id__isnull=False), name="task_said_in"),
            models.Index(fields=["-done_at", "-id"], condition=Q(done_at__isnull=False), name="task_done"),
        ]

    @property
    def is_open(self) -> bool:
        return self.done_at is None

    @property
    def shown_at(self) -> dt.datetime:
        """The moment at which it stands on a timeline."""
        return self.done_at or self.created_at


class ClosingDay(models.Model):
    """A day on which the organisation is closed besides the public holidays; in one project or everywhere."""

    project = models.ForeignKey(
        "accounts.Project",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("project"),
    )
    day = models.DateField(_("day"))
    name = models.CharField(_("reason"), max_length=120)

    class Meta:
        ordering = ["day"]
        constraints = [
            models.UniqueConstraint(fields=["project", "day"], nulls_distinct=False, name="closing_day_once")
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"

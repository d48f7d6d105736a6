"""What is done for people about whom something is kept: handing it out, erasing it, keeping it no longer than needed."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import OverallModel, SharedModel


class Export(SharedModel):
    """Everything about one person as a file, made by a job on behalf of ``user``, kept for a few days."""

    class State(models.TextChoices):
        RUNNING = "running", _("Being prepared")
        DONE = "done", _("Ready")
        FAILED = "failed", _("Failed")

    view_right: ClassVar[str] = "privacy.export"

    party = models.ForeignKey("contacts.Party", on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    language = models.CharField(max_length=5)
    state = models.CharField(max_length=7, choices=State.choices, default=State.RUNNING)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    withheld = models.PositiveIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # Those of one person, newest first.
            models.Index(fields=["party", "-id"], name="export_of_party"),
            # The nightly job: files whose days are over.
            models.Index(fields=["expires_at"], condition=~models.Q(sha256=""), name="export_expiring"),
        ]

    def __str__(self) -> str:
        return f"{self.party_id} {self.created_at:%Y-%m-%d}"


class Hold(SharedModel):
    """A reason for which somebody must not be erased: a lawsuit, a law. It holds until it is ended."""

    view_right: ClassVar[str] = "privacy.erase"

    party = models.ForeignKey("contacts.Party", on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(_("reason"), max_length=300)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["party"], condition=models.Q(ended_at__isnull=True), name="hold_running")
        ]

    def __str__(self) -> str:
        return self.reason


class Erasure(SharedModel):
    """The erasure of one person: on what ground, who asked for it here, and what it did. Holds nothing about them."""

    class Ground(models.TextChoices):
        """GDPR, Article 17(1)."""

        WITHDRAWN = "withdrawn", _("They withdrew their consent")
        NEEDLESS = "needless", _("It is no longer needed")
        OBJECTED = "objected", _("They objected")
        UNLAWFUL = "unlawful", _("It was kept unlawfully")
        LAW = "law", _("A law demands it")

    class State(models.TextChoices):
        RUNNING = "running", _("Being erased")
        DONE = "done", _("Erased")
        REFUSED = "refused", _("Not erased")

    view_right: ClassVar[str] = "privacy.erase"

    party = models.ForeignKey("contacts.Party", on_delete=models.PROTECT, related_name="+")
    ground = models.CharField(_("legal ground"), max_length=9, choices=Ground.choices)
    reason = models.CharField(_("how it was asked for"), max_length=300)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    state = models.CharField(max_length=7, choices=State.choices, default=State.RUNNING)
    block = models.BooleanField(_("do not add again"), default=True)
    counts = models.JSONField(default=dict)
    problem = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["party"], condition=~models.Q(state="refused"), name="erasure_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.party_id} {self.state}"


class Blocked(models.Model):
    """An address that is not to be added again, as a keyed hash: it tells nothing, and is recognised when it comes back."""

    kind = models.CharField(max_length=7)
    digest = models.CharField(max_length=64)
    erasure = models.ForeignKey(Erasure, on_delete=models.CASCADE, related_name="blocked")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["digest", "kind"], name="blocked_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.digest[:8]}"


class RetentionRule(OverallModel):
    """How long a kind of thing is kept, of one project with what is below it or of everything, and what happens then.

    A draft does nothing. It is switched on with the number that it was shown to take (``agreed``), by somebody whose rights
    it works with from then on. ``trouble`` says in words why it stopped by itself.
    """

    class Unit(models.TextChoices):
        DAYS = "days", _("days")
        MONTHS = "months", _("months")
        YEARS = "years", _("years")

    class Deed(models.TextChoices):
        BIN = "bin", _("To the recycle bin, and gone for good after 30 days")
        NOW = "now", _("Gone for good at once")

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ON = "on", _("On")
        OFF = "off", _("Off")

    view_right: ClassVar[str] = "privacy.retain"

    kind = models.CharField(_("what"), max_length=40)
    part = models.CharField(_("which of them"), max_length=40, blank=True)
    after = models.PositiveSmallIntegerField(_("how long"))
    unit = models.CharField(_("unit"), max_length=6, choices=Unit.choices, default=Unit.YEARS)
    deed = models.CharField(_("what happens"), max_length=3, choices=Deed.choices, default=Deed.BIN)
    reason = models.CharField(_("why"), max_length=300)
    state = models.CharField(max_length=5, choices=State.choices, default=State.DRAFT)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    switched_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    switched_at = models.DateTimeField(null=True)
    agreed = models.PositiveIntegerField(null=True)
    trouble = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(after__range=(1, 1200)), name="rule_lasts"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="rule_has_a_reason"),
            models.CheckConstraint(
                condition=~models.Q(state="on") | models.Q(switched_at__isnull=False, agreed__isnull=False),
                name="rule_on_was_agreed",
            ),
        ]
        # The nightly job.
        indexes = [models.Index(fields=["id"], condition=models.Q(state="on"), name="rule_on")]

    def __str__(self) -> str:
        return f"{self.kind} {self.after} {self.unit}"


class RetentionRun(models.Model):
    """One time that a rule did its work, in batches; ``after_id`` is where the last one ended.

    ``final_at``: from then on nothing of it can come back.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FINAL = "final", _("Emptying the recycle bin")
        STOPPED = "stopped", _("Stopped")

    rule = models.ForeignKey(RetentionRule, on_delete=models.PROTECT, related_name="runs", db_index=False)
    operation = models.OneToOneField("timeline.Operation", on_delete=models.PROTECT, related_name="+")
    deed = models.CharField(max_length=3, choices=RetentionRule.Deed.choices)
    state = models.CharField(max_length=7, choices=State.choices, default=State.RUNNING)
    before = models.DateTimeField()
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    after_id = models.BigIntegerField(default=0)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    final_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # A second one would only do the same.
            models.UniqueConstraint(
                fields=["rule"], condition=models.Q(state="running"), name="rule_runs_once"
            )
        ]
        indexes = [
            models.Index(fields=["rule", "-id"], name="run_newest"),
            # The nightly job: what lies in the recycle bin.
            models.Index(
                fields=["id"], condition=models.Q(state="done", final_at__isnull=True), name="run_in_the_bin"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule_id}: {self.done}"


class RetentionItem(models.Model):
    """What a run did with one thing, by number; ``at`` is when it came into the recycle bin."""

    class State(models.TextChoices):
        BINNED = "binned", _("In the recycle bin")
        RESTORED = "restored", _("Put back")
        GONE = "gone", _("Gone for good")
        LEFT = "left", _("Left as it is")

    run = models.ForeignKey(RetentionRun, on_delete=models.CASCADE, related_name="items", db_index=False)
    subject_id = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=State.choices)
    at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "subject_id"], name="run_item_once")]

    def __str__(self) -> str:
        return f"{self.run_id}: {self.subject_id}"

"""Frozen reports: their paper, their rows in sealed parts, and what was redacted since."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import OverallModel


class Report(OverallModel):
    """A snapshot: once frozen, neither it nor its parts can be changed; triggers hold that.

    It is of one project with everything below it, or (no project) of everything, and as confidential as the most
    confidential record that it could hold. ``title`` is the sentence with the answer, ``paper`` everything written on it
    but the rows of its tables, in ``language``. ``manifest`` names its parts with their hashes; ``sha256`` is that of the
    manifest.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Being made")
        FROZEN = "frozen", _("Frozen")
        FAILED = "failed", _("Failed")

    view_right: ClassVar[str] = "reports.view"

    definition = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=300, blank=True)
    language = models.CharField(max_length=5)
    time_zone = models.CharField(max_length=50)
    filters = models.JSONField(default=dict)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    actor_name = models.CharField(max_length=200)
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    expected = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    rows = models.PositiveIntegerField(default=0)
    as_of = models.DateTimeField(null=True)
    paper = models.JSONField(default=dict)
    manifest = models.JSONField(default=dict)
    sha256 = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="frozen") | Q(as_of__isnull=False) & ~Q(sha256="") & ~Q(title=""),
                name="report_frozen_whole",
            ),
        ]
        # The list, newest first; of one project.
        indexes = [
            models.Index(fields=["project", "-id"], name="report_newest"),
            models.Index(fields=["sha256"], condition=~Q(sha256=""), name="report_sha256"),
        ]

    def __str__(self) -> str:
        return self.title or self.definition

    @property
    def is_frozen(self) -> bool:
        return self.state == self.State.FROZEN


class Schedule(OverallModel):
    """A report that is made and mailed by itself: each time of the week or month before.

    ``confidentiality`` is up to where it reads; who reads less gets a report of their own level. ``trouble`` says in words why
    it stopped.
    """

    class Rhythm(models.TextChoices):
        WEEKLY = "weekly", _("Every week, Monday at 8:00")
        MONTHLY = "monthly", _("Every month, first business day at 8:00")

    view_right: ClassVar[str] = "reports.view"

    definition = models.CharField(max_length=40)
    filters = models.JSONField(default=dict)
    language = models.CharField(max_length=5)
    time_zone = models.CharField(max_length=50)
    rhythm = models.CharField(_("when"), max_length=7, choices=Rhythm.choices, default=Rhythm.MONTHLY)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    recipients = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", verbose_name=_("to"))
    next_at = models.DateTimeField()
    paused_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        # What is due.
        indexes = [models.Index(fields=["next_at"], condition=Q(paused_at__isnull=True), name="schedule_due")]

    def __str__(self) -> str:
        return self.definition


class Dispatch(models.Model):
    """One time that a schedule ran: the reports it made, to how many they went, who was left out and why."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="dispatches")
    due_at = models.DateTimeField()
    at = models.DateTimeField()
    reports = models.ManyToManyField(Report, related_name="+")
    sent = models.PositiveIntegerField(default=0)
    left_out = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["schedule", "due_at"], name="dispatch_once")]

    def __str__(self) -> str:
        return f"{self.schedule_id} {self.due_at:%Y-%m-%d}"


class Part(models.Model):
    """Some rows of one table of a report, compressed. ``leaves`` holds the hash of each row (32 bytes), in order.

    ``people`` are the parties whom the rows name: where to look when somebody is erased. A redaction changes ``data`` and
    ``people``, never the leaves.
    """

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="parts", db_index=False)
    table = models.CharField(max_length=40)
    position = models.PositiveIntegerField()
    rows = models.PositiveIntegerField()
    people = ArrayField(models.BigIntegerField(), default=list)
    leaves = models.BinaryField()
    data = models.BinaryField()

    class Meta:
        ordering = ["report", "table", "position"]
        constraints = [
            models.UniqueConstraint(fields=["report", "table", "position"], name="report_part_once")
        ]
        # Reports that name a person.
        indexes = [GinIndex(fields=["people"], name="report_part_people")]

    def __str__(self) -> str:
        return f"{self.report_id} {self.table} {self.position}"


class Source(models.Model):
    """The records of one kind that a report was made of: who is kept out of one of them does not see the report.

    ``kind`` is what the history calls them. A report without any row here was made before this was written down.
    """

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="sources", db_index=False)
    kind = models.CharField(max_length=60)
    ids = ArrayField(models.BigIntegerField())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "kind"], name="report_source_once")]
        # The reports that were made of a record.
        indexes = [GinIndex(fields=["ids"], name="report_source_ids")]

    def __str__(self) -> str:
        return f"{self.report_id} {self.kind}"


class Redaction(models.Model):
    """That somebody was sealed out of a frozen report: how many values, when and by whom. Never who."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="redactions")
    values = models.PositiveIntegerField()
    actor_name = models.CharField(max_length=200)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.report_id}: {self.values}"


class Dashboard(models.Model):
    """Figures that somebody looks at together, in their order; for themselves or for everybody.

    It holds no numbers: whoever opens it sees theirs, within their own rights.
    """

    MOST = 12

    name = models.CharField(_("name"), max_length=80)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    shared = models.BooleanField(_("for everybody"), default=False)
    figures = ArrayField(models.CharField(max_length=40), verbose_name=_("figures"), size=MOST)
    weeks = models.PositiveSmallIntegerField(_("weeks"), default=12)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"], condition=Q(removed_at__isnull=True), name="dashboard_once"
            ),
            models.CheckConstraint(condition=Q(figures__len__gt=0), name="dashboard_shows_something"),
            models.CheckConstraint(condition=Q(weeks__in=[4, 12, 26, 52]), name="dashboard_weeks"),
        ]
        # Those of everybody, for the tabs.
        indexes = [
            models.Index(
                fields=["name"], condition=Q(shared=True, removed_at__isnull=True), name="dashboard_shared"
            )
        ]

    def __str__(self) -> str:
        return self.name

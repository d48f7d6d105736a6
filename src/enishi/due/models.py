"""What was told of things that fall due, and by which rule others are told of what stays late."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Digest(models.Model):
    """The one reminder mail of a user on a day. ``sent_at`` is set before the mail leaves, so that none goes twice."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "day"], name="digest_of_day_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.day}"


class Reminder(models.Model):
    """That somebody was reminded of something due: once for each moment of each date."""

    class Moment(models.TextChoices):
        SOON = "soon", _("Due soon")
        DUE = "due", _("Due today")
        LATE = "late", _("Late")

    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    moment = models.CharField(max_length=4, choices=Moment.choices)
    due_at = models.DateTimeField()
    made_at = models.DateTimeField(db_default=Now())
    digest = models.ForeignKey(Digest, null=True, on_delete=models.SET_NULL, related_name="reminders")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "subject_type", "subject_id", "moment", "due_at"], name="reminded_once"
            ),
        ]
        # What no mail has told yet.
        indexes = [models.Index(fields=["user"], condition=Q(digest__isnull=True), name="reminded_unmailed")]

    def __str__(self) -> str:
        return f"{self.moment} {self.subject_type}:{self.subject_id}"


class Step(models.Model):
    """So many business days late, and whom to tell then; in one project with those below it, or everywhere."""

    class To(models.TextChoices):
        OVERSEERS = "overseers", _("Whoever oversees the project")
        PERSON = "person", _("One person")
        NOBODY = "nobody", _("Nobody: switched off here")

    project = models.ForeignKey(
        "accounts.Project",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("project"),
    )
    days = models.PositiveSmallIntegerField(_("business days late"), default=3)
    to = models.CharField(_("tell"), max_length=9, choices=To.choices, default=To.OVERSEERS)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("person"),
    )

    class Meta:
        ordering = ["days", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "days", "to", "user"], nulls_distinct=False, name="late_step_once"
            ),
            models.CheckConstraint(
                condition=Q(to="person", user__isnull=False) | (~Q(to="person") & Q(user__isnull=True)),
                name="late_step_names_its_person",
            ),
            models.CheckConstraint(condition=Q(days__range=(1, 250)), name="late_step_days"),
        ]

    def __str__(self) -> str:
        return f"{self.days} {self.to}"


class Escalation(models.Model):
    """That somebody was told of what stays late: once for each step and date. ``mailed_at`` is set before the mail leaves."""

    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    days = models.PositiveSmallIntegerField()
    due_at = models.DateTimeField()
    told_at = models.DateTimeField(db_default=Now())
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["told_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "due_at", "days", "user"], name="told_late_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject_type}:{self.subject_id} {self.days} {self.user_id}"

"""Who is told when a promise of ours stays late: the rule, and that it was done."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class EscalationStep(models.Model):
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
                fields=["project", "days", "to", "user"], nulls_distinct=False, name="escalation_step_once"
            ),
            models.CheckConstraint(
                condition=Q(to="person", user__isnull=False) | (~Q(to="person") & Q(user__isnull=True)),
                name="escalation_step_names_its_person",
            ),
            models.CheckConstraint(condition=Q(days__range=(1, 250)), name="escalation_step_days"),
        ]

    def __str__(self) -> str:
        return f"{self.days} {self.to}"


class Escalation(models.Model):
    """That somebody was told of a late promise: once for each step and date. ``mailed_at`` is set before the mail leaves."""

    promise = models.ForeignKey("commitments.Promise", on_delete=models.CASCADE, related_name="escalations")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    days = models.PositiveSmallIntegerField()
    due_at = models.DateTimeField()
    told_at = models.DateTimeField(db_default=Now())
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["told_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["promise", "due_at", "days", "user"], name="escalation_once")
        ]

    def __str__(self) -> str:
        return f"{self.promise_id} {self.days} {self.user_id}"

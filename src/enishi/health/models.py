"""What people say themselves of how a relation or a project stands. The computed score is stored nowhere.

Both hang on a contact or a project, and are read by whoever may see that.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

_ONE = Q(party__isnull=True, project__isnull=False) | Q(party__isnull=False, project__isnull=True)


class About(models.Model):
    """A row about one contact or one project."""

    party = models.ForeignKey(
        "contacts.Party", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    project = models.ForeignKey(
        "accounts.Project", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(_("when"))

    class Meta:
        abstract = True


class OwnScore(About):
    """What somebody judges themselves, with the reason. Never changed: who judges again writes a later one."""

    score = models.PositiveSmallIntegerField(_("score"))
    reason = models.CharField(_("reason"), max_length=500)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_ONE, name="own_score_of_one"),
            models.CheckConstraint(condition=Q(score__lte=100), name="own_score_of_a_hundred"),
            models.CheckConstraint(condition=~Q(reason=""), name="own_score_has_a_reason"),
        ]
        indexes = [
            models.Index(fields=["party", "-at"], name="own_score_party"),
            models.Index(fields=["project", "-at"], name="own_score_project"),
        ]

    def __str__(self) -> str:
        return str(self.score)


class Expected(About):
    """How many conversations are expected in thirty days where no plan says it."""

    number = models.PositiveSmallIntegerField(_("conversations in 30 days"))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_ONE, name="expected_of_one"),
            models.CheckConstraint(condition=Q(number__range=(1, 500)), name="expected_some"),
            models.UniqueConstraint(fields=["party"], name="expected_party_once"),
            models.UniqueConstraint(fields=["project"], name="expected_project_once"),
        ]

    def __str__(self) -> str:
        return str(self.number)

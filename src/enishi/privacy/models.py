"""What is done for people about whom something is kept: handing it out, erasing it, keeping it no longer than needed."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import SharedModel


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

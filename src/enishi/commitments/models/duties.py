"""Obligations: what a permit, a law or an agreement asks of us, clause by clause."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import ScopedModel


class Source(ScopedModel):
    """A document that obliges. ``authority`` is who watches over it, or the other side of an agreement."""

    class Kind(models.TextChoices):
        PERMIT = "permit", _("Permit")
        LAW = "law", _("Law or regulation")
        AGREEMENT = "agreement", _("Agreement")
        STANDARD = "standard", _("Standard")
        DECISION = "decision", _("Decision")
        OTHER = "other", _("Other document")

    view_right: ClassVar[str] = "commitments.view"

    kind = models.CharField(_("kind"), max_length=9, choices=Kind.choices, default=Kind.PERMIT)
    title = models.CharField(_("title"), max_length=300)
    reference = models.CharField(_("number"), max_length=120, blank=True)
    authority = models.ForeignKey(
        "contacts.Party",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("authority"),
    )
    file = models.ForeignKey(
        "content.File",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("file"),
    )
    valid_from = models.DateField(_("from"), null=True, blank=True)
    valid_until = models.DateField(_("until"), null=True, blank=True)
    note = models.TextField(_("remark"), blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="source_has_a_title"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True)
                | Q(valid_from__isnull=True)
                | Q(valid_until__gte=F("valid_from")),
                name="source_dates_in_order",
            ),
        ]
        indexes = [models.Index(fields=["project", "title", "id"], name="source_by_title")]

    def __str__(self) -> str:
        return f"{self.title} ({self.reference})" if self.reference else self.title


class Duty(ScopedModel):
    """One clause of a source: what it asks us to do, or not to do. Its times are promises, kept and proven one by one.

    ``citation`` holds the words of the clause, ``file_version`` and ``page`` where they stand. ``review_months`` is how often
    somebody looks whether it still holds, ``next_review_on`` when next.
    """

    view_right: ClassVar[str] = "commitments.view"
    owner_fields: ClassVar[tuple[str, ...]] = ("owner_id",)

    source = models.ForeignKey(
        Source, on_delete=models.PROTECT, related_name="duties", verbose_name=_("document")
    )
    clause = models.CharField(_("clause"), max_length=40, blank=True)
    position = models.PositiveIntegerField(default=0)
    title = models.CharField(_("duty"), max_length=300)
    negative = models.BooleanField(_("not to do"), default=False)
    citation = models.TextField(_("words of the clause"), blank=True)
    file_version = models.ForeignKey(
        "content.FileVersion",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("version of the file"),
    )
    page = models.CharField(_("place in it"), max_length=60, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("owner"),
    )
    evidence = models.CharField(_("proof asked for"), max_length=300, blank=True)
    review_months = models.PositiveSmallIntegerField(_("review every (months)"), null=True, blank=True)
    next_review_on = models.DateField(_("next review"), null=True, blank=True)
    reviewed_at = models.DateTimeField(_("last reviewed"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    ended_why = models.CharField(_("reason"), max_length=300, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="duty_has_words"),
            models.CheckConstraint(
                condition=Q(review_months__isnull=True) | Q(review_months__range=(1, 120)),
                name="duty_review_within_ten_years",
            ),
        ]
        indexes = [
            # The register of a document, and of everything.
            models.Index(fields=["source", "position", "id"], name="duty_of_source"),
            # What is due for review.
            models.Index(
                fields=["next_review_on", "id"],
                condition=Q(ended_at__isnull=True, next_review_on__isnull=False),
                name="duty_review",
            ),
            models.Index(fields=["owner"], condition=Q(ended_at__isnull=True), name="duty_owner"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_condition(self) -> bool:
        """A condition of a permit, else an obligation."""
        return self.source.kind == Source.Kind.PERMIT

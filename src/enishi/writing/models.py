"""Drafts that a language model writes: the service that is asked, and what came back, for whoever asked."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Level


class WritingService(models.Model):
    """The service that the organisation chose: one row. ``sealed_key`` is encrypted and never shown.

    ``highest`` is the level up to which records are sent; what is more confidential stays here, whoever asks.
    """

    on = models.BooleanField(_("switched on"), default=False)
    address = models.CharField(_("address"), max_length=300, blank=True)
    model = models.CharField(_("model"), max_length=120, blank=True)
    sealed_key = models.TextField(blank=True)
    highest = models.PositiveSmallIntegerField(
        _("sends records up to"), choices=Level.choices, default=Level.INTERNAL
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="writing_service_once"),
            models.CheckConstraint(
                condition=Q(on=False) | (~Q(address="") & ~Q(model="")), name="writing_service_complete"
            ),
        ]

    def __str__(self) -> str:
        return self.address


class Draft(models.Model):
    """What somebody asked for, what was sent for it, and what came back. It is theirs alone and goes after a few days.

    ``sources`` lists what was sent: ``[{"number": 1, "kind": "conversations.interaction", "id": 7, "version": 2}]``.
    ``messages`` are what the service gets; they are emptied when it has answered. ``said`` is the answer, sentence by sentence:
    ``[{"text": "…", "from": [1]}]``. ``left_out`` counts what the asker may read and what was not sent.
    """

    class Kind(models.TextChoices):
        CONVERSATION = "conversation", _("Summary of a conversation")
        PERSON = "person", _("Summary of the talk with somebody")
        ANSWER = "answer", _("Draft of an answer")

    class State(models.TextChoices):
        WAITING = "waiting", _("being written")
        DONE = "done", _("written")
        FAILED = "failed", _("not written")

    kind = models.CharField(max_length=12, choices=Kind.choices)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    interaction = models.ForeignKey(
        "conversations.Interaction", null=True, on_delete=models.CASCADE, related_name="+"
    )
    party = models.ForeignKey("contacts.Party", null=True, on_delete=models.CASCADE, related_name="+")
    case = models.ForeignKey("cases.Case", null=True, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    asked_at = models.DateTimeField()
    language = models.CharField(max_length=5)
    messages = models.JSONField(default=list)
    sources = models.JSONField(default=list)
    said = models.JSONField(default=list)
    left_out = models.PositiveIntegerField(default=0)
    unfounded = models.PositiveIntegerField(default=0)
    trouble = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="conversation", interaction__isnull=False)
                | Q(kind="person", party__isnull=False)
                | Q(kind="answer", case__isnull=False),
                name="draft_of_something",
            ),
        ]
        indexes = [models.Index(fields=["asked_at"], name="draft_oldest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

"""Where events are sent, what waits to be sent, and what was answered."""

from __future__ import annotations

import uuid
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class Endpoint(models.Model):
    """An address that is told of events, with the rights of its owner.

    ``events`` are codes of the history; no ``project_ids`` means every project that the owner reads. While it fails, ``failures``
    counts the attempts in a row and ``next_at`` says when the next one is made. ``off_because`` is why it was switched off by itself.
    """

    class Reason(models.TextChoices):
        FAILED = "failed", _("It failed for a day.")
        GONE = "gone", _("The address answered that it is gone for good (410).")
        OWNER = "owner", _("Its owner left, or may not have webhooks any more.")

    address = models.CharField(_("address"), max_length=500)
    events = ArrayField(models.CharField(max_length=80), verbose_name=_("events"))
    project_ids = ArrayField(models.BigIntegerField(), default=list, verbose_name=_("projects"))
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, verbose_name=_("owner"), related_name="+"
    )
    is_on = models.BooleanField(_("switched on"), default=True)
    off_because = models.CharField(max_length=6, choices=Reason.choices, blank=True)
    sealed_secret = models.TextField()
    sealed_old_secret = models.TextField(blank=True)
    old_secret_until = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(is_on=False) | models.Q(off_because=""), name="endpoint_off_for_a_reason"
            ),
            models.CheckConstraint(condition=~models.Q(events=[]), name="endpoint_of_some_events"),
        ]

    def __str__(self) -> str:
        return self.host

    @property
    def host(self) -> str:
        """What is shown and recorded of the address: the rest of it may hold a key."""
        return urlsplit(self.address).netloc


class Fresh(models.Model):
    """An entry of the history that some endpoint wants and nobody has sorted yet. A trigger writes them (0002)."""

    entry = models.OneToOneField(
        "timeline.Entry", on_delete=models.CASCADE, primary_key=True, related_name="+"
    )

    def __str__(self) -> str:
        return str(self.pk)


class Delivery(models.Model):
    """One message to one endpoint. It holds no words: what it says is made of the entry each time it is sent.

    ``message_id`` is the ``webhook-id``, the same on every attempt. Without an entry it is a test.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        FAILED = "failed", _("not sent")

    # delivery_newest begins with it
    endpoint = models.ForeignKey(
        Endpoint, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    entry = models.ForeignKey("timeline.Entry", null=True, on_delete=models.CASCADE, related_name="+")
    message_id = models.UUIDField(default=uuid.uuid4, unique=True)
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "entry"],
                condition=models.Q(entry__isnull=False),
                name="delivery_once",
            ),
        ]
        indexes = [
            # The list of an endpoint, newest first.
            models.Index(fields=["endpoint", "-id"], name="delivery_newest"),
            # What is sent next.
            models.Index(
                fields=["endpoint", "id"], condition=models.Q(state="waiting"), name="delivery_waiting"
            ),
            # What the nightly job forgets.
            models.Index(fields=["created_at"], name="delivery_oldest"),
        ]

    def __str__(self) -> str:
        return f"msg_{self.message_id.hex}"


class Attempt(models.Model):
    """One try to send a message: the status that was answered, or in a word why there was none."""

    class Trouble(models.TextChoices):
        PRIVATE = "private", _("The address leads into a private network, or does not begin with https.")
        TIMEOUT = "timeout", _("No answer in time.")
        UNREACHED = "unreached", _("The address cannot be reached.")
        SECRET = (
            "secret",
            _("The secret cannot be read any more: the key of the installation was changed. Renew it."),
        )

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    trouble = models.CharField(max_length=9, choices=Trouble.choices, blank=True)
    answer = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__isnull=True) ^ models.Q(trouble=""), name="attempt_ended_one_way"
            ),
        ]

    def __str__(self) -> str:
        return str(self.status or self.trouble)

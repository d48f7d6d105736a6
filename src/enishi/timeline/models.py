"""History and its proof, the places of things on people's timelines, operations, notifications."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Level, SharedModel, Via


class Operation(SharedModel):
    """Many changes made at once (import, merge, mass edit). Its entries hold the values before: its inverse."""

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")

    view_right: ClassVar[str] = "timeline.view"

    kind = models.CharField(max_length=40)
    label = models.CharField(max_length=300)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    counts = models.JSONField(default=dict)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    undo_until = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        indexes = [models.Index(fields=["-created_at", "-id"], name="operation_newest")]

    def __str__(self) -> str:
        return self.label


class Seal(models.Model):
    """A sealed batch of entries: a Merkle tree over their hashes, chained to the batch before.

    ``entry_ids`` and ``leaves`` (32 bytes each, same order) let a check name the first entry that was altered,
    inserted or removed.
    """

    sealed_at = models.DateTimeField()
    entry_ids = ArrayField(models.BigIntegerField())
    leaves = models.BinaryField()
    root = models.BinaryField()
    previous = models.BinaryField()
    digest = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.pk}: {len(self.entry_ids)}"


class Check(models.Model):
    """One check of the whole history and what it found. ``done`` of ``total`` entries while it runs."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    total = models.BigIntegerField(default=0)
    done = models.BigIntegerField(default=0)
    seals = models.BigIntegerField(default=0)
    unsealed = models.BigIntegerField(default=0)
    head = models.CharField(max_length=64, blank=True)
    broken_seal = models.BigIntegerField(null=True)
    broken_entry = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = [
            # Two checks at once would only take longer.
            models.UniqueConstraint(
                fields=["finished_at"],
                condition=models.Q(finished_at__isnull=True),
                name="check_one_at_a_time",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}"

    @property
    def holds(self) -> bool:
        return self.finished_at is not None and not self.reason


class Entry(SharedModel):
    """One thing that happened: audit record, webhook feed and outbox. Append-only; a trigger holds that.

    ``project_ids``, ``confidentiality`` and ``seal`` are placement, not content: they may change, the rest never, but for
    what an erasure takes out (see ``Redaction``). ``changes`` maps a field to its value before and after. ``salt`` is
    sealed with the rest: without it nobody can test by the seal what stood in an entry before it was redacted.
    """

    view_right: ClassVar[str] = "timeline.view"
    subject_field: ClassVar[str] = "subject_type"

    at = models.DateTimeField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
        db_index=False,  # entry_user
    )
    actor_name = models.CharField(max_length=200)
    via = models.CharField(max_length=5, choices=Via.choices)
    request_id = models.UUIDField(null=True)
    # entry_operation serves it
    operation = models.ForeignKey(
        Operation, null=True, on_delete=models.PROTECT, related_name="entries", db_index=False
    )
    event = models.CharField(max_length=80)
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    label = models.CharField(max_length=300, blank=True)
    party_id = models.BigIntegerField(null=True)
    changes = models.JSONField(default=dict)
    data = models.JSONField(default=dict)
    seal = models.ForeignKey(Seal, null=True, on_delete=models.PROTECT, related_name="entries")
    salt = models.UUIDField(null=True, db_default=RandomUUID())

    class Meta:
        indexes = [
            # The history of one record.
            models.Index(fields=["subject_type", "subject_id", "-id"], name="entry_subject"),
            # Everything that concerns one person.
            models.Index(
                fields=["party_id", "-id"], condition=models.Q(party_id__isnull=False), name="entry_party"
            ),
            # The entries of one import, merge or mass edit.
            models.Index(
                fields=["operation", "id"],
                condition=models.Q(operation__isnull=False),
                name="entry_operation",
            ),
            # What others did since yesterday, without the many entries of mass changes.
            models.Index(
                fields=["-at", "-id"], condition=models.Q(operation__isnull=True), name="entry_alone"
            ),
            # The sealing job: what is not sealed yet.
            models.Index(fields=["id"], condition=models.Q(seal__isnull=True), name="entry_unsealed"),
            # The history of what one user did, and of one kind of event.
            models.Index(fields=["user", "-id"], name="entry_user"),
            models.Index(fields=["event", "-id"], name="entry_event"),
            # Whether something waited for an answer at an earlier moment.
            models.Index(
                fields=["at"], condition=models.Q(changes__has_key="answer"), name="entry_answer_turned"
            ),
            # The feed of one project: what changed in my projects.
            GinIndex(fields=["project_ids"], name="entry_projects"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.subject_type}:{self.subject_id}"


class TransactionId(models.Func):
    """The number of the transaction under way, the same in its savepoints."""

    function = "txid_current"
    arity = 0
    output_field = models.BigIntegerField()


class Redaction(models.Model):
    """An entry of which an erasure took something out: its hash before and after. Append-only.

    ``erasure`` is the entry that tells of the erasure; it holds the root over its redactions and is sealed itself. The
    database lets an entry be rewritten only in the transaction (``written_in``) that registers it here.
    """

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="redactions")
    erasure = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="+")
    was = models.BinaryField()
    now = models.BinaryField()
    written_in = models.BigIntegerField(db_default=TransactionId())

    def __str__(self) -> str:
        return f"{self.entry_id} by {self.erasure_id}"


class Family(models.TextChoices):
    """The tabs of a timeline."""

    CONVERSATION = "conversation", _("Conversations")
    PROMISE = "promise", _("Promises")
    CASE = "case", _("Cases")
    TASK = "task", _("Tasks")
    FILE = "file", _("Files")
    CHANGE = "change", _("Changes")


class Item(SharedModel):
    """The place of one thing on the timeline of one person or organisation. Follows its subject when that changes."""

    view_right: ClassVar[str] = "timeline.view"
    subject_field: ClassVar[str] = "subject_type"

    party_id = models.BigIntegerField()
    family = models.CharField(max_length=12, choices=Family.choices)
    channel = models.CharField(max_length=20, blank=True)
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    occurred_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject_type", "subject_id", "party_id"], name="item_once"),
        ]
        indexes = [
            # A page of one timeline, newest first.
            models.Index(fields=["party_id", "-occurred_at", "-id"], name="item_timeline"),
            # The same with a tab chosen; also its count.
            models.Index(fields=["party_id", "family", "-occurred_at", "-id"], name="item_timeline_family"),
        ]

    def __str__(self) -> str:
        return f"{self.subject_type}:{self.subject_id} on {self.party_id}"


class Notification(models.Model):
    """Something a user should know: shown live in the bell, kept until read."""

    # notification_newest begins with it
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications", db_index=False
    )
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=300)
    url = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["user", "-id"], name="notification_newest"),
            models.Index(
                fields=["user"], condition=models.Q(read_at__isnull=True), name="notification_unread"
            ),
        ]

    def __str__(self) -> str:
        return self.title


__all__ = ["Check", "Entry", "Family", "Item", "Level", "Notification", "Operation", "Redaction", "Seal"]

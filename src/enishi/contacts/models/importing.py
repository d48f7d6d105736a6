"""Imports: runs, their rows, saved mappings and what could not be read."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import ScopedModel

STREAM = "mailbox"
"""The importer of what comes by itself: no file that somebody brought, so in no list of imports."""


class ImportRun(ScopedModel):
    """One file on its way in: read, matched to fields, tried, applied, undone.

    ``facts`` is what was found about the file, ``mapping`` where its columns go, ``cursor`` how far the work got: after
    a crash it goes on from there. ``counts`` has the figures of the dry run or of the result.
    """

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("Uploaded")
        MAPPED = "mapped", _("Columns matched")
        CHECKING = "checking", _("Being checked")
        CHECKED = "checked", _("Checked")
        APPLYING = "applying", _("Being imported")
        DONE = "done", _("Imported")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")
        FAILED = "failed", _("Failed")

    view_right: ClassVar[str] = "contacts.import"

    importer = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=State.choices, default=State.UPLOADED)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    filename = models.CharField(_("file"), max_length=300)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField(default=0)
    facts = models.JSONField(default=dict)
    mapping = models.JSONField(default=dict)
    options = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)
    problem = models.TextField(blank=True)
    progress = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    cursor = models.JSONField(default=dict)
    operation = models.ForeignKey(
        "timeline.Operation", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["-created_at", "-id"], name="import_newest")]

    def __str__(self) -> str:
        return self.filename


class ImportRow(models.Model):
    """One row of a file as staged. ``draft`` is the contact it says, ``errors`` what is wrong: column and reason.

    ``party_id`` is the contact that the row speaks of; of a new one the number that it will have. ``keys`` are what the row
    is recognised by within its file. ``cells`` are kept where somebody has to look: refused rows and possible duplicates.
    """

    class Action(models.TextChoices):
        NEW = "", _("Not looked at")
        CREATE = "create", _("New")
        UPDATE = "update", _("Update")
        SAME = "same", _("Unchanged")
        DUPLICATE = "duplicate", _("Possible duplicate")
        REFUSE = "refuse", _("Refused")
        SKIP = "skip", _("Left out")

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField()
    cells = ArrayField(models.TextField(), default=list)
    draft = models.JSONField(default=dict)
    action = models.CharField(max_length=9, choices=Action.choices, default=Action.NEW, blank=True)
    decision = models.CharField(max_length=9, choices=Action.choices, default=Action.NEW, blank=True)
    party_id = models.BigIntegerField(null=True)
    keys = ArrayField(models.TextField(), default=list)
    matches = models.JSONField(default=list)
    errors = models.JSONField(default=list)

    class Meta:
        indexes = [
            # The rows of one kind in a dry run, page by page.
            models.Index(fields=["run", "action", "number"], name="import_row_action"),
        ]
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="import_row_once")]

    def __str__(self) -> str:
        return f"{self.run_id}#{self.number}"


class ImportMapping(models.Model):
    """A mapping kept to be used again."""

    name = models.CharField(_("name"), max_length=120)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    mapping = models.JSONField(default=dict)
    headers = models.JSONField(default=list)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="import_mapping_once")]

    def __str__(self) -> str:
        return self.name


class Quarantined(models.Model):
    """What an import could not read: the reason in words, and the bytes, kept."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="quarantined")
    file = models.CharField(max_length=500)
    item = models.CharField(max_length=300, blank=True)
    reason = models.CharField(max_length=500)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "file", "item", "sha256"], name="quarantined_once")
        ]

    def __str__(self) -> str:
        return f"{self.file} {self.item}"

"""Files and their versions. The bytes lie in content-addressed storage, each once."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import ScopedModel


class File(ScopedModel):
    """A named file of a project; what it says is in its versions, the newest counts."""

    view_right: ClassVar[str] = "content.view"

    name = models.CharField(_("name"), max_length=300)
    description = models.CharField(_("description"), max_length=500, blank=True)
    folder = models.CharField(_("folder"), max_length=200, blank=True)
    attachment = models.BooleanField(_("came with a message"), default=False)
    created_at = models.DateTimeField(db_default=Now())
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            # Newest first, within the reader's projects.
            models.Index(
                fields=["project", "-created_at", "-id"],
                condition=Q(deleted_at__isnull=True),
                name="file_newest",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class FileVersion(models.Model):
    """One state of a file. ``text`` is what its bytes say in words, found by the search; ``reading`` how far that is."""

    class Reading(models.TextChoices):
        WAITING = "waiting", _("Its words are being read")
        READ = "read", _("Its words are found by the search")
        NONE = "none", _("It has no words that can be read")
        FAILED = "failed", _("Its words could not be read")

    file = models.ForeignKey(File, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField(_("size"))
    media_type = models.CharField(_("type"), max_length=150)
    text = models.TextField(blank=True)
    reading = models.CharField(max_length=7, choices=Reading.choices, default=Reading.NONE)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["file", "number"], name="file_version_once")]
        indexes = [models.Index(fields=["sha256"], name="file_version_bytes")]

    def __str__(self) -> str:
        return f"{self.file_id} v{self.number}"


class FileLink(models.Model):
    """A file belongs to a person or organisation: shown on their page."""

    file = models.ForeignKey(File, on_delete=models.CASCADE, related_name="links")
    party = models.ForeignKey("contacts.Party", on_delete=models.CASCADE, related_name="file_links")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["party", "file"], name="file_link_once")]

    def __str__(self) -> str:
        return f"{self.file_id}@{self.party_id}"

"""Files and their versions. The bytes lie in content-addressed storage, each once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, ClassVar, Protocol

from django.conf import settings
from django.db import models
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import ScopedModel
from enishi.core import registry


class File(ScopedModel):
    """A named file of a project; what it says is in its versions, the newest counts.

    It belongs to who added it. It is seen, not changed, also by those to whom the record belongs on which it hangs: the
    contact, and what higher apps answer by ``provide("content.hangs_on", …)``.
    """

    view_right: ClassVar[str] = "content.view"
    owner_fields: ClassVar[tuple[str, ...]] = ("added_by_id",)

    name = models.CharField(_("name"), max_length=300)
    description = models.CharField(_("description"), max_length=500, blank=True)
    folder = models.CharField(_("folder"), max_length=200, blank=True)
    attachment = models.BooleanField(_("came with a message"), default=False)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("added by"),
        db_index=False,  # file_added_by
    )
    created_at = models.DateTimeField(db_default=Now())
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["added_by", "-created_at", "-id"],
                condition=Q(added_by__isnull=False),
                name="file_added_by",
            ),
            # Newest first, within the reader's projects.
            models.Index(
                fields=["project", "-created_at", "-id"],
                condition=Q(deleted_at__isnull=True),
                name="file_newest",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def reached_by(self, right: str) -> set[int]:
        if right != self.view_right:
            return self.owners()
        linked = self.links.filter(party__owner__isnull=False).values_list("party__owner", flat=True)
        return self.owners().union(linked, *(hung.owners(self.pk) for hung in _hung()))

    @classmethod
    def within_reach(cls, people: Collection[int], right: str, prefix: str = "") -> Q:
        if right != cls.view_right:
            return cls.owned_by(people, prefix)
        added = cls.objects.unscoped("only which of them belong to certain people").filter(
            cls.owned_by(people)
        )
        linked = FileLink.objects.filter(party__owner__in=sorted(people)).values("file")
        # One list of ids: with a condition for each part PostgreSQL would look at every file.
        hung = (one.files(people) for one in _hung())
        return Q(**{f"{prefix}pk__in": added.values("pk").union(linked, *hung, all=True)})


class HangsOn(Protocol):
    """What an app answers about the files that hang on its records."""

    def files(self, people: Collection[int]) -> QuerySet[Any, Any]:
        """The ids of those that hang on what belongs to one of these users, as a subquery."""

    def owners(self, file_id: int) -> Iterable[int]:
        """The users to whom a record belongs on which a file hangs; the same as ``files``."""


def _hung() -> Iterable[HangsOn]:
    return [make() for make in registry.providers("content.hangs_on").values()]


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

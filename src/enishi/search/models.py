"""One index of everything that can be found, in every script."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import SharedModel


class Kind(models.TextChoices):
    """What can be found. The value is also the order of the groups in a result."""

    PERSON = "person", _("People")
    ORGANISATION = "organisation", _("Organisations")
    GROUP = "group", _("Groups")
    PROMISE = "promise", _("Promises")
    TASK = "task", _("Tasks")
    CASE = "case", _("Cases")
    CONVERSATION = "conversation", _("Conversations")
    FILE = "file", _("Files")


SUBJECTS = {
    "contacts.party": (Kind.PERSON, Kind.ORGANISATION, Kind.GROUP),
    "commitments.promise": (Kind.PROMISE,),
    "commitments.task": (Kind.TASK,),
    "cases.case": (Kind.CASE,),
    "conversations.interaction": (Kind.CONVERSATION,),
    "content.file": (Kind.FILE,),
}
"""The kinds under which a record that the history calls so is found."""


APART = ("contacts.email", "contacts.phone", "contacts.address")
"""Fields that can be protected (``accounts.fields``): their words stand at the end of a document, each by themselves."""
WITH_APART = frozenset({Kind.PERSON, Kind.ORGANISATION, Kind.GROUP, Kind.CONVERSATION})
"""The kinds of documents that hold such words."""


class Document(SharedModel):
    """What one record can be found by. Written in the transaction that writes the record.

    ``folded`` holds every name, address and number as folded words; ``grams`` its two-character pieces, made in Python
    because an index over an expression is not analysed and trigrams cannot serve names of two characters.
    ``ends`` says where in ``folded`` the words for everybody end, and then those of each field of ``APART``.
    """

    view_right: ClassVar[str] = "contacts.view"
    subject_field: ClassVar[str] = "kind__in"

    kind = models.CharField(max_length=12, choices=Kind.choices)
    subject_id = models.BigIntegerField()
    title = models.CharField(max_length=300)
    detail = models.CharField(max_length=300, blank=True)
    language = models.CharField(max_length=5, blank=True)
    folded = models.TextField()
    grams = ArrayField(models.TextField())
    ends = ArrayField(models.IntegerField(), null=True)
    weight = models.SmallIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "subject_id"], name="document_once")]
        # A short pending list: writing thousands of documents costs a fifth, a search looks through at most 1 MB more.
        indexes = [
            GinIndex(fields=["grams"], name="document_grams", fastupdate=True, gin_pending_list_limit=1024)
        ]

    def __str__(self) -> str:
        return self.title

    @classmethod
    def subject_word(cls, kind: str) -> Collection[str]:
        return SUBJECTS.get(kind, ())


class Visit(models.Model):
    """What a user opened last, and what they pinned: the palette before anything is typed."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    subject_id = models.BigIntegerField()
    at = models.DateTimeField()
    pinned = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind", "subject_id"], name="visit_once")]
        indexes = [models.Index(fields=["user", "-pinned", "-at"], name="visit_recent")]

    def __str__(self) -> str:
        return f"{self.kind}:{self.subject_id}"

"""What phones have handed in, so that nothing is kept twice however often it is sent."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Received(models.Model):
    """One entry or file that was kept: what it became, and the fingerprint of its content, but none of its words.

    A file is ``of`` the conversation with which it was sent; its fingerprint is the SHA-256 of its bytes. Written in the
    transaction of the record it became. It is never forgotten: a phone may lie in a drawer for a year with an entry
    whose answer it did not hear.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    key = models.UUIDField()
    kind = models.CharField(max_length=10)
    fingerprint = models.CharField(max_length=64)
    subject_type = models.CharField(max_length=60, blank=True)
    subject_id = models.BigIntegerField(null=True)
    of = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="files")
    written_at = models.DateTimeField()
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="received_once")]

    def __str__(self) -> str:
        return str(self.key)

"""Tags, custom fields, consents and saved views."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from enishi.accounts.branches import Branch
from enishi.contacts.models.party import Party
from enishi.core import clock


class Tag(Branch):
    """A word to gather by. Tags form a tree; ``path`` is the whole way down, e.g. ``Media / Press``."""


class PartyTag(models.Model):
    party = models.ForeignKey(Party, on_delete=models.CASCADE, related_name="tag_links")
    # party_tag_once begins with it
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="party_links", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tag", "party"], name="party_tag_once")]

    def __str__(self) -> str:
        return f"{self.party_id}:{self.tag_id}"


class Field(models.Model):
    """A field of the organisation's own. ``options`` are the choices: ``[{"value": "a", "label": "A"}]``."""

    class Kind(models.TextChoices):
        TEXT = "text", _("Text")
        NUMBER = "number", _("Number")
        MONEY = "money", _("Money")
        DATE = "date", _("Date")
        CHOICE = "choice", _("Choice")
        CHOICES = "choices", _("Several choices")
        FLAG = "flag", _("Yes or no")
        PERSON = "person", _("Person")
        FILE = "file", _("File")

    code = models.SlugField(_("code"), max_length=40, unique=True)
    label = models.CharField(_("label"), max_length=120)
    kind = models.CharField(_("kind"), max_length=7, choices=Kind.choices)
    party_kinds = ArrayField(models.CharField(max_length=12), verbose_name=_("for"), default=list, blank=True)
    options = models.JSONField(_("choices"), default=list, blank=True)
    help_text = models.CharField(_("help"), max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=100)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.label


class FieldValue(models.Model):
    """A value of a custom field, in the column of its type; several choices are several rows."""

    party = models.ForeignKey(Party, on_delete=models.CASCADE, related_name="field_values")
    field = models.ForeignKey(Field, on_delete=models.CASCADE, related_name="values")
    text = models.TextField(blank=True)
    folded = models.CharField(max_length=200, blank=True)
    number = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    currency = models.CharField(max_length=3, blank=True)
    date = models.DateField(null=True)
    flag = models.BooleanField(null=True)
    person = models.ForeignKey(Party, null=True, on_delete=models.SET_NULL, related_name="+")
    file_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["party", "field", "folded"], name="field_value_once"),
        ]
        indexes = [
            models.Index(fields=["field", "folded"], condition=~Q(folded=""), name="value_by_text"),
            models.Index(
                fields=["field", "number"], condition=Q(number__isnull=False), name="value_by_number"
            ),
            models.Index(fields=["field", "date"], condition=Q(date__isnull=False), name="value_by_date"),
            models.Index(fields=["field"], condition=Q(flag=True), name="value_by_flag"),
        ]

    def __str__(self) -> str:
        return f"{self.party_id}.{self.field_id}"


class ConsentPurpose(models.Model):
    """What a consent is for, e.g. project news by mail."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ConsentText(models.Model):
    """The words that people agreed to; a new wording is a new version."""

    purpose = models.ForeignKey(ConsentPurpose, on_delete=models.PROTECT, related_name="texts")
    version = models.PositiveIntegerField(_("version"))
    language = models.CharField(_("language"), max_length=5)
    text = models.TextField(_("text"))
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["purpose", "version", "language"], name="consent_text_once")
        ]

    def __str__(self) -> str:
        return f"{self.purpose_id} v{self.version} {self.language}"


class Consent(models.Model):
    """One statement of a person about one purpose. Never changed: a withdrawal is a later statement.

    What was given until a day counts as not given after it.
    """

    class State(models.TextChoices):
        GIVEN = "given", _("Given")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    class Basis(models.TextChoices):
        CONSENT = "consent", _("Consent")
        CONTRACT = "contract", _("Contract")
        LEGAL = "legal", _("Legal obligation")
        VITAL = "vital", _("Vital interest")
        PUBLIC = "public", _("Public task")
        INTEREST = "interest", _("Legitimate interest")

    party = models.ForeignKey(Party, on_delete=models.CASCADE, related_name="consents")
    purpose = models.ForeignKey(ConsentPurpose, on_delete=models.PROTECT, related_name="consents")
    state = models.CharField(_("state"), max_length=9, choices=State.choices)
    basis = models.CharField(_("legal basis"), max_length=8, choices=Basis.choices, default=Basis.CONSENT)
    text = models.ForeignKey(
        ConsentText,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("wording"),
    )
    evidence = models.CharField(_("evidence"), max_length=300, blank=True)
    stated_on = models.DateField(_("stated on"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(state="given", valid_until__gte=F("stated_on")),
                name="consent_given_until",
            ),
        ]
        indexes = [
            # The latest statement for each purpose.
            models.Index(fields=["party", "purpose", "-stated_on", "-id"], name="consent_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.party_id} {self.purpose_id} {self.state}"

    @staticmethod
    def holds_on(day: dt.date) -> Q:
        """What is given on that day, as a condition on the latest statement."""
        return Q(state="given") & (Q(valid_until__isnull=True) | Q(valid_until__gte=day))

    @property
    def holds(self) -> bool:
        return self.state == self.State.GIVEN and not self.ran_out

    @property
    def ran_out(self) -> bool:
        return self.valid_until is not None and self.valid_until < clock.today()


class SavedView(models.Model):
    """A list as somebody wants it again: columns, order, filter."""

    PINNED, USUAL = 10, 100

    name = models.CharField(_("name"), max_length=80)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    shared = models.BooleanField(_("for everybody"), default=False)
    spec = models.JSONField(default=dict)
    position = models.PositiveSmallIntegerField(default=USUAL)

    class Meta:
        ordering = ["position", "name"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="saved_view_once")]

    def __str__(self) -> str:
        return self.name

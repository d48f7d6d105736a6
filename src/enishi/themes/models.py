"""What is meant: themes, the passages in which they were said, and how they felt.

Three layers stand side by side and none writes over another: what a person heard in a passage (``Passage``), what the
machine reads in the same words, and how a conversation felt to somebody as a whole (``Overall``). All of them are read
under the right for their conversation, so they have no rights of their own. A ``Reply`` says to them what was done about it, an
``Answer`` answers all who say much the same.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from pgvector.django import HalfVectorField, HnswIndex

from enishi.accounts.access import ScopedModel, SharedModel
from enishi.accounts.branches import LONGEST, Branch
from enishi.core.ai.embedding import DIMENSIONS


class Feeling(models.IntegerChoices):
    ANGRY = 1, _("Angry")
    WORRIED = 2, _("Worried")
    NEUTRAL = 3, _("Neutral")
    CONTENT = 4, _("Content")
    DELIGHTED = 5, _("Delighted")


class Theme(Branch):
    """What people speak about. Themes form a tree; ``path`` is the whole way down, e.g. ``Noise / At night``.

    ``meaning`` tells people, and the machine, which passages belong here: one example a line.
    """

    path = models.CharField(_("theme"), max_length=LONGEST)
    meaning = models.TextField(_("what belongs here"), blank=True)

    @property
    def projects(self) -> list[int]:
        return [] if self.project_id is None else [self.project_id]


class Passage(models.Model):
    """Words of a conversation in which a person heard themes or a feeling; ``start`` and ``end`` count its characters.

    ``party`` said it. A mark that was taken off keeps its row, so that it can be put back.
    """

    interaction = models.ForeignKey(
        "conversations.Interaction", on_delete=models.CASCADE, related_name="passages"
    )
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    quote = models.TextField(_("passage"))
    party = models.ForeignKey(
        "contacts.Party",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("said by"),
    )
    feeling = models.PositiveSmallIntegerField(_("feeling"), choices=Feeling.choices, null=True, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    marked_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)
    themes: models.ManyToManyField[Theme, PassageTheme] = models.ManyToManyField(
        Theme, through="PassageTheme", related_name="passages"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="passage_has_words"),
            models.CheckConstraint(
                condition=Q(feeling__isnull=True) | Q(feeling__range=(1, 5)), name="passage_feeling_known"
            ),
            models.UniqueConstraint(
                fields=["interaction", "start", "end"],
                condition=Q(removed_at__isnull=True),
                name="passage_once",
            ),
        ]
        indexes = [
            # The list of conversations by feeling.
            models.Index(fields=["feeling", "interaction"], name="passage_feeling"),
        ]

    def __str__(self) -> str:
        return self.quote


class PassageTheme(models.Model):
    passage = models.ForeignKey(Passage, on_delete=models.CASCADE, related_name="links")
    # passage_theme_once begins with it
    theme = models.ForeignKey(Theme, on_delete=models.PROTECT, related_name="links", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["theme", "passage"], name="passage_theme_once")]

    def __str__(self) -> str:
        return f"{self.theme_id}:{self.passage_id}"


class Overall(models.Model):
    """How a conversation felt as a whole, by somebody's own judgement: of one who took part, or of all (no ``party``)."""

    interaction = models.ForeignKey(
        "conversations.Interaction", on_delete=models.CASCADE, related_name="overalls"
    )
    party = models.ForeignKey(
        "contacts.Party", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    feeling = models.PositiveSmallIntegerField(_("feeling"), choices=Feeling.choices)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    judged_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["interaction", "party"], nulls_distinct=False, name="overall_once"
            ),
            models.CheckConstraint(condition=Q(feeling__range=(1, 5)), name="overall_feeling_known"),
        ]
        indexes = [models.Index(fields=["feeling", "interaction"], name="overall_feeling")]

    def __str__(self) -> str:
        return self.get_feeling_display()


class Machine(models.Model):
    """Whether the machine reads along: one row. A higher ``round`` makes it read everything again."""

    on = models.BooleanField(default=True)
    round = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="machine_once")]

    def __str__(self) -> str:
        return f"{self.on} {self.round}"


class Reading(models.Model):
    """What the machine read in a conversation as a whole, for one version of its text. It never stands for a judgement."""

    interaction = models.OneToOneField(
        "conversations.Interaction", primary_key=True, on_delete=models.CASCADE, related_name="reading"
    )
    version = models.PositiveIntegerField()
    round = models.PositiveIntegerField()
    feeling = models.PositiveSmallIntegerField(choices=Feeling.choices, null=True)
    sure = models.FloatField(null=True)
    read_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(feeling__isnull=True, sure__isnull=True)
                | Q(feeling__range=(1, 5), sure__range=(0, 1)),
                name="reading_feeling_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.interaction_id}: {self.feeling}"


class Suggestion(models.Model):
    """A theme that the machine hears in a sentence, with how close it is and the feeling it reads there.

    It becomes a ``Passage`` only by a person, and is then gone. One that was refused stays, so that it is not made again.
    """

    interaction = models.ForeignKey(
        "conversations.Interaction", on_delete=models.CASCADE, related_name="suggestions"
    )
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    quote = models.TextField()
    theme = models.ForeignKey(Theme, on_delete=models.CASCADE, related_name="suggestions")
    closeness = models.FloatField()
    feeling = models.PositiveSmallIntegerField(choices=Feeling.choices)
    sure = models.FloatField()
    refused_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["interaction", "start", "end", "theme"], name="suggestion_once"),
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="suggestion_has_words"),
        ]

    def __str__(self) -> str:
        return self.quote


class Chorus(models.Model):
    """Several who say much the same. It has no words and no rights of its own: a reader finds in it what they may read."""

    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.pk)


class Meaning(models.Model):
    """What one text means, kept by the machine for comparing: of a conversation, or of a case.

    ``whole`` is the direction of the text, ``sentences`` are those of its sentences (a byte a number) and ``places`` where they
    begin and end, in pairs. ``came_in`` is true of what somebody sent us. ``apart_at`` is when a person said that it does not
    belong with the others: the machine then leaves it alone.
    """

    interaction = models.OneToOneField(
        "conversations.Interaction", null=True, on_delete=models.CASCADE, related_name="meaning"
    )
    case = models.OneToOneField("cases.Case", null=True, on_delete=models.CASCADE, related_name="meaning")
    version = models.PositiveIntegerField()
    reader = models.CharField(max_length=60)
    language = models.CharField(max_length=5)
    at = models.DateTimeField()
    came_in = models.BooleanField()
    whole = HalfVectorField(dimensions=DIMENSIONS)
    places = ArrayField(models.PositiveIntegerField())
    sentences = models.BinaryField()
    chorus = models.ForeignKey(
        Chorus, null=True, on_delete=models.SET_NULL, related_name="voices", db_index=False
    )
    apart_at = models.DateTimeField(null=True)
    apart_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(interaction__isnull=True) ^ Q(case__isnull=True), name="meaning_of_one_thing"
            ),
            models.CheckConstraint(
                condition=Q(chorus__isnull=True) | Q(came_in=True, apart_at__isnull=True),
                name="meaning_in_a_chorus",
            ),
        ]
        indexes = [
            # What came in before and may say the same.
            HnswIndex(
                fields=["whole"],
                opclasses=["halfvec_cosine_ops"],
                condition=Q(came_in=True, apart_at__isnull=True),
                name="meaning_near",
            ),
            models.Index(fields=["chorus", "-at"], condition=Q(chorus__isnull=False), name="meaning_chorus"),
            # Those of a period, with what was said in it.
            models.Index(fields=["-at", "-id"], name="meaning_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.interaction_id or ''}:{self.case_id or ''}"


class Aside(models.Model):
    """A sentence of which somebody said that it is no theme: what means the same is not put forward again."""

    interaction = models.ForeignKey(
        "conversations.Interaction", on_delete=models.CASCADE, related_name="asides"
    )
    start = models.PositiveIntegerField()
    language = models.CharField(max_length=5)
    vector = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["interaction", "start"], name="aside_once")]

    def __str__(self) -> str:
        return f"{self.interaction_id}:{self.start}"


class Sending(models.Model):
    """What goes out to many people, to each of them once.

    It goes when ``goes_at`` has come: until then, and for whom it has not reached yet, it can be stopped.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("being written")
        GOING = "going", _("on its way")
        SENT = "sent", _("sent")

    state = models.CharField(max_length=5, choices=State.choices, default=State.DRAFT)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField()
    goes_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


class Wording(models.Model):
    """The words of what goes out, in one language."""

    language = models.CharField(max_length=5)
    subject = models.CharField(_("subject"), max_length=200)
    text = models.TextField(_("text"))

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.subject


class Recipient(models.Model):
    """Somebody whom it goes to, once. ``going`` is held while the mail is handed over: nobody gets it twice.

    ``interaction`` is how it stands on their record.
    """

    class Way(models.TextChoices):
        EMAIL = "email", _("E-mail")
        LETTER = "letter", _("Letter")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        GOING = "going", _("handed over")
        SENT = "sent", _("sent")
        FAILED = "failed", _("refused")

    party = models.ForeignKey("contacts.Party", on_delete=models.CASCADE, related_name="+")
    way = models.CharField(max_length=6, choices=Way.choices)
    address = models.CharField(max_length=500)
    language = models.CharField(max_length=5)
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    interaction = models.ForeignKey(
        "conversations.Interaction", null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        abstract = True


class Reply(Sending, ScopedModel):
    """What was done about a theme in a project: it goes back to the people who spoke of it in a period.

    Only to those who agreed to ``purpose``; with ``also_unstated`` also to whoever never said anything about that.
    """

    view_right: ClassVar[str] = "conversations.view"

    theme = models.ForeignKey(Theme, on_delete=models.PROTECT, related_name="replies", db_index=False)
    since = models.DateField(_("said since"))
    until = models.DateField(_("said until"))
    purpose = models.ForeignKey(
        "contacts.ConsentPurpose", on_delete=models.PROTECT, related_name="+", verbose_name=_("agreed to")
    )
    also_unstated = models.BooleanField(_("also to whoever said nothing about that"), default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(until__gte=F("since")), name="reply_days_in_order"),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(goes_at__isnull=False), name="reply_goes_sometime"
            ),
        ]
        indexes = [
            # The replies to a theme, newest first.
            models.Index(fields=["theme", "-id"], name="reply_newest"),
            # What is on its way.
            models.Index(fields=["goes_at"], condition=Q(state="going"), name="reply_going"),
        ]

    def __str__(self) -> str:
        return f"{self.theme_id} {self.since:%Y-%m-%d}"


class ReplyText(Wording):
    # reply_text_once begins with it
    reply = models.ForeignKey(Reply, on_delete=models.CASCADE, related_name="texts", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reply", "language"], name="reply_text_once")]


class ReplyTo(Recipient):
    # reply_to_once begins with it
    reply = models.ForeignKey(Reply, on_delete=models.CASCADE, related_name="people", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reply", "party"], name="reply_to_once")]

    def __str__(self) -> str:
        return f"{self.reply_id} to {self.party_id}"


class Answer(Sending, SharedModel):
    """One answer to all who say much the same in what they wrote: to each in the thread of their own letter.

    ``otherwise`` is the language for whoever's own it is not written in; empty, they do not get it. ``without`` are those whom
    somebody left out.
    """

    view_right: ClassVar[str] = "conversations.view"

    chorus = models.ForeignKey(Chorus, null=True, on_delete=models.SET_NULL, related_name="answers")
    otherwise = models.CharField(max_length=5, blank=True)
    without: models.ManyToManyField[Any, Any] = models.ManyToManyField("contacts.Party", related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="draft") | Q(goes_at__isnull=False), name="answer_goes_sometime"
            ),
        ]
        indexes = [
            models.Index(fields=["goes_at"], condition=Q(state="going"), name="answer_going"),
        ]

    def __str__(self) -> str:
        return f"{self.chorus_id or ''} {self.made_at:%Y-%m-%d}"


class AnswerText(Wording):
    # answer_text_once begins with it
    answer = models.ForeignKey(Answer, on_delete=models.CASCADE, related_name="texts", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["answer", "language"], name="answer_text_once")]


class AnswerTo(Recipient):
    """``letter`` is the newest that they wrote: the answer stands in its thread."""

    # answer_to_once begins with it
    answer = models.ForeignKey(Answer, on_delete=models.CASCADE, related_name="people", db_index=False)
    letter = models.ForeignKey("conversations.Interaction", on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["answer", "party"], name="answer_to_once"),
            # Two who answer the same letter at once: one of them is told.
            models.UniqueConstraint(
                fields=["letter", "party"],
                condition=Q(state__in=["waiting", "going"]),
                name="answer_to_one_at_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.answer_id} to {self.party_id}"

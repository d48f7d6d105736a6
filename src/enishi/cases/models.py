"""Enquiries, issues, grievances and incidents: one kind of record, with what hangs on it."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from enishi.accounts.access import ScopedModel
from enishi.cases.clocks import LABELS
from enishi.cases.packs import GRIEVANCE, Pack, Stage, pack, packs


class CaseNumber(models.Model):
    """The last number given to a kind of case in a year; the row is locked while the next one is given."""

    kind = models.CharField(max_length=40)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "year"], name="case_number_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.year}"


class Case(ScopedModel):
    """Something that somebody raised and that we follow until it is settled.

    ``kind`` names its pack (``cases.packs``), which gives stages, fields and times. ``acknowledge_by`` and ``resolve_by`` are
    what we promised when it came in (after an appeal: then); a later change of closing days moves neither. ``due_at`` is the
    nearer of what is still to be done. While the clock to the answer is paused, ``look_again_at`` says when we look again;
    ``paused_days`` are the business days of pauses that ended. ``teller_name`` and ``teller_reach`` are what somebody said of themselves before they
    were made a contact; an anonymous case has neither.
    """

    class Priority(models.IntegerChoices):
        LOWEST = 1, pgettext_lazy("priority", "Lowest")
        LOW = 2, pgettext_lazy("priority", "Low")
        NORMAL = 3, pgettext_lazy("priority", "Normal")
        HIGH = 4, pgettext_lazy("priority", "High")
        URGENT = 5, pgettext_lazy("priority", "Urgent")

    class Impact(models.IntegerChoices):
        SLIGHT = 1, pgettext_lazy("impact", "Slight")
        MINOR = 2, pgettext_lazy("impact", "Minor")
        MODERATE = 3, pgettext_lazy("impact", "Moderate")
        MAJOR = 4, pgettext_lazy("impact", "Major")
        SEVERE = 5, pgettext_lazy("impact", "Severe")

    class Satisfaction(models.IntegerChoices):
        NOT_AT_ALL = 1, _("Not at all")
        HARDLY = 2, _("Hardly")
        PARTLY = 3, _("Partly")
        MOSTLY = 4, _("Mostly")
        FULLY = 5, _("Fully")

    class Channel(models.TextChoices):
        PAGE = "page", _("Public page")
        CALL = "call", _("Call")
        EMAIL = "email", _("E-mail")
        LETTER = "letter", _("Letter")
        MEETING = "meeting", _("Meeting")
        VISIT = "visit", _("Visit")
        OTHER = "other", _("Other way")

    view_right: ClassVar[str] = "cases.view"
    owner_fields: ClassVar[tuple[str, ...]] = ("owner_id",)

    kind = models.CharField(_("kind"), max_length=40)
    year = models.PositiveSmallIntegerField()
    serial = models.PositiveIntegerField()
    number = models.CharField(_("number"), max_length=20, unique=True)
    title = models.CharField(_("title"), max_length=300)
    text = models.TextField(_("what happened"), blank=True)
    party = models.ForeignKey(
        "contacts.Party",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="cases",
        verbose_name=_("raised by"),
        db_index=False,  # case_party
    )
    anonymous = models.BooleanField(_("anonymous"), default=False)
    teller_name = models.CharField(_("name given"), max_length=200, blank=True)
    teller_reach = models.CharField(_("how to reach them"), max_length=200, blank=True)
    channel = models.CharField(_("came in by"), max_length=10, choices=Channel.choices, default=Channel.OTHER)
    language = models.CharField(_("language"), max_length=5, blank=True)
    place = models.CharField(_("where"), max_length=200, blank=True)
    happened = models.CharField(_("when"), max_length=200, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("owner"),
        db_index=False,  # case_owner_open
    )
    stage = models.CharField(_("stage"), max_length=30)
    stage_at = models.DateTimeField(_("in this stage since"))
    priority = models.PositiveSmallIntegerField(
        _("priority"), choices=Priority.choices, null=True, blank=True
    )
    impact = models.PositiveSmallIntegerField(_("impact"), choices=Impact.choices, null=True, blank=True)
    root_cause = models.TextField(_("root cause"), blank=True)
    outcome = models.TextField(_("outcome"), blank=True)
    values = models.JSONField(default=dict, blank=True)
    opened_at = models.DateTimeField(_("opened"))
    acknowledge_by = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True, blank=True)
    resolve_by = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    look_again_at = models.DateTimeField(_("look again"), null=True, blank=True)
    paused_days = models.PositiveIntegerField(default=0)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("closed by"),
    )
    asked_at = models.DateTimeField(_("asked whether it is enough"), null=True, blank=True)
    satisfaction = models.PositiveSmallIntegerField(
        _("satisfied"), choices=Satisfaction.choices, null=True, blank=True
    )
    satisfaction_words = models.TextField(_("in their words"), blank=True)
    appealed_at = models.DateTimeField(_("appealed"), null=True, blank=True)
    appeal_words = models.TextField(_("why they appeal"), blank=True)
    said_in_id = models.BigIntegerField(null=True, blank=True)
    said_start = models.PositiveIntegerField(null=True, blank=True)
    said_end = models.PositiveIntegerField(null=True, blank=True)
    quote = models.TextField(_("words"), blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "year", "serial"], name="case_serial_once"),
            models.CheckConstraint(condition=~Q(title=""), name="case_has_words"),
            models.CheckConstraint(
                condition=Q(priority__isnull=True) | Q(priority__range=(1, 5)), name="case_priority_step"
            ),
            models.CheckConstraint(
                condition=Q(impact__isnull=True) | Q(impact__range=(1, 5)), name="case_impact_step"
            ),
            models.CheckConstraint(
                condition=Q(satisfaction__isnull=True) | Q(satisfaction__range=(1, 5)),
                name="case_satisfaction_step",
            ),
            models.CheckConstraint(
                condition=Q(anonymous=False) | Q(party__isnull=True, teller_name="", teller_reach=""),
                name="case_anonymous_is_nobody",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(due_at__isnull=True), name="case_closed_is_not_due"
            ),
            models.CheckConstraint(
                condition=Q(said_end__isnull=True) | Q(said_end__gt=F("said_start")), name="case_passage"
            ),
            models.CheckConstraint(
                condition=Q(look_again_at__isnull=True) | Q(closed_at__isnull=True),
                name="case_closed_is_not_paused",
            ),
        ]
        indexes = [
            # What is open, by the time that is left.
            models.Index(
                F("due_at").asc(nulls_last=True),
                F("id").asc(),
                condition=Q(closed_at__isnull=True),
                name="case_open",
            ),
            # My day.
            models.Index(
                fields=["owner", "due_at"], condition=Q(closed_at__isnull=True), name="case_owner_open"
            ),
            # What belongs to somebody, closed cases too: roles that reach only that.
            models.Index(fields=["owner"], condition=Q(owner__isnull=False), name="case_owner"),
            # Cases of one person, newest first.
            models.Index(fields=["party", "-opened_at"], name="case_party"),
            models.Index(
                fields=["-closed_at", "-id"], condition=Q(closed_at__isnull=False), name="case_closed"
            ),
            models.Index(fields=["said_in_id"], condition=Q(said_in_id__isnull=False), name="case_said_in"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def pack(self) -> Pack:
        return pack(self.kind)

    @property
    def now_in(self) -> Stage:
        return self.pack.stage(self.stage)

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    def is_over(self, now: dt.datetime) -> bool:
        return self.due_at is not None and self.due_at < now and self.due_at != self.look_again_at

    @property
    def is_paused(self) -> bool:
        return self.look_again_at is not None

    @property
    def next_label(self) -> Any:
        """What the nearer clock of an open case waits for."""
        if self.acknowledged_at is None and self.due_at == self.acknowledge_by:
            return LABELS["acknowledge"]
        if self.is_paused:
            return LABELS["pause"]
        return LABELS["appeal" if self.appealed_at else "resolve"]

    @property
    def in_appeal(self) -> bool:
        return self.is_open and self.appealed_at is not None

    @property
    def weight(self) -> int:
        """Priority times impact, 1 to 25; 0 while one of them is not set."""
        return (self.priority or 0) * (self.impact or 0)


class CaseStep(models.Model):
    """That a case came to a stage, when and by whom."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="steps", db_index=False)
    stage = models.CharField(max_length=30)
    at = models.DateTimeField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    note = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["case", "id"], name="case_step_order")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.stage}"


class CasePause(models.Model):
    """That the clock to the answer stood still: for whom we waited, why, from when to when.

    ``days`` are the business days that it lasted, by which the answer was promised later.
    """

    class For(models.TextChoices):
        THEM = "them", _("Whoever raised it")
        OTHERS = "others", _("Somebody else")

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="pauses", db_index=False)
    waits_for = models.CharField(_("we wait for"), max_length=6, choices=For.choices)
    reason = models.CharField(_("why"), max_length=300)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    days = models.PositiveIntegerField(default=0)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=Q(until__isnull=True), name="case_pause_one"),
            models.CheckConstraint(condition=~Q(reason=""), name="case_pause_reason"),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="case_pause_ends_after"
            ),
        ]
        indexes = [models.Index(fields=["case", "since"], name="case_pause_order")]

    def __str__(self) -> str:
        return self.reason


class CaseWord(models.Model):
    """One word of the talk: from the complainant, from us to them, or a note among colleagues."""

    class Side(models.TextChoices):
        THEIRS = "theirs", _("From them")
        OURS = "ours", _("From us")
        NOTE = "note", _("Note")

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="words", db_index=False)
    side = models.CharField(max_length=6, choices=Side.choices)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    text = models.TextField()
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="case_word_says_something")]
        indexes = [models.Index(fields=["case", "at", "id"], name="case_word_order")]

    def __str__(self) -> str:
        return self.text[:80]


class CaseTie(models.Model):
    """What belongs to a case: by kind and number, so that a deleted promise that comes back is tied again."""

    class Kind(models.TextChoices):
        PROMISE = "promise", _("Promise")
        TASK = "task", _("Task")
        CONVERSATION = "conversation", _("Conversation")
        FILE = "file", _("File")

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="ties", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    subject_id = models.BigIntegerField()
    word = models.ForeignKey(
        CaseWord, null=True, blank=True, on_delete=models.SET_NULL, related_name="files", db_index=False
    )
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "kind", "subject_id"], name="case_tie_once")]
        indexes = [
            # The cases of a promise, task, conversation or file.
            models.Index(fields=["kind", "subject_id"], name="case_tie_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.kind} {self.subject_id}"


class CaseExclusion(models.Model):
    """Somebody who is kept out of a case, and why: a conflict of interest."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="exclusions", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(_("why"), max_length=300)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "user"], name="case_exclusion_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="case_exclusion_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.user_id}"


class ReportPage(models.Model):
    """The page on which anybody can raise a grievance in a project, or say something else, once it is switched on.

    Its address holds a token, so that nobody finds projects by trying names. ``about`` is what it says of itself.
    """

    project = models.OneToOneField(
        "accounts.Project", primary_key=True, on_delete=models.PROTECT, related_name="+"
    )
    token = models.CharField(max_length=40, unique=True)
    is_on = models.BooleanField(_("switched on"), default=False)
    about = models.CharField(_("what it is about"), max_length=300, blank=True)
    may_be_opened = models.BooleanField(_("addresses can be opened"), default=False)
    """Whether two people together may open an address that is left from now on."""
    emergency = models.CharField(_("emergency number"), max_length=60, blank=True)
    comments = models.BooleanField(_("questions and comments"), default=True)

    def __str__(self) -> str:
        return self.about

    @property
    def kinds(self) -> list[Pack]:
        """What can be told on it, grievances first."""
        return [one for one in packs().values() if one.public and (one.code == GRIEVANCE or self.comments)]

    @property
    def projects(self) -> list[int]:
        return [self.project_id]


class CaseDoor(models.Model):
    """The way by which somebody without an account talks with us about a case: its number and a passphrase.

    ``secret`` is a slow hash of the passphrase. ``news_to`` is an encrypted address to which "there is news" is sent; no
    export, search or history ever shows it, and a page only to two people who decided so together, where it was left
    under words that said this (``may_be_opened``).
    """

    case = models.OneToOneField(Case, primary_key=True, on_delete=models.CASCADE, related_name="door")
    secret = models.CharField(max_length=200)
    language = models.CharField(max_length=5)
    news_to = models.BinaryField(null=True)
    may_be_opened = models.BooleanField(default=False)

    def __str__(self) -> str:
        return str(self.case_id)


class CaseUnmasking(models.Model):
    """That somebody asked for the address of somebody anonymous, and what a second person answered."""

    class State(models.TextChoices):
        ASKED = "asked", _("Asked")
        AGREED = "agreed", _("Agreed")
        REFUSED = "refused", _("Refused")
        LAPSED = "lapsed", _("Not answered in time")

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="unmaskings", db_index=False)
    state = models.CharField(max_length=7, choices=State.choices, default=State.ASKED)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    reason = models.TextField()
    asked_at = models.DateTimeField()
    answer_by = models.DateTimeField()
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    answer_reason = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True)
    shown_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(asked_by=F("answered_by")) | Q(asked_by=None) | Q(answered_by=None),
                name="case_unmasking_by_two",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="case_unmasking_reason"),
            models.CheckConstraint(
                condition=~Q(state="agreed") | Q(answered_at__isnull=False, shown_until__isnull=False),
                name="case_unmasking_for_a_time",
            ),
            models.UniqueConstraint(
                fields=["case"], condition=Q(state="asked"), name="case_unmasking_one_at_a_time"
            ),
        ]
        indexes = [
            models.Index(fields=["case", "-id"], name="case_unmasking_order"),
            models.Index(fields=["answer_by"], condition=Q(state="asked"), name="case_unmasking_late"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.state}"

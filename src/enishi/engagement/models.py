"""Where somebody stands towards a project, by dated ratings that are never overwritten, and who is to be heard when."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from enishi.accounts.access import ScopedModel
from enishi.conversations.models import Interaction

STANDING = Q(withdrawn_at__isnull=True)


class Step(models.IntegerChoices):
    """The five steps in which impact, interest and influence are judged."""

    VERY_LOW = 1, _("Very low")
    LOW = 2, _("Low")
    MEDIUM = 3, _("Medium")
    HIGH = 4, _("High")
    VERY_HIGH = 5, _("Very high")


class Position(models.IntegerChoices):
    """What somebody thinks of the project. Nothing at all means that nobody knows."""

    OPPOSED = -2, _("Opposed")
    WORRIED = -1, _("Worried")
    NEUTRAL = 0, pgettext_lazy("position", "Neutral")
    FAVOURABLE = 1, _("In favour")
    SUPPORTIVE = 2, _("Supportive")


class Rating(ScopedModel):
    """How one stakeholder of a project is judged from a day on, by whom and why.

    It holds until the next day for which there is a rating. Of one day only one stands: who rates again on that day
    withdraws the one before, which stays in the table. A trigger refuses any change of what was judged.
    """

    view_right: ClassVar[str] = "engagement.view"

    party = models.ForeignKey(
        "contacts.Party", on_delete=models.PROTECT, related_name="ratings", verbose_name=_("stakeholder")
    )
    rated_on = models.DateField(_("from"))
    impact = models.PositiveSmallIntegerField(_("impact on them"), choices=Step.choices)
    interest = models.PositiveSmallIntegerField(_("interest"), choices=Step.choices)
    influence = models.PositiveSmallIntegerField(_("influence"), choices=Step.choices)
    position = models.SmallIntegerField(_("position"), choices=Position.choices, null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(impact__range=(1, 5), interest__range=(1, 5), influence__range=(1, 5)),
                name="rating_in_five_steps",
            ),
            models.CheckConstraint(
                condition=Q(position__isnull=True) | Q(position__range=(-2, 2)), name="rating_position_known"
            ),
            models.UniqueConstraint(
                fields=["project", "party", "rated_on"], condition=STANDING, name="rating_one_of_a_day"
            ),
        ]
        indexes = [
            # Where each stakeholder of a project stood on a day.
            models.Index(
                F("project"), F("party"), F("rated_on").desc(), condition=STANDING, name="rating_latest"
            ),
            # The page of one person.
            models.Index(fields=["party", "project", "-rated_on"], name="rating_of_party"),
            # The days between which the matrix is replayed.
            models.Index(fields=["project", "rated_on"], condition=STANDING, name="rating_days"),
        ]

    def __str__(self) -> str:
        return f"{self.party} {self.rated_on}"

    @property
    def tone(self) -> str:
        return tone(self.position)


def tone(position: int | None) -> str:
    """The look of a position: against, worried, neutral, for or unknown."""
    if position is None:
        return "unknown"
    return {-2: "against", -1: "worried", 0: "neutral"}.get(position, "for")


class Method(models.TextChoices):
    """How much say somebody is given: the spectrum of public participation of the IAP2."""

    INFORM = "inform", _("Inform")
    CONSULT = "consult", _("Consult")
    INVOLVE = "involve", _("Involve")
    COLLABORATE = "collaborate", _("Collaborate")
    EMPOWER = "empower", _("Empower")


class PlanLine(ScopedModel):
    """That somebody, or everybody with a tag, is to be heard or told: how, by whom, once or by a rule (RFC 5545)."""

    view_right: ClassVar[str] = "engagement.view"

    party = models.ForeignKey(
        "contacts.Party",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="plan_lines",
        verbose_name=_("who"),
    )
    tag = models.ForeignKey(
        "contacts.Tag",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("tag"),
    )
    aim = models.CharField(_("what for"), max_length=300)
    method = models.CharField(_("method"), max_length=11, choices=Method.choices)
    channel = models.CharField(
        _("channel"), max_length=10, choices=Interaction.Channel.choices, blank=True, default=""
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("owner"),
    )
    starts_on = models.DateField(_("first on"))
    rule = models.CharField(_("repeats"), max_length=300, blank=True)
    made_until = models.DateField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(aim=""), name="plan_line_has_an_aim"),
            models.CheckConstraint(
                condition=Q(party__isnull=False, tag__isnull=True) | Q(party__isnull=True, tag__isnull=False),
                name="plan_line_party_or_tag",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "-id"], name="plan_line_project"),
            # The daily job: whose next times are not made yet.
            models.Index(
                fields=["made_until"],
                condition=Q(ended_at__isnull=True) & ~Q(rule=""),
                name="plan_line_running",
            ),
        ]

    def __str__(self) -> str:
        return self.aim


class PlanStep(models.Model):
    """One time of a line: open until a conversation (or a word) fulfils it, or it is left out."""

    class State(models.TextChoices):
        OPEN = "open", _("To do")
        DONE = "done", _("Done")
        LEFT = "left", _("Left out")

    line = models.ForeignKey(PlanLine, on_delete=models.CASCADE, related_name="steps")
    due_on = models.DateField(_("planned for"))
    state = models.CharField(_("state"), max_length=4, choices=State.choices, default=State.OPEN)
    done_on = models.DateField(_("done on"), null=True, blank=True)
    interaction = models.ForeignKey(
        Interaction, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="done", done_on__isnull=False)
                | (~Q(state="done") & Q(done_on__isnull=True)),
                name="plan_step_done_on_a_day",
            ),
            models.UniqueConstraint(fields=["line", "due_on"], name="plan_step_once"),
        ]
        indexes = [
            # What is to be done, by day.
            models.Index(fields=["due_on", "id"], condition=Q(state="open"), name="plan_step_open"),
        ]

    def __str__(self) -> str:
        return f"{self.line_id} {self.due_on}"

    @property
    def settled(self) -> bool:
        return self.state != self.State.OPEN


class Handout(ScopedModel):
    """That a version of a file was given to somebody, or published: then it is given to nobody in particular.

    What was attached to a conversation from us counts as given without a row here.
    """

    class How(models.TextChoices):
        SENT = "sent", _("Sent")
        HANDED = "handed", _("Handed over")
        PUBLISHED = "published", _("Published")

    view_right: ClassVar[str] = "engagement.view"

    version = models.ForeignKey(
        "content.FileVersion", on_delete=models.PROTECT, related_name="handouts", verbose_name=_("version")
    )
    party = models.ForeignKey(
        "contacts.Party",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="handouts",
        verbose_name=_("to"),
    )
    how = models.CharField(_("how"), max_length=9, choices=How.choices)
    given_on = models.DateField(_("on"))
    note = models.CharField(_("note"), max_length=300, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(how="published", party__isnull=True)
                | (~Q(how="published") & Q(party__isnull=False)),
                name="handout_published_or_to_somebody",
            ),
            models.UniqueConstraint(
                fields=["version", "party", "how", "given_on"], nulls_distinct=False, name="handout_once"
            ),
        ]
        indexes = [
            # What somebody was given.
            models.Index(fields=["party", "-given_on"], name="handout_of_party")
        ]

    def __str__(self) -> str:
        return f"{self.version_id} {self.how} {self.given_on}"

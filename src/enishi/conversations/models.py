"""What was said: interactions on every channel, who took part, threads, and senders nobody knows yet."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import ScopedQuerySet, SharedModel


class Thread(models.Model):
    """Messages that answer one another. It has no words of its own: rights are those of its messages.

    ``subject_key`` is the folded subject without reply marks, for messages that lost their references.
    """

    subject_key = models.CharField(max_length=300, blank=True)
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["subject_key", "-last_at"], name="thread_subject")]

    def __str__(self) -> str:
        return self.subject_key


class InteractionQuerySet(ScopedQuerySet["Interaction"]):
    def present(self) -> InteractionQuerySet:
        """Without what was deleted."""
        return self.filter(deleted_at__isnull=True)


class Interaction(SharedModel):
    """One call, meeting, visit, letter, e-mail or note, with any number of people and projects.

    ``text`` is what was said; ``folds`` marks its quoted parts and signature: ``[{"start": 120, "end": 480, "kind":
    "quote"}]`` in characters. ``message_id`` makes a message unique in the whole installation. ``answer_by`` was given the
    answer; empty, it is with whoever took part for us.
    """

    class Channel(models.TextChoices):
        CALL = "call", _("Call")
        MEETING = "meeting", _("Meeting")
        VISIT = "visit", _("Visit")
        LETTER = "letter", _("Letter")
        EMAIL = "email", _("E-mail")
        CHAT = "chat", _("Chat")
        NOTE = "note", _("Note")

    class Direction(models.TextChoices):
        IN = "in", _("From them")
        OUT = "out", _("From us")
        BOTH = "both", _("Both ways")

    class Answer(models.TextChoices):
        NONE = "none", _("Needs no answer")
        WAITING = "waiting", _("Waits for an answer")
        ANSWERED = "answered", _("Answered")

    view_right: ClassVar[str] = "conversations.view"
    owner_fields: ClassVar[tuple[str, ...]] = ("user_id", "answer_by_id")

    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    direction = models.CharField(
        _("direction"), max_length=4, choices=Direction.choices, default=Direction.BOTH
    )
    occurred_at = models.DateTimeField(_("when"))
    minutes = models.PositiveIntegerField(_("minutes"), null=True, blank=True)
    subject = models.CharField(_("summary"), max_length=500, blank=True)
    text = models.TextField(_("text"), blank=True)
    folds = models.JSONField(default=list, blank=True)
    place = models.CharField(_("place"), max_length=200, blank=True)
    language = models.CharField(max_length=5, blank=True)
    answer = models.CharField(_("answer"), max_length=8, choices=Answer.choices, default=Answer.NONE)
    answer_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("to be answered by"),
    )
    thread = models.ForeignKey(Thread, null=True, on_delete=models.SET_NULL, related_name="interactions")
    message_id = models.CharField(max_length=500, null=True, blank=True)
    in_reply_to = models.CharField(max_length=500, blank=True)
    references = ArrayField(models.CharField(max_length=500), default=list, blank=True)
    defects = models.JSONField(default=list, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    import_run = models.ForeignKey(
        "contacts.ImportRun", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[InteractionQuerySet] = InteractionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(project_ids__len__gt=0), name="interaction_in_a_project"),
            models.UniqueConstraint(
                fields=["message_id"], condition=Q(message_id__isnull=False), name="interaction_message_once"
            ),
        ]
        indexes = [
            models.Index(fields=["-occurred_at", "-id"], name="interaction_newest"),
            models.Index(
                fields=["thread", "occurred_at", "id"],
                condition=Q(thread__isnull=False),
                name="interaction_thread",
            ),
            # My day: what waits for an answer.
            models.Index(
                fields=["occurred_at", "id"], condition=Q(answer="waiting"), name="interaction_waiting"
            ),
            GinIndex(fields=["project_ids"], name="interaction_projects"),
            models.Index(
                fields=["import_run"], condition=Q(import_run__isnull=False), name="interaction_run"
            ),
        ]

    def __str__(self) -> str:
        return self.subject or self.text[:80]

    def owners(self) -> set[int]:
        """Who wrote it down, who answers it, and who of us took part."""
        took_part = self.participants.filter(user__isnull=False).values_list("user_id", flat=True)
        return super().owners() | {pk for pk in took_part if pk is not None}

    @classmethod
    def owned_by(cls, people: Collection[int], prefix: str = "") -> Q:
        took_part = Participant.objects.filter(user__in=sorted(people)).values("interaction")
        return super().owned_by(people, prefix) | Q(**{f"{prefix}pk__in": took_part})


class ThreadIdentifier(models.Model):
    """A Message-ID that leads to a thread: of a message in it, or of one that it answers and that never arrived."""

    identifier = models.CharField(max_length=500, unique=True)
    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="identifiers")

    def __str__(self) -> str:
        return self.identifier


class MailMessage(models.Model):
    """What an e-mail is recognised and threaded by, as it came; the interaction may be edited afterwards.

    Different mails may carry one Message-ID: only together with ``fingerprint`` does it name a mail. The first of them
    gives its id to ``Interaction.message_id``, a later one ``<id>#<beginning of its fingerprint>``.
    """

    interaction = models.OneToOneField(
        Interaction, primary_key=True, on_delete=models.CASCADE, related_name="mail"
    )
    message_id = models.CharField(max_length=500)
    fingerprint = models.CharField(max_length=64)
    subject_key = models.CharField(max_length=500, blank=True)
    seeks_by_subject = models.BooleanField(default=False)
    sent_at = models.DateTimeField()
    sender = models.CharField(max_length=320, blank=True)
    recipients = ArrayField(models.TextField(), default=list, blank=True)
    list_id = models.CharField(max_length=320, blank=True)
    automatic = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message_id", "fingerprint"], name="mail_once")]
        indexes = [
            # The conversation of a reply whose program named no parent.
            models.Index(
                fields=["subject_key", "sent_at"], condition=~Q(subject_key=""), name="mail_subject"
            ),
        ]

    def __str__(self) -> str:
        return self.message_id


class Participant(models.Model):
    """Somebody who took part: a party, one of us (``user``), or an address nobody knows yet."""

    class Role(models.TextChoices):
        FROM = "from", _("From")
        TO = "to", _("To")
        CC = "cc", _("Copy")
        BCC = "bcc", _("Blind copy")
        WITH = "with", _("With")

    interaction = models.ForeignKey(Interaction, on_delete=models.CASCADE, related_name="participants")
    role = models.CharField(_("role"), max_length=4, choices=Role.choices, default=Role.WITH)
    party = models.ForeignKey(
        "contacts.Party", null=True, blank=True, on_delete=models.PROTECT, related_name="participations"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    name = models.CharField(max_length=300, blank=True)
    address = models.CharField(max_length=320, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["interaction", "role", "party", "user", "address", "name"],
                nulls_distinct=False,
                name="participant_once",
            ),
        ]
        indexes = [
            # Everything that came from an address nobody knows yet.
            models.Index(
                fields=["address"],
                condition=Q(party__isnull=True, user__isnull=True) & ~Q(address=""),
                name="participant_unknown",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.address

    @property
    def shown_address(self) -> str:
        """The address for whom ``visible_participants`` read it: empty where it is a contact's that they do not see."""
        return "" if getattr(self, "hides_address", False) else self.address


class Attachment(models.Model):
    interaction = models.ForeignKey(Interaction, on_delete=models.CASCADE, related_name="attachments")
    file = models.ForeignKey("content.File", on_delete=models.PROTECT, related_name="attachments")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["interaction", "file"], name="attachment_once")]

    def __str__(self) -> str:
        return f"{self.interaction_id}:{self.file_id}"


class InteractionTag(models.Model):
    interaction = models.ForeignKey(Interaction, on_delete=models.CASCADE, related_name="tag_links")
    tag = models.ForeignKey("contacts.Tag", on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tag", "interaction"], name="interaction_tag_once")]

    def __str__(self) -> str:
        return f"{self.interaction_id}:{self.tag_id}"


class UnknownSender(SharedModel):
    """An address that wrote and belongs to nobody yet: to be created, joined to somebody, or left aside."""

    class State(models.TextChoices):
        OPEN = "open", _("To look at")
        SETTLED = "settled", _("Settled")
        IGNORED = "ignored", _("Left aside")

    view_right: ClassVar[str] = "conversations.view"

    address = models.CharField(max_length=320, unique=True)
    name = models.CharField(max_length=300, blank=True)
    messages = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=7, choices=State.choices, default=State.OPEN)
    party = models.ForeignKey("contacts.Party", null=True, on_delete=models.SET_NULL, related_name="+")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("to be looked at by"),
    )

    class Meta:
        indexes = [
            models.Index(fields=["-last_at", "-id"], condition=Q(state="open"), name="unknown_sender_open")
        ]

    def __str__(self) -> str:
        return self.address


class Bounce(models.Model):
    """A delivery report that came in: which address failed, with which status code (RFC 3463)."""

    interaction = models.ForeignKey(Interaction, on_delete=models.CASCADE, related_name="bounces")
    address = models.CharField(max_length=320)
    action = models.CharField(max_length=20, blank=True)
    status = models.CharField(max_length=20, blank=True)

    def __str__(self) -> str:
        return f"{self.address} {self.status}"


class Invitation(models.Model):
    """A conversation to come as it stands in the calendars of those invited: what was sent last.

    Its words are written for people outside; those of the conversation may be confidential.
    """

    interaction = models.OneToOneField(
        Interaction, primary_key=True, on_delete=models.CASCADE, related_name="invitation"
    )
    uid = models.CharField(max_length=200, unique=True)
    sequence = models.PositiveIntegerField(default=0)
    title = models.CharField(_("title"), max_length=200)
    place = models.CharField(_("place"), max_length=200, blank=True)
    text = models.TextField(_("text"), blank=True)
    starts_at = models.DateTimeField(_("when"))
    minutes = models.PositiveIntegerField(_("minutes"))
    time_zone = models.CharField(max_length=50)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    called_off_at = models.DateTimeField(_("called off"), null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(minutes__gt=0), name="invitation_takes_time"),
        ]

    def __str__(self) -> str:
        return self.title


class Invitee(models.Model):
    """A contact or a colleague who was invited. ``state`` is how far the last mail to them got."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waits to be sent")
        GOING = "going", _("Being sent")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Not sent: the address was refused")

    class Answer(models.TextChoices):
        NONE = "", _("No answer yet")
        ACCEPTED = "accepted", _("Accepted")
        TENTATIVE = "tentative", _("Perhaps")
        DECLINED = "declined", _("Declined")

    invitation = models.ForeignKey(Invitation, on_delete=models.CASCADE, related_name="invitees")
    party = models.ForeignKey(
        "contacts.Party", null=True, blank=True, on_delete=models.PROTECT, related_name="invitations"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    address = models.CharField(max_length=320)
    language = models.CharField(max_length=5)
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    sequence = models.PositiveIntegerField(default=0)
    told = models.BooleanField(default=False)
    """Whether an invitation ever reached their mail server: only then is there anything to call off."""
    taken_back = models.BooleanField(default=False)
    answer = models.CharField(_("answer"), max_length=9, choices=Answer.choices, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    answered_at = models.DateTimeField(null=True)
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    """Who of us wrote the answer down; empty when they gave it themselves."""

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(party__isnull=True, user__isnull=False)
                | Q(party__isnull=False, user__isnull=True),
                name="invitee_is_one",
            ),
            models.CheckConstraint(
                condition=Q(answer="", answered_at__isnull=True)
                | ~Q(answer="") & Q(answered_at__isnull=False),
                name="invitee_answered_when",
            ),
            models.UniqueConstraint(fields=["invitation", "party"], name="invitee_party_once"),
            models.UniqueConstraint(fields=["invitation", "user"], name="invitee_user_once"),
        ]

    def __str__(self) -> str:
        return self.address

    @property
    def name(self) -> str:
        return self.party.full_name if self.party else str(self.user)

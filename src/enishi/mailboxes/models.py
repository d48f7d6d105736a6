"""Mailboxes that are read, and what came from them day by day."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import ScopedModel


class Trouble(models.TextChoices):
    """Why a mailbox could not be read, in a word."""

    PRIVATE = "private", _("The server stands in a private network, or is not asked through TLS.")
    NAME = "name", _("There is no server of that name. Check the host.")
    UNREACHED = "unreached", _("The server does not answer there. Check host and port.")
    TIMEOUT = "timeout", _("The server takes too long to answer.")
    CERTIFICATE = (
        "certificate",
        _(
            "The certificate of the server is not valid for this host. Enter the host as its certificate names it."
        ),
    )
    TLS = "tls", _("The server speaks no TLS there. Check port and encryption.")
    PROTOCOL = "protocol", _("What answers there is no IMAP server, or broke off. Check host and port.")
    PASSWORD = "password", _("The server refused the user or the password.")
    FOLDER = "folder", _("There is no such folder.")
    SECRET = (
        "secret",
        _("The password cannot be read any more: the key of the installation was changed. Enter it again."),
    )
    SIGN_IN = (
        "sign_in",
        _("Nobody is signed in for it any more: the permission ended or was withdrawn. Sign in again."),
    )
    TOKEN = (
        "token",
        _(
            "The mail server refuses this user although the sign-in is good. Check the user, and that the provider "
            "lets them use IMAP and SMTP."
        ),
    )
    CLIENT = (
        "client",
        _("The sign-in service refuses our client. Its id is wrong, or its secret is wrong or has ended."),
    )
    SERVICE = "service", _("The sign-in service does not answer as it should.")


LASTING = frozenset(
    {
        Trouble.PRIVATE, Trouble.CERTIFICATE, Trouble.TLS, Trouble.PASSWORD, Trouble.FOLDER, Trouble.SECRET,
        Trouble.SIGN_IN, Trouble.TOKEN, Trouble.CLIENT,
    }
)  # fmt: skip
"""What does not pass by itself: whoever looks after it is told at once."""


class Provider(models.Model):
    """A sign-in service by which mailboxes are opened without a password: where it is asked, and as which client of it."""

    class Kind(models.TextChoices):
        MICROSOFT = "microsoft", "Microsoft 365"
        GOOGLE = "google", "Google"
        OTHER = "other", _("Another provider")

    name = models.CharField(_("name"), max_length=60, unique=True)
    kind = models.CharField(_("kind"), max_length=9, choices=Kind.choices)
    tenant = models.CharField(_("tenant"), max_length=100, blank=True)
    client_id = models.CharField(_("client id"), max_length=200)
    sealed_secret = models.TextField(blank=True)
    authorize_url = models.CharField(_("address for signing in"), max_length=500, blank=True)
    token_url = models.CharField(_("address for tokens"), max_length=500, blank=True)
    scope = models.CharField(_("scope"), max_length=500, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="microsoft", tenant__gt="")
                | Q(kind="google")
                | Q(kind="other", authorize_url__gt="", token_url__gt=""),
                name="provider_can_be_asked",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Mailbox(ScopedModel):
    """A folder of an account, whose mail becomes conversations of one project.

    Its server lets us in by a password, or by what its ``provider`` gave when somebody signed in there (``SignIn``).

    ``uid_validity`` and ``last_uid`` say how far it was read. While it cannot be read, ``failures`` counts the attempts in a row and
    ``next_at`` says when the next one is made; ``said`` are the words of the server. ``told``: administrators know of this trouble.
    """

    class Security(models.TextChoices):
        TLS = "tls", _("TLS from the beginning (usually port 993)")
        STARTTLS = "starttls", _("STARTTLS (usually port 143)")
        NONE = "none", _("none, only inside one's own network")

    view_right: ClassVar[str] = "mailboxes.manage"

    name = models.CharField(_("name"), max_length=120)
    address = models.CharField(_("address"), max_length=320)
    host = models.CharField(_("IMAP server"), max_length=255)
    port = models.PositiveIntegerField(_("port"), default=993)
    security = models.CharField(_("encryption"), max_length=8, choices=Security.choices, default=Security.TLS)
    username = models.CharField(_("user"), max_length=320)
    sealed_password = models.TextField(blank=True)
    provider = models.ForeignKey(
        Provider, null=True, on_delete=models.PROTECT, related_name="mailboxes", verbose_name=_("signs in")
    )
    folder = models.CharField(_("folder"), max_length=255, default="INBOX")
    since = models.DateField(_("mail since"))
    smtp_host = models.CharField(_("SMTP server"), max_length=255, blank=True)
    smtp_port = models.PositiveIntegerField(_("port of the SMTP server"), default=587)
    smtp_security = models.CharField(
        _("encryption of the SMTP server"), max_length=8, choices=Security.choices, default=Security.STARTTLS
    )
    is_on = models.BooleanField(_("switched on"), default=True)
    uid_validity = models.BigIntegerField(null=True)
    last_uid = models.BigIntegerField(default=0)
    read_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=11, choices=Trouble.choices, blank=True)
    said = models.CharField(max_length=300, blank=True)
    told = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(port__gte=1, port__lte=65535), name="mailbox_port"),
            models.CheckConstraint(
                condition=Q(smtp_port__gte=1, smtp_port__lte=65535), name="mailbox_smtp_port"
            ),
            models.CheckConstraint(
                condition=Q(failures=0, trouble="") | (Q(failures__gt=0) & ~Q(trouble="")),
                name="mailbox_fails_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(provider=None) ^ Q(sealed_password=""), name="mailbox_password_or_provider"
            ),
            models.UniqueConstraint(fields=["host", "username", "folder"], name="mailbox_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def sends(self) -> bool:
        return bool(self.smtp_host)


class SignIn(models.Model):
    """What a provider gave when somebody signed in for a mailbox: a token that opens it for a while, and one that asks for the next."""

    mailbox = models.OneToOneField(Mailbox, on_delete=models.CASCADE, related_name="sign_in")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    sealed_access = models.TextField()
    sealed_refresh = models.TextField()
    until = models.DateTimeField()
    signed_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.mailbox_id)


class Day(models.Model):
    """What came from a mailbox on one day, into one project at one level. ``run`` holds what could not be read, as of an archive."""

    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="days", db_index=False)
    day = models.DateField()
    run = models.OneToOneField("contacts.ImportRun", on_delete=models.CASCADE, related_name="+")
    kept = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    aside = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["mailbox", "-day"], name="mailbox_day_newest")]

    def __str__(self) -> str:
        return str(self.day)


class Reply(models.Model):
    """An answer on its way. Once the server took it, it is a conversation, and this row is gone.

    ``token`` makes its Message-ID and stands in its subject: the answer to it is found by it, whatever a program leaves out.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waits to be sent")
        GOING = "going", _("Being sent")
        FAILED = "failed", _("Not sent")

    class Why(models.TextChoices):
        SERVER = "server", _("The mail server did not take it.")
        ACCOUNT = "account", _("The mail server does not let the mailbox in.")
        FILE = (
            "file",
            _(
                "A file that was to go with it is gone, or became too confidential. Write the answer again without it."
            ),
        )

    question = models.ForeignKey("conversations.Interaction", on_delete=models.CASCADE, related_name="+")
    mailbox = models.ForeignKey(Mailbox, null=True, on_delete=models.SET_NULL, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    to = ArrayField(models.CharField(max_length=320))
    cc = ArrayField(models.CharField(max_length=320), default=list)
    subject = models.CharField(max_length=300, blank=True)
    text = models.TextField()
    token = models.CharField(max_length=10, unique=True)
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    why = models.CharField(max_length=7, choices=Why.choices, default=Why.SERVER)
    said = models.CharField(max_length=300, blank=True)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.subject


class Enclosure(models.Model):
    """A file that goes with an answer; its bytes are kept from the moment they were chosen.

    Without ``reply`` it waits in the form of ``user`` until what was written can go. ``file`` is the kept file that it is a copy of.
    """

    question = models.ForeignKey("conversations.Interaction", on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    reply = models.ForeignKey(Reply, null=True, on_delete=models.CASCADE, related_name="enclosures")
    file = models.ForeignKey("content.File", null=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(max_length=300)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.BigIntegerField()
    media_type = models.CharField(max_length=150)
    made_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["sha256"], name="enclosure_bytes")]

    def __str__(self) -> str:
        return self.name

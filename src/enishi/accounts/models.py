"""Users, teams, projects, roles, grants and API tokens."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Level

LANGUAGES = (("en", "English"), ("ja", "日本語"), ("fr", "Français"), ("fa", "فارسی"))


class Theme(models.TextChoices):
    AUTO = "auto", _("As the device")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class Tour(models.TextChoices):
    """Whether somebody is on the guided tour."""

    NEW = "new", _("Not offered yet")
    ON = "on", _("On it")
    OFF = "off", _("Not on it")


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """Somebody who signs in. Rights come from grants only; there is no super user flag."""

    email = models.EmailField(_("e-mail"), max_length=254)
    name = models.CharField(_("name"), max_length=200)
    language = models.CharField(_("language"), max_length=5, choices=LANGUAGES, default="en")
    time_zone = models.CharField(_("time zone"), max_length=50, default="UTC")
    theme = models.CharField(_("appearance"), max_length=5, choices=Theme.choices, default=Theme.AUTO)
    single_keys = models.BooleanField(_("single-letter keys"), default=True)
    reminder_mail = models.BooleanField(_("reminders by e-mail"), default=True)
    shows_presence = models.BooleanField(_("shown where I am"), default=True)
    tour = models.CharField(max_length=3, choices=Tour.choices, default=Tour.NEW)
    # Here and not in a table of its own: the row is read for every page anyway.
    tour_stop = models.CharField(max_length=20, blank=True)
    """Where they are on the tour, or left it; empty before it and after its end."""
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_unique")]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] if self.name else self.email


class Team(models.Model):
    name = models.CharField(_("name"), max_length=120, unique=True)
    members = models.ManyToManyField(User, related_name="teams", blank=True, verbose_name=_("members"))
    external_id = models.CharField(max_length=200, blank=True)
    """What the directory that provisions this team calls it."""

    def __str__(self) -> str:
        return self.name


class Project(models.Model):
    """A node in the tree of projects. Archived, never deleted: records point here for as long as they are kept."""

    name = models.CharField(_("name"), max_length=200)
    code = models.SlugField(_("short name"), max_length=40, unique=True)
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="children",
        verbose_name=_("part of"),
    )
    description = models.TextField(_("description"), blank=True)
    country = models.CharField(
        _("country"), max_length=2, default="GB", help_text=_("Decides holidays and phone numbers.")
    )
    default_level = models.PositiveSmallIntegerField(
        _("confidentiality of new records"), choices=Level.choices, default=Level.INTERNAL
    )
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(parent=F("id")), name="project_not_its_own_parent"),
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.Model):
    """A named set of permission codes with a clearance.

    Of the codes, ``own_codes`` reach only records of one's own and ``team_codes`` those of one's teams; the others
    reach everything where the role is given. Of the protected fields it shows those that it names.
    """

    name = models.CharField(_("name"), max_length=120, unique=True)
    description = models.CharField(_("description"), max_length=300, blank=True)
    codes = ArrayField(models.CharField(max_length=60), default=list, verbose_name=_("rights"))
    own_codes = ArrayField(models.CharField(max_length=60), default=list, verbose_name=_("only their own"))
    team_codes = ArrayField(
        models.CharField(max_length=60), default=list, verbose_name=_("only their team's")
    )
    seen_fields = ArrayField(
        models.CharField(max_length=80), default=list, verbose_name=_("shows the fields")
    )
    changed_fields = ArrayField(
        models.CharField(max_length=80), default=list, verbose_name=_("lets the fields be changed")
    )
    clearance = models.PositiveSmallIntegerField(
        _("reads up to"), choices=Level.choices, default=Level.INTERNAL
    )
    require_second_factor = models.BooleanField(_("asks for a second factor"), default=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(codes__contains=F("own_codes"))
                & Q(codes__contains=F("team_codes"))
                & ~Q(own_codes__overlap=F("team_codes")),
                name="role_reach_of_its_rights",
            ),
            models.CheckConstraint(
                condition=Q(seen_fields__contains=F("changed_fields")), name="role_changes_what_it_shows"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ProtectedField(models.Model):
    """A field that is seen only through roles that name it; see ``accounts.fields``."""

    name = models.CharField(max_length=80, unique=True)

    def __str__(self) -> str:
        return self.name


class Grant(models.Model):
    """A role for a user or a team, in a project with everything below it, or (no project) everywhere."""

    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="grants")
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="grants")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="grants")
    project = models.ForeignKey(
        Project, null=True, blank=True, on_delete=models.CASCADE, related_name="grants"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=True, team__isnull=False) | Q(user__isnull=False, team__isnull=True),
                name="grant_user_or_team",
            ),
            models.UniqueConstraint(
                fields=["role", "user", "team", "project"], nulls_distinct=False, name="grant_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role_id}:{self.user_id or self.team_id}@{self.project_id or '*'}"


class KeptFrom(models.Model):
    """One record that one user does not see, whatever their roles: a conflict of interest.

    ``because`` names the record for whose sake it is kept; what hangs on that one is kept with it.
    """

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="+", db_index=False
    )  # kept_from_once
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    because = models.CharField(max_length=90)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "subject_type", "subject_id", "because"], name="kept_from_once"
            ),
        ]
        indexes = [
            # Who is kept from a record, and what is kept for the sake of one.
            models.Index(fields=["subject_type", "subject_id"], name="kept_from_subject"),
            models.Index(fields=["because"], name="kept_from_because"),
        ]

    def __str__(self) -> str:
        return f"{self.subject_type}:{self.subject_id}"


class ApiToken(models.Model):
    """A key for programs. Only its SHA-256 is kept; ``prefix`` lets people recognise it."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(_("name"), max_length=120)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=60), verbose_name=_("rights"))
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class SignIn(models.Model):
    """A try to sign in: who, how and from where. Forgotten after ``Organisation.sign_in_days``."""

    class Outcome(models.TextChoices):
        IN = "in", _("Signed in")
        WRONG = "wrong", _("Wrong password")
        SECOND = "second", _("Wrong second factor")
        REFUSED = "refused", _("Refused after single sign-on")

    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="sign_ins")
    at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    methods = ArrayField(models.CharField(max_length=40), default=list)
    address = models.GenericIPAddressField()
    agent = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["user", "-id"], name="sign_in_of_user"),
            models.Index(fields=["at"], name="sign_in_age"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id or '?'} {self.outcome} {self.at:%Y-%m-%d %H:%M}"


class Provisioned(models.Model):
    """What a directory says about somebody whom it provisions by SCIM.

    ``withdrawn``: the directory removed them. The account is switched off and stays, because the history names it.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="provisioned")
    user_name = models.CharField(max_length=254)
    external_id = models.CharField(max_length=200, blank=True)
    said = models.JSONField(default=dict)
    withdrawn = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(Lower("user_name"), name="provisioned_user_name_unique")]
        indexes = [models.Index(fields=["external_id"], name="provisioned_external_id")]

    def __str__(self) -> str:
        return self.user_name


class SignInService(models.Model):
    """A server of an organisation's identities by which people sign in, by OpenID Connect or SAML 2.0.

    Accounts are tied to it by ``socialaccount.SocialAccount`` with ``slug`` as provider. What a SAML service says of
    itself (``issuer``, ``sign_in_url``, ``certificates``) is needed only once it is active. ``sign_out_answer_url`` is
    where it wants answers when that is another address than ``sign_out_url``.
    """

    class Kind(models.TextChoices):
        OPENID = "openid", "OpenID Connect"
        SAML = "saml", "SAML 2.0"

    class Binding(models.TextChoices):
        REDIRECT = "redirect", _("in the address (HTTP-Redirect)")
        POST = "post", _("by a form (HTTP-POST)")

    kind = models.CharField(max_length=6, choices=Kind.choices, default=Kind.OPENID)

    slug = models.SlugField(_("short name"), max_length=40, unique=True)
    name = models.CharField(_("name on the button"), max_length=60)
    issuer = models.CharField(_("issuer"), max_length=300, blank=True)
    client_id = models.CharField(_("client id"), max_length=200, blank=True)
    sealed_secret = models.TextField(blank=True)
    metadata_url = models.URLField(_("address of its metadata"), max_length=500, blank=True)
    sign_in_url = models.URLField(_("address for signing in"), max_length=500, blank=True)
    certificates = ArrayField(models.TextField(), default=list, blank=True, verbose_name=_("certificates"))
    sign_out_url = models.URLField(_("address for signing out"), max_length=500, blank=True)
    sign_out_answer_url = models.URLField(max_length=500, blank=True)
    sign_out_by = models.CharField(
        _("messages go"), max_length=8, choices=Binding.choices, default=Binding.REDIRECT
    )
    signs_out = models.BooleanField(_("signing out here signs out there"), default=True)
    only_encrypted = models.BooleanField(_("only encrypted answers"), default=False)
    email_attribute = models.CharField(_("attribute with the address"), max_length=200, blank=True)
    vouches = models.BooleanField(_("vouches for addresses"), default=False)
    domains = ArrayField(models.CharField(max_length=120), default=list, verbose_name=_("mail domains"))
    create_accounts = models.BooleanField(_("opens accounts"), default=False)
    default_role = models.ForeignKey(
        Role, null=True, blank=True, on_delete=models.SET_NULL, verbose_name=_("role of new accounts")
    )
    default_project = models.ForeignKey(
        Project, null=True, blank=True, on_delete=models.SET_NULL, verbose_name=_("where"), related_name="+"
    )
    active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(active=False)
                | Q(kind="openid", issuer__gt="", client_id__gt="")
                | Q(kind="saml", issuer__gt="", sign_in_url__gt="", certificates__len__gt=0),
                name="sign_in_service_complete",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ServiceKey(models.Model):
    """A key pair of ours towards a SAML service; the older one signs, either decrypts, the newer one takes over.

    The private key is encrypted like all secrets; the certificate is public and stands in our metadata.
    """

    service = models.ForeignKey(SignInService, on_delete=models.CASCADE, related_name="keys")
    sealed = models.TextField()
    certificate = models.TextField()
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.service_id}:{self.pk}"


class ServiceSession(models.Model):
    """A session that a SAML service began, and how the service calls it: by that it is ended from there.

    ``name`` is the NameID as given, with what belongs to it.
    """

    service = models.ForeignKey(SignInService, on_delete=models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    session_key = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=256)
    name_format = models.CharField(max_length=200, blank=True)
    name_qualifier = models.CharField(max_length=1024, blank=True)
    our_qualifier = models.CharField(max_length=1024, blank=True)
    number = models.CharField(max_length=256, blank=True)

    class Meta:
        indexes = [models.Index(fields=["service", "name"], name="service_session_name")]

    def __str__(self) -> str:
        return f"{self.service_id}:{self.user_id}"


class UsedAssertion(models.Model):
    """A word of a SAML service that has let somebody in or out: until it runs out it must not do so again."""

    service = models.ForeignKey(SignInService, on_delete=models.CASCADE, related_name="+", db_index=False)
    digest = models.CharField(max_length=64)
    until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["service", "digest"], name="used_assertion_once")]
        indexes = [models.Index(fields=["until"], name="used_assertion_age")]

    def __str__(self) -> str:
        return f"{self.service_id}:{self.digest[:8]}"


class IdempotencyKey(models.Model):
    """The answer already given to a request, so that a repeated request does nothing twice."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.BinaryField(null=True)
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_once")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_age")]

    def __str__(self) -> str:
        return self.key


class Organisation(models.Model):
    """The organisation that this installation serves: one row."""

    name = models.CharField(_("name"), max_length=200)
    language = models.CharField(_("language"), max_length=5, choices=LANGUAGES, default="en")
    time_zone = models.CharField(_("time zone"), max_length=50, default="UTC")
    country = models.CharField(_("country"), max_length=2, default="GB")
    require_second_factor = models.BooleanField(_("second factor for everybody"), default=False)
    sign_in_days = models.PositiveSmallIntegerField(
        _("sign-ins are kept for"),
        choices=[(30, _("30 days")), (90, _("90 days")), (365, _("a year")), (1095, _("three years"))],
        default=365,
    )
    first_steps = models.BooleanField(_("the first steps are shown"), default=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="organisation_single")]

    def __str__(self) -> str:
        return self.name

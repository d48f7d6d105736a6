"""Parties with their addresses, relations, outside ids and possible duplicates."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, GistIndex
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.fields.json import KT
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import ScopedQuerySet, SharedModel

ALIVE = Q(deleted_at__isnull=True)


class PartyQuerySet(ScopedQuerySet["Party"]):
    def present(self) -> PartyQuerySet:
        """Without the recycle bin."""
        return self.filter(ALIVE)


class Party(SharedModel):
    """A person, organisation, group or community: one record across all projects.

    ``names`` holds the name in further scripts, by ISO 15924 code: ``{"Kana": {"family": "タナカ", "given": "アオイ",
    "full": "タナカ アオイ"}}``. ``full_name`` is the name as its bearer writes it. ``sort_key`` orders lists in any
    script, ``match_key`` finds namesakes whatever the spelling. ``version`` counts saves, for conflicts and ETags.
    """

    class Kind(models.TextChoices):
        PERSON = "person", _("Person")
        ORGANISATION = "organisation", _("Organisation")
        GROUP = "group", _("Group")
        COMMUNITY = "community", _("Community")

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        INACTIVE = "inactive", _("Inactive")
        DECEASED = "deceased", _("Deceased")

    class Address(models.TextChoices):
        """How the person wants to be addressed; never guessed from a given name."""

        NEUTRAL = "", _("By name")
        MR = "mr", _("Mr")
        MS = "ms", _("Ms")

    view_right: ClassVar[str] = "contacts.view"
    owner_fields: ClassVar[tuple[str, ...]] = ("owner_id",)

    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices, default=Kind.PERSON)
    full_name = models.CharField(_("name"), max_length=300)
    family_name = models.CharField(_("family name"), max_length=150, blank=True)
    given_name = models.CharField(_("given name"), max_length=150, blank=True)
    script = models.CharField(_("script"), max_length=4, blank=True)
    names = models.JSONField(_("other scripts"), default=dict, blank=True)
    honorific = models.CharField(_("honorific"), max_length=60, blank=True)
    address_form = models.CharField(_("address as"), max_length=4, choices=Address.choices, blank=True)
    greeting = models.CharField(_("greeting"), max_length=200, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=50, blank=True)
    birth_date = models.DateField(_("date of birth"), null=True, blank=True)
    note = models.TextField(_("note"), blank=True)
    photo = models.CharField(max_length=64, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("looked after by"),
        db_index=False,  # party_owner
    )
    status = models.CharField(_("status"), max_length=8, choices=Status.choices, default=Status.ACTIVE)
    sort_key = models.TextField(blank=True)
    match_key = models.TextField(blank=True)
    last_contact_at = models.DateTimeField(_("last contact"), null=True, blank=True)
    last_channel = models.CharField(max_length=20, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    updated_at = models.DateTimeField(_("changed"), db_default=Now())
    deleted_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(_("erased"), null=True, blank=True)
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="merged_from"
    )

    objects = PartyQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(full_name=""), name="party_has_a_name"),
            models.CheckConstraint(condition=Q(project_ids__len__gt=0), name="party_in_a_project"),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | Q(deleted_at__isnull=False),
                name="party_merged_is_deleted",
            ),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True) | Q(deleted_at__isnull=False),
                name="party_erased_is_deleted",
            ),
        ]
        indexes = [
            # The list by name, and its pages.
            models.Index(fields=["sort_key", "id"], condition=ALIVE, name="party_by_name"),
            models.Index(fields=["kind", "sort_key", "id"], condition=ALIVE, name="party_by_kind_name"),
            # Of one language: else an ordered walk meets most of the table before a page is full.
            models.Index(
                fields=["language", "sort_key", "id"], condition=ALIVE, name="party_by_language_name"
            ),
            # The list by last contact, in both directions; "no contact for n days".
            models.Index(
                F("last_contact_at").desc(nulls_last=True),
                F("id").desc(),
                condition=ALIVE,
                name="party_by_contact",
            ),
            models.Index(fields=["-updated_at", "-id"], condition=ALIVE, name="party_by_change"),
            models.Index(fields=["-created_at", "-id"], condition=ALIVE, name="party_by_birth"),
            # Namesakes, at import and while typing.
            models.Index(fields=["match_key"], condition=ALIVE, name="party_match"),
            GinIndex(fields=["project_ids"], condition=ALIVE, name="party_projects"),
            models.Index(fields=["owner"], condition=Q(owner__isnull=False), name="party_owner"),
            # The recycle bin, newest first.
            models.Index(fields=["-deleted_at", "-id"], condition=~ALIVE, name="party_bin"),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def is_person(self) -> bool:
        return self.kind == self.Kind.PERSON


class ContactPoint(models.Model):
    """One way to reach a party: e-mail, phone, postal address or web page.

    ``value`` is normalised (E.164, domain in lower case), ``typed`` is what somebody wrote, ``key`` is what duplicates
    are found by (folded e-mail, E.164, country and postcode). An address may have a place on the map (WGS 84); where that
    comes from decides whether it is looked up again.
    """

    class Kind(models.TextChoices):
        EMAIL = "email", _("E-mail")
        PHONE = "phone", _("Phone")
        ADDRESS = "address", _("Address")
        WEB = "web", _("Web page")
        OTHER = "other", _("Other")

    class Status(models.TextChoices):
        GOOD = "good", _("Works")
        UNCHECKED = "unchecked", _("Not checked")
        BOUNCED = "bounced", _("Bounced")
        WRONG = "wrong", _("Wrong")
        REFUSED = "refused", _("Does not want to be reached here")

    class Label(models.TextChoices):
        WORK = "work", _("Work")
        HOME = "home", _("Home")
        MOBILE = "mobile", _("Mobile")
        FAX = "fax", _("Fax")
        BILLING = "billing", _("Billing")
        OTHER = "other", _("Other")

    class Place(models.TextChoices):
        """Where the position of an address comes from; empty: it was not looked for yet."""

        HAND = "hand", _("put by hand")
        TOWN = "town", _("where its town was put")
        GAZETTEER = "gazetteer", _("its town, from the gazetteer")
        UNKNOWN = "unknown", _("not found")

    party = models.ForeignKey(Party, on_delete=models.CASCADE, related_name="points")
    kind = models.CharField(_("kind"), max_length=7, choices=Kind.choices)
    label = models.CharField(_("use"), max_length=8, choices=Label.choices, default=Label.WORK)
    value = models.CharField(_("value"), max_length=500)
    typed = models.CharField(_("as written"), max_length=500, blank=True)
    key = models.CharField(max_length=320, blank=True)
    parts = models.JSONField(_("parts"), default=dict, blank=True)
    status = models.CharField(_("state"), max_length=9, choices=Status.choices, default=Status.UNCHECKED)
    note = models.CharField(_("remark"), max_length=200, blank=True)
    is_primary = models.BooleanField(_("first choice"), default=False)
    valid_from = models.DateField(_("from"), null=True, blank=True)
    valid_until = models.DateField(_("until"), null=True, blank=True)
    latitude = models.FloatField(_("latitude"), null=True, blank=True)
    longitude = models.FloatField(_("longitude"), null=True, blank=True)
    place_source = models.CharField(
        _("place"), max_length=9, choices=Place.choices, blank=True, default="", db_default=""
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True)
                | Q(valid_from__isnull=True)
                | Q(valid_until__gte=F("valid_from")),
                name="point_dates_in_order",
            ),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True, place_source__in=["", "unknown"])
                | Q(
                    kind="address",
                    latitude__range=(-90, 90),
                    longitude__range=(-180, 180),
                    place_source__in=["hand", "town", "gazetteer"],
                ),
                name="point_place_whole",
            ),
            models.UniqueConstraint(
                fields=["party", "kind"], condition=Q(is_primary=True), name="point_one_first_choice"
            ),
        ]
        indexes = [
            # Duplicates and senders by address or number.
            models.Index(fields=["key", "kind"], condition=~Q(key=""), name="point_key"),
            # The map, and who is in an area.
            GistIndex(
                Func(F("longitude"), F("latitude"), function="point"),
                condition=Q(latitude__isnull=False),
                name="point_position",
            ),
            # Everybody of a town; the towns whose addresses have no place.
            models.Index(
                KT("parts__city"), KT("parts__country"), condition=Q(kind="address"), name="point_town"
            ),
            # What is still to be looked up.
            models.Index(fields=["id"], condition=Q(kind="address", place_source=""), name="point_to_place"),
        ]

    def __str__(self) -> str:
        return self.value


class Town(models.Model):
    """Where a town or village is that people put on the map themselves: the gazetteer does not know it, or not well.

    ``key`` is its folded name: addresses in any spelling of it are found there.
    """

    country = models.CharField(_("country"), max_length=2)
    key = models.CharField(max_length=200)
    name = models.CharField(_("town or village"), max_length=200)
    latitude = models.FloatField(_("latitude"))
    longitude = models.FloatField(_("longitude"))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(latitude__range=(-90, 90), longitude__range=(-180, 180)), name="town_on_earth"
            ),
            models.CheckConstraint(condition=~Q(key=""), name="town_has_a_name"),
            models.UniqueConstraint(fields=["country", "key"], name="town_once"),
        ]

    def __str__(self) -> str:
        return self.name


class RelationType(models.Model):
    """What one party can be to another, read from either end. ``affiliates``: the source's story is also the target's."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    inverse_name = models.CharField(_("seen from the other side"), max_length=80)
    affiliates = models.BooleanField(_("story belongs to both"), default=False)
    built_in = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=100)

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class Relation(models.Model):
    """A dated, directed tie: source works for target, represents target, is a neighbour of target."""

    type = models.ForeignKey(RelationType, on_delete=models.PROTECT, related_name="relations")
    # relation_once begins with it
    source = models.ForeignKey(Party, on_delete=models.CASCADE, related_name="relations_out", db_index=False)
    target = models.ForeignKey(Party, on_delete=models.CASCADE, related_name="relations_in")
    title = models.CharField(_("function"), max_length=200, blank=True)
    department = models.CharField(_("department"), max_length=200, blank=True)
    valid_from = models.DateField(_("from"), null=True, blank=True)
    valid_until = models.DateField(_("until"), null=True, blank=True)
    seen_on = models.DateField(_("seen on"), null=True, blank=True)
    evidence = models.CharField(_("known from"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(source=F("target")), name="relation_of_two"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True)
                | Q(valid_from__isnull=True)
                | Q(valid_until__gte=F("valid_from")),
                name="relation_dates_in_order",
            ),
            models.UniqueConstraint(
                fields=["source", "target", "type", "valid_from"], nulls_distinct=False, name="relation_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} {self.type_id} {self.target_id}"


class ExternalId(models.Model):
    """What another system calls this party."""

    party = models.ForeignKey(Party, on_delete=models.CASCADE, related_name="external_ids")
    system = models.CharField(_("system"), max_length=60)
    value = models.CharField(_("id there"), max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["system", "value"], name="external_id_once")]

    def __str__(self) -> str:
        return f"{self.system}:{self.value}"


class DuplicatePair(models.Model):
    """Two records that may be one. ``different`` is remembered: the pair is never suggested again."""

    class State(models.TextChoices):
        OPEN = "open", _("To look at")
        DIFFERENT = "different", _("Not the same")

    first = models.ForeignKey(Party, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Party, on_delete=models.CASCADE, related_name="+")
    score = models.PositiveSmallIntegerField(default=0)
    reasons = models.JSONField(default=list)
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    found_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="pair_in_order"),
            models.CheckConstraint(condition=Q(score__lte=100), name="pair_score_percent"),
            models.UniqueConstraint(fields=["first", "second"], name="pair_once"),
        ]
        indexes = [models.Index(fields=["-score", "id"], condition=Q(state="open"), name="pair_to_look_at")]

    def __str__(self) -> str:
        return f"{self.first_id}={self.second_id}?"

"""Relations between parties, tags on parties, outside ids, consents."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.contacts import signals
from enishi.contacts.models import (
    Consent,
    ConsentPurpose,
    ConsentText,
    ExternalId,
    Party,
    PartyTag,
    Relation,
    RelationType,
    Tag,
)
from enishi.contacts.services.parties import EDIT, ContactError, finish_change
from enishi.contacts.services.searchable import index_parties
from enishi.core import clock, text
from enishi.core.formats import format_full_date
from enishi.timeline.services import Changes, record


def changed_around(actor: Actor, party: Party, changes: Changes) -> None:
    """Something that hangs on a party changed: count the version up, bring index and history after it."""
    Party.objects.unscoped("the party that was changed").filter(pk=party.pk).update(
        version=F("version") + 1, updated_at=clock.now()
    )
    party.refresh_from_db(
        fields=["version", "updated_at"], from_queryset=Party.objects.unscoped("the same party")
    )
    finish_change(actor, party, changes)


def describe(relation: Relation) -> dict[str, Any]:
    """A relation as it stands in the history."""
    return {
        "id": relation.pk,
        "type": relation.type.code,
        "source": relation.source_id,
        "target": relation.target_id,
        "title": relation.title,
        "department": relation.department,
        "from": relation.valid_from,
        "until": relation.valid_until,
        "seen_on": relation.seen_on,
        "evidence": relation.evidence,
    }


@transaction.atomic
def relate(
    actor: Actor,
    source: Party,
    target: Party,
    *,
    kind: RelationType,
    relation: Relation | None = None,
    title: str = "",
    department: str = "",
    valid_from: dt.date | None = None,
    valid_until: dt.date | None = None,
    seen_on: dt.date | None = None,
    evidence: str = "",
) -> Relation:
    """Say what one party is to another, or (with ``relation``) correct it. Raises ContactError.

    Both ends get an entry in their history; the source is found by the target's name.
    """
    actor.require(EDIT, source)
    if source.pk == target.pk:
        raise ContactError(_("A contact cannot be related to itself. Choose another one."), "target")
    if valid_from and valid_until and valid_until < valid_from:
        raise ContactError(_("The end date lies before the start date."), "valid_until")
    before = describe(relation) if relation is not None else None
    relation = relation or Relation(source=source)
    relation.type, relation.source, relation.target = kind, source, target
    relation.title, relation.department = (
        text.clean(title).strip()[:200],
        text.clean(department).strip()[:200],
    )
    relation.valid_from, relation.valid_until = valid_from, valid_until
    relation.seen_on, relation.evidence = seen_on, text.clean(evidence).strip()[:200]
    try:
        with transaction.atomic():
            relation.save()
    except IntegrityError:
        raise ContactError(_("This relation already exists."), "target") from None
    changes = {"relation": (before, describe(relation))}
    changed_around(actor, source, changes)
    record(actor, signals.party_changed, subject=target, party_id=target.pk, changes=changes)
    return relation


@transaction.atomic
def end_relation(actor: Actor, relation: Relation, *, on: dt.date) -> Relation:
    """A relation ended on a day; it stays on the record as past."""
    return relate(
        actor,
        relation.source,
        relation.target,
        kind=relation.type,
        relation=relation,
        title=relation.title,
        department=relation.department,
        valid_from=relation.valid_from,
        valid_until=on,
        seen_on=relation.seen_on,
        evidence=relation.evidence,
    )


@transaction.atomic
def remove_relation(actor: Actor, relation: Relation) -> None:
    """Take back a relation that never was; one that ended is given its end date instead."""
    actor.require(EDIT, relation.source)
    source, target, changes = relation.source, relation.target, {"relation": (describe(relation), None)}
    relation.delete()
    changed_around(actor, source, changes)
    record(actor, signals.party_changed, subject=target, party_id=target.pk, changes=changes)


@transaction.atomic
def set_tags(actor: Actor, party: Party, tags: Iterable[Tag]) -> None:
    """Give a party exactly these tags."""
    actor.require(EDIT, party)
    before = set(PartyTag.objects.filter(party=party).values_list("tag__path", flat=True))
    wanted = {tag.pk: tag for tag in tags}
    PartyTag.objects.filter(party=party).exclude(tag__in=wanted).delete()
    PartyTag.objects.bulk_create(
        [PartyTag(party=party, tag=tag) for tag in wanted.values()], ignore_conflicts=True
    )
    after = {tag.path for tag in wanted.values()}
    if before != after:
        changed_around(actor, party, {"tags": (sorted(before), sorted(after))})


@transaction.atomic
def set_external_id(actor: Actor, party: Party, *, system: str, value: str) -> None:
    """Say what another system calls this party; an empty value removes it. Raises ContactError when it is taken."""
    actor.require(EDIT, party)
    system, value = system.strip()[:60], text.clean(value).strip()[:200]
    before = (
        ExternalId.objects.filter(party=party, system=system).values_list("value", flat=True).first() or ""
    )
    if value == before:
        return
    if value and ExternalId.objects.filter(system=system, value=value).exists():
        known = Party.objects.visible_to(actor).filter(external_ids__system=system, external_ids__value=value)
        raise ContactError(
            _("Another contact already has this id. Merge the two, or correct the id.")
            if known.exists()
            else _("This id cannot be used here. Check it."),
            "value",
        )
    ExternalId.objects.filter(party=party, system=system).delete()
    if value:
        ExternalId.objects.create(party=party, system=system, value=value)
    changed_around(actor, party, {f"id:{system}": (before, value)})


@transaction.atomic
def state_consent(
    actor: Actor,
    party: Party,
    *,
    purpose: ConsentPurpose,
    state: str,
    stated_on: dt.date,
    valid_until: dt.date | None = None,
    basis: str = Consent.Basis.CONSENT,
    wording: ConsentText | None = None,
    evidence: str = "",
) -> Consent:
    """Write down what a person stated about one purpose. Statements are never changed; the latest counts."""
    actor.require(EDIT, party)
    if stated_on > clock.today():
        raise ContactError(
            _("This day lies in the future. Give the day on which it was stated."), "stated_on"
        )
    if valid_until is not None and state != Consent.State.GIVEN:
        raise ContactError(_("Only what is given has a last day. Leave it empty."), "valid_until")
    if valid_until is not None and valid_until < stated_on:
        raise ContactError(_("The last day lies before the day on which it was stated."), "valid_until")
    if state == Consent.State.WITHDRAWN:
        _check_given_before(actor, party, purpose, stated_on)
    before = latest_consent(party, purpose)
    consent = Consent.objects.create(
        party=party,
        purpose=purpose,
        state=state,
        basis=basis,
        text=wording,
        evidence=text.clean(evidence).strip()[:300],
        stated_on=stated_on,
        valid_until=valid_until,
        created_at=clock.now(),
    )
    record(
        actor,
        signals.consent_stated,
        subject=party,
        party_id=party.pk,
        changes={purpose.code: (before.state if before else None, state)},
        data={
            "basis": basis,
            "evidence": consent.evidence,
            "stated_on": stated_on,
            **({"valid_until": valid_until} if valid_until else {}),
            "text": wording.pk if wording else None,
        },
    )
    return consent


def _check_given_before(actor: Actor, party: Party, purpose: ConsentPurpose, day: dt.date) -> None:
    """What was given here is withdrawn on that day or later; of what was given elsewhere nobody knows the day."""
    given = Consent.objects.filter(party=party, purpose=purpose, state=Consent.State.GIVEN)
    first = given.order_by("stated_on").values_list("stated_on", flat=True).first()
    if first is not None and day < first:
        raise ContactError(
            _("It was given on %(day)s, so it cannot have been withdrawn before. Check both days.")
            % {"day": format_full_date(first, actor.language)},
            "stated_on",
        )


def latest_consent(party: Party, purpose: ConsentPurpose) -> Consent | None:
    return Consent.objects.filter(party=party, purpose=purpose).order_by("-stated_on", "-id").first()


def refresh_search(party_ids: Iterable[int]) -> None:
    """After a rename of an organisation: its people are found by the new name."""
    sources = Relation.objects.filter(
        target__in=list(party_ids), type__affiliates=True, valid_until__isnull=True
    )
    index_parties(sources.values_list("source_id", flat=True))

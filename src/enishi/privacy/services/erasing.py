"""Erasing a person for good: what is about them goes, the figures stay, the history stays provable."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.models import Q, Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.accounts.models import User
from enishi.contacts import signals as contact_signals
from enishi.contacts.models import ContactPoint, ImportRow, Party
from enishi.contacts.personal import CLEARED
from enishi.core import clock, jobs, storage
from enishi.core.personal import (
    STRUCK,
    Emptied,
    Fate,
    Hindrance,
    Keeper,
    Share,
    Subject,
    Table,
    keepers,
    tables,
)
from enishi.privacy.models import Erasure
from enishi.privacy.queries import merged_with
from enishi.privacy.services.blocking import Address, block
from enishi.privacy.services.forgetting import Forgetting
from enishi.privacy.services.striking import Striker, literal
from enishi.privacy.services.sweeping import (
    forget_answers,
    rows_about,
    sweep,
    sweep_documents,
    unique_columns,
)
from enishi.search.models import Document, Kind, Visit
from enishi.timeline.models import Entry, Notification, Operation
from enishi.timeline.redaction import redact
from enishi.timeline.services import notify, record

RIGHT = "privacy.erase"
_SHORTEST_PART = 3


class ErasureRefused(Exception):
    """Somebody is not erased; the text says why and what to do."""


@dataclass(frozen=True)
class Preview:
    """What an erasure would do: what goes, what stays for the figures, what stands against it."""

    goes: list[Share]
    stays: list[Share]
    hindrances: list[Hindrance]
    namesakes: int

    @property
    def total(self) -> int:
        return sum(share.count for share in self.goes)


def preview(actor: Actor, party: Party) -> Preview:
    """Work out what would happen; writes nothing."""
    _require(actor, party)
    subject = known_by(party)
    goes: list[Share] = []
    stays: list[Share] = []
    made = keepers()
    for keeper in made:
        for table in keeper.tables:
            if table.links and table.shown:
                share = Share(table.label, table.about(subject.party_ids).count())
                (goes if table.fate is Fate.GOES else stays).append(share)
        goes += keeper.goes(subject)
    return Preview(
        [share for share in goes if share.count],
        [share for share in stays if share.count],
        _hindrances(actor, subject, made),
        len(_namesakes(subject)),
    )


def _require(actor: Actor, party: Party) -> None:
    """The right is needed in every project of the person: an erasure reaches all of them."""
    for project_id in party.project_ids:
        actor.require(RIGHT, project_id)


def _hindrances(actor: Actor, subject: Subject, made: Iterable[Keeper]) -> list[Hindrance]:
    return [one for keeper in made for one in keeper.prevents(actor, subject)]


@transaction.atomic
def start_erasure(actor: Actor, party: Party, *, ground: str, reason: str, block: bool = True) -> Erasure:
    """Have a person erased by a job. Raises Forbidden, ErasureRefused with what stands against it."""
    erasure = _begin(actor, party, ground=ground, reason=reason, block=block)
    jobs.defer("privacy.erase", erasure_id=erasure.pk)
    return erasure


@transaction.atomic
def erase_now(actor: Actor, party: Party, *, ground: str, reason: str) -> Erasure:
    """Erase a person in the caller's transaction, in the language that is active. Raises Forbidden, ErasureRefused."""
    return _erase(actor, _begin(actor, party, ground=ground, reason=reason, block=False).pk)


def _begin(actor: Actor, party: Party, *, ground: str, reason: str, block: bool) -> Erasure:
    _require(actor, party)
    if not party.is_person:
        raise ErasureRefused(_("Only people are erased. Move an organisation to the recycle bin instead."))
    if party.merged_into_id is not None:
        raise ErasureRefused(_("This record was merged into another one. Erase that one."))
    if ground not in Erasure.Ground.values:
        raise ErasureRefused(_("Choose the legal ground."))
    if not reason.strip():
        raise ErasureRefused(_("Say how it was asked for, for example: letter of 4 April."))
    subject = known_by(party)
    against = _hindrances(actor, subject, keepers())
    if against:
        raise ErasureRefused(against[0].words)
    try:
        with transaction.atomic():
            erasure = Erasure.objects.create(
                party=party,
                ground=ground,
                reason=Striker(subject).strike(reason.strip()[:300], own=True),
                user_id=actor.user_id,
                block=block,
                project_ids=party.project_ids,
                confidentiality=party.confidentiality,
            )
    except IntegrityError:
        raise ErasureRefused(_("This person is being erased already.")) from None
    return erasure


def erasure_of_job(erasure_id: int) -> Erasure:
    found = Erasure.objects.unscoped("an erasure that a job was given")
    return found.select_related("user", "party").get(pk=erasure_id)


def run_erasure(actor: Actor, erasure_id: int) -> Erasure:
    """The job: erase in one transaction, then delete the bytes that nothing needs any more. Safe to repeat."""
    erasure = erasure_of_job(erasure_id)
    if erasure.state != Erasure.State.RUNNING:
        return erasure
    # What is left of a person is in the language of the organisation, whoever erases them.
    with translation.override(accounts.organisation().language):
        try:
            erasure = _erase(actor, erasure_id)
        except ErasureRefused as refused:
            erasure.state, erasure.problem, erasure.finished_at = (
                Erasure.State.REFUSED,
                str(refused),
                clock.now(),
            )
            erasure.save(update_fields=["state", "problem", "finished_at"])
    if erasure.state == Erasure.State.DONE:
        title = _("A person was erased.")
    else:
        title = _("A person could not be erased. See why.")
    if actor.user_id is not None:
        url = reverse("privacy:erasure", args=[erasure.pk])
        notify([actor.user_id], kind="erasure", title=title, url=url)
    return erasure


@transaction.atomic
def _erase(actor: Actor, erasure_id: int) -> Erasure:
    erasure = Erasure.objects.unscoped("the same erasure").select_for_update(no_key=True).get(pk=erasure_id)
    ids = merged_with(erasure.party_id)
    rows = Party.objects.unscoped("somebody who is erased").filter(pk__in=ids).order_by("pk")
    parties = list(rows.select_for_update(no_key=True, of=("self",)))
    party = next(one for one in parties if one.pk == erasure.party_id)
    _require(actor, party)
    subject, made = known_by(party), keepers()
    against = _hindrances(actor, subject, made)
    if against:
        raise ErasureRefused(against[0].words)
    striker = Striker(subject, common=_common(subject))
    addresses = _addresses(subject)
    own = {**rows_about(tables(), subject.party_ids), **_told_of(subject)}
    counts = _empty(subject, made)
    hashes = [sha256 for keeper in made for sha256 in keeper.erase(actor, subject)]
    _delete(subject, counts)
    for one in parties:
        _clear(one)
    swept = sweep(striker, own)
    for keeper in made:
        keeper.finish(subject)
    _after(subject, striker)
    emptied = [one for keeper in made for one in keeper.emptied()]
    forgetting = Forgetting(subject, striker, own=own, emptied=[*emptied, *_cleared(own)])
    redacted = redact(
        forgetting.entries(),
        rewrite=forgetting.rewrite,
        tell=functools.partial(_tell, actor, party, erasure),
    )
    erasure.counts = {"rows": sum(counts.values()), "swept": sum(swept.values()), "entries": redacted}
    erasure.state, erasure.finished_at = Erasure.State.DONE, clock.now()
    if erasure.block:
        erasure.counts["blocked"] = block(erasure, addresses)
    erasure.save(update_fields=["state", "finished_at", "counts"])
    transaction.on_commit(functools.partial(remove_bytes, hashes))
    return erasure


def _tell(actor: Actor, party: Party, erasure: Erasure, sealed: Mapping[str, Any]) -> Entry:
    return record(
        actor,
        contact_signals.person_erased,
        subject=party,
        party_id=party.pk,
        data={"ground": erasure.ground, "reason": erasure.reason, **sealed},
    )


def _empty(subject: Subject, made: Iterable[Keeper]) -> dict[str, int]:
    """Empty the columns that the tables name; returns how many rows of each table speak of them."""
    counts = {}
    for keeper in made:
        for table in keeper.tables:
            if not table.links:
                continue
            rows = table.model._base_manager.filter(pk__in=table.about(subject.party_ids).values("pk"))
            counts[f"{table.model._meta.label_lower}:{table.fate.value}"] = rows.count()
            if table.clears:
                rows.update(**_emptied_columns(table))
    return counts


def _emptied_columns(table: Table) -> dict[str, Any]:
    """Nothing in each of them; but rows must not become the same where they have to differ."""
    values = {name: _nothing(table.model, name) for name in table.clears}
    if marked := sorted(set(values) & unique_columns(table.model), reverse=True):
        values[marked[0]] = Concat(Value(STRUCK), Cast("pk", models.TextField()))
    return values


def _nothing(model: type[models.Model], name: str) -> Any:
    column = model._meta.get_field(name)
    return None if getattr(column, "null", False) else getattr(column, "get_default", str)()


def _delete(subject: Subject, counts: Mapping[str, int]) -> None:
    for table in tables():
        if table.links and table.fate is Fate.GOES:
            table.model._base_manager.filter(pk__in=table.about(subject.party_ids).values("pk")).delete()


def _clear(party: Party) -> None:
    """What is left of the record: a place in the figures."""
    for name, value in CLEARED.items():
        setattr(party, name, value)
    party.full_name = _("Erased person")
    party.sort_key = party.full_name.casefold()
    party.erased_at = party.updated_at = clock.now()
    party.deleted_at = party.deleted_at or party.erased_at
    party.version += 1
    party.owner = None
    party.save()


def _after(subject: Subject, striker: Striker) -> None:
    """What is neither about them nor words: the index, the palette, staged rows, answers kept by the API, undo."""
    ids = list(subject.party_ids)
    people = (Kind.PERSON, Kind.ORGANISATION, Kind.GROUP)
    Document.objects.unscoped("erased").filter(kind__in=people, subject_id__in=ids).delete()
    Visit.objects.filter(kind__in=people, subject_id__in=ids).delete()
    sweep_documents(striker)
    forget_answers(striker)
    staged = ImportRow.objects.annotate(
        draft_text=Cast("draft", models.TextField()), cells_text=Cast("cells", models.TextField())
    )
    staged.filter(Q(draft_text__contains=STRUCK) | Q(cells_text__contains=STRUCK)).delete()


def _told_of(subject: Subject) -> dict[type[models.Model], frozenset[int]]:
    """Operations and notifications that speak of them."""
    entries = Entry.objects.unscoped("operations that changed them").filter(
        party_id__in=subject.party_ids, operation__isnull=False
    )
    pages = [reverse("contacts:party", args=[pk]) for pk in subject.party_ids]
    return {
        Operation: frozenset(entries.values_list("operation_id", flat=True)),
        Notification: frozenset(Notification.objects.filter(url__in=pages).values_list("pk", flat=True)),
    }


def _cleared(own: Mapping[type[models.Model], Collection[int]]) -> list[Any]:
    """The columns that were emptied by the tables, for the history."""
    return [
        Emptied(table.model, frozenset(own.get(table.model, ())), frozenset(table.clears))
        for table in tables()
        if table.clears
    ]


def remove_bytes(hashes: Iterable[str]) -> int:
    """Delete kept bytes that no table points at any more; returns how many went."""
    gone = 0
    for sha256 in sorted({one for one in hashes if one}):
        held = any(
            table.model._base_manager.filter(**{name: sha256}).exists()
            for table in tables()
            for name in table.blobs
        )
        gone += 0 if held else storage.remove(sha256)
    return gone


def known_by(party: Party) -> Subject:
    """Everything a person is or was known by: names in every script and places to reach them, of now and of before."""
    ids = merged_with(party.pk)
    names: list[str] = []
    parts: set[str] = set()
    places: list[str] = []
    for one in Party.objects.unscoped("the same person").filter(pk__in=ids).order_by("pk"):
        names.append(one.full_name)
        parts |= {one.family_name, one.given_name}
        _read_names(one.names, names, parts)
        if one.family_name and one.given_name:
            names += [f"{one.given_name} {one.family_name}", f"{one.family_name} {one.given_name}"]
    for value, typed in ContactPoint.objects.filter(party__in=ids).values_list("value", "typed"):
        places += [value, typed]
    history = Entry.objects.unscoped("what the same person was called").filter(
        subject_type="contacts.party", subject_id__in=ids
    )
    for changes in history.values_list("changes", flat=True):
        _read_history(changes, names, parts, places)
    whole = [name for name in dict.fromkeys(names) if name and name != STRUCK]
    return Subject(
        party.pk,
        ids,
        names=tuple(whole),
        parts=tuple(sorted(part for part in parts if len(part) >= _SHORTEST_PART or _dense(part))),
        addresses=tuple(place for place in dict.fromkeys(places) if len(place) > _SHORTEST_PART),
    )


def _dense(part: str) -> bool:
    """Two signs are a whole name where each says much."""
    return len(part) > 1 and not part.isascii() and not literal(part).startswith("(?<!")


def _read_names(told: Any, names: list[str], parts: set[str]) -> None:
    for script in told.values() if isinstance(told, dict) else ():
        if isinstance(script, dict):
            family, given = str(script.get("family", "")), str(script.get("given", ""))
            names += [str(script.get("full", "")), f"{family} {given}".strip() if family and given else ""]
            parts |= {family, given}


def _read_history(changes: Mapping[str, Any], names: list[str], parts: set[str], places: list[str]) -> None:
    for name, pair in changes.items():
        for value in pair if isinstance(pair, list) else ():
            if name == "full_name" and isinstance(value, str):
                names.append(value)
            elif name in {"family_name", "given_name"} and isinstance(value, str) and value != STRUCK:
                parts.add(value)
            elif name == "names":
                _read_names(value, names, parts)
            elif name == "points" and isinstance(value, list):
                told = [point for point in value if isinstance(point, dict)]
                places += [str(point.get(key) or "") for point in told for key in ("value", "typed")]


def _addresses(subject: Subject) -> list[Address]:
    rows = ContactPoint.objects.filter(party__in=subject.party_ids).exclude(key="")
    return list(rows.values_list("kind", "key"))


def _namesakes(subject: Subject) -> list[int]:
    """Others who bear one of the names, or a name that holds it: outside their own records it may be these."""
    others = Party.objects.unscoped("whether a name is theirs alone").exclude(pk__in=subject.party_ids)
    others = others.annotate(names_text=Cast("names", models.TextField()))
    condition = Q(pk__in=[])
    for name in subject.names:
        condition |= Q(full_name__regex=literal(name)) | Q(names_text__regex=literal(name))
    return list(others.filter(condition, erased_at__isnull=True).values_list("pk", flat=True))


def _common(subject: Subject) -> list[str]:
    """Names and addresses that are somebody else's too: struck in records of theirs only."""
    found = []
    others = (
        Party.objects.unscoped("whether a name is theirs alone")
        .filter(pk__in=_namesakes(subject))
        .annotate(names_text=Cast("names", models.TextField()))
    )
    for name in subject.names:
        pattern = literal(name)
        theirs = others.filter(Q(full_name__regex=pattern) | Q(names_text__regex=pattern)).exists()
        if theirs or User.objects.filter(name__regex=pattern).exists():
            found.append(name)
    shared = ContactPoint.objects.exclude(party__in=subject.party_ids).filter(
        Q(value__in=subject.addresses) | Q(typed__in=subject.addresses)
    )
    for value, typed in shared.values_list("value", "typed"):
        found += [value, typed]
    return found

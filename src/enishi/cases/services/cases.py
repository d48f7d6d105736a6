"""Opening and changing cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor, Level
from enishi.accounts.models import Project, User
from enishi.cases import signals
from enishi.cases.models import Case, CaseNumber, CaseStep, CaseTie
from enishi.cases.packs import Pack, pack
from enishi.cases.services import rules
from enishi.cases.services.rules import EDIT, CaseError
from enishi.cases.services.ties import raise_ties
from enishi.contacts.models import Party
from enishi.conversations.models import Interaction
from enishi.core import clock
from enishi.timeline.services import differences

EDITABLE = frozenset(
    {
        "title", "text", "party", "anonymous", "teller_name", "teller_reach", "channel", "language", "place", "happened", "owner",
        "priority", "impact", "root_cause", "outcome", "values", "confidentiality",
    }
)  # fmt: skip


@transaction.atomic
def open_case(
    actor: Actor,
    *,
    project: Project,
    kind: str,
    title: str,
    text: str = "",
    party: Party | None = None,
    anonymous: bool = False,
    teller_name: str = "",
    teller_reach: str = "",
    channel: str = Case.Channel.OTHER,
    language: str = "",
    place: str = "",
    happened: str = "",
    owner: User | None = None,
    priority: int | None = None,
    impact: int | None = None,
    values: Mapping[str, Any] | None = None,
    confidentiality: int | None = None,
    said_in: Interaction | None = None,
    said_start: int | None = None,
    said_end: int | None = None,
    quote: str = "",
) -> Case:
    """Register a case: give it its number, start its clocks, tie the conversation it was said in, tell who works on it.

    It becomes at least as confidential as its kind, its person and its conversation. Raises CaseError for what cannot
    be used.
    """
    rules.require_new(actor, project, owner)
    the_pack = _pack(kind)
    now = clock.now()
    case = Case(
        project=project,
        kind=the_pack.code,
        year=now.year,
        title=rules.words(title),
        text=rules.long_words(text),
        party=party,
        anonymous=anonymous,
        teller_name=rules.short_words(teller_name),
        teller_reach=rules.short_words(teller_reach),
        channel=channel,
        language=language,
        place=rules.short_words(place),
        happened=rules.short_words(happened),
        owner=owner,
        stage=the_pack.first.code,
        stage_at=now,
        priority=priority,
        impact=impact,
        values=_values(the_pack, {}, values or {}),
        opened_at=now,
        acknowledge_by=rules.promised(project, now, the_pack.service.acknowledge),
        resolve_by=rules.promised(project, now, the_pack.service.resolve),
        said_in_id=said_in.pk if said_in else None,
        said_start=said_start,
        said_end=said_end,
        quote=rules.long_words(quote, "quote"),
        created_at=now,
        updated_at=now,
    )
    said_level = said_in.confidentiality if said_in else Level.OPEN
    case.confidentiality = rules.level(actor, project, confidentiality, *_levels(case), said_level)
    _check(case)
    case.serial = _next_serial(the_pack, now.year)
    case.number = f"{the_pack.prefix}-{now.year}-{case.serial:04d}"
    case.due_at = rules.next_due(case)
    case.save(force_insert=True)
    CaseStep.objects.create(case=case, stage=case.stage, at=now, user_id=actor.user_id)
    if said_in is not None:
        CaseTie.objects.create(case=case, kind=CaseTie.Kind.CONVERSATION, subject_id=said_in.pk, at=now)
    rules.keep_up(case)
    given = {
        name: value for name, value in rules.snapshot(case).items() if value not in (None, "", False, {})
    }
    rules.write_history(
        actor, signals.case_opened, case, differences({}, given), number=case.number, kind=case.kind
    )
    if case.owner_id:
        rules.tell_owner(actor, case)
    else:
        rules.tell_workers(actor, case, _("A new case waits for an owner: %(case)s"))
    return case


def _pack(kind: str) -> Pack:
    try:
        return pack(kind)
    except KeyError:
        raise CaseError(str(_("There is no such kind of case. Choose one of the list.")), "kind") from None


def _levels(case: Case) -> list[int]:
    """What a case is never less confidential than: its kind and its person."""
    return [case.pack.level, case.party.confidentiality if case.party else Level.OPEN]


def _check(case: Case) -> None:
    if case.anonymous and (case.party or case.teller_name or case.teller_reach):
        raise CaseError(
            str(_("An anonymous case names nobody. Take the name away, or say that it is not anonymous.")),
            "anonymous",
        )
    rules.check_party(case.project, case.party)
    rules.check_owner(case)


def _values(the_pack: Pack, present: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Own fields as they are stored, checked by their kind; raises CaseError at the field."""
    found = dict(present)
    for code, value in given.items():
        try:
            stored = the_pack.field(code).read(value)
        except KeyError:
            message = _("A case of this kind has no field “%(field)s”.") % {"field": code}
            raise CaseError(message, "values") from None
        except ValueError as error:
            raise CaseError(str(error), f"values.{code}") from None
        if stored is None:
            found.pop(code, None)
        else:
            found[code] = stored
    return found


def _next_serial(the_pack: Pack, year: int) -> int:
    CaseNumber.objects.get_or_create(kind=the_pack.code, year=year)
    row = CaseNumber.objects.select_for_update(no_key=True).get(kind=the_pack.code, year=year)
    row.last += 1
    row.save(update_fields=["last"])
    return row.last


@transaction.atomic
def change_case(actor: Actor, case: Case, version: int | None = None, **values: Any) -> Case:
    """Change what is written of a case; a new owner is notified, what is tied to it follows its level.

    Raises Conflict when ``version`` is out of date, CaseError for what cannot be used.
    """
    unknown = set(values) - EDITABLE
    if unknown:
        raise TypeError(f"no such fields: {sorted(unknown)}")
    actor.require(EDIT, case)
    case = rules.locked(case.pk, version)
    before = rules.snapshot(case)
    own = values.pop("values", None)
    for name, value in values.items():
        setattr(case, name, value)
    if own is not None:
        case.values = _values(case.pack, case.values, own)
    case.title = rules.words(case.title)
    for name in ("text", "root_cause", "outcome"):
        setattr(case, name, rules.long_words(getattr(case, name), name))
    for name in ("teller_name", "teller_reach", "place", "happened"):
        setattr(case, name, rules.short_words(getattr(case, name)))
    if case.confidentiality != before["confidentiality"] or case.party_id != before["party_id"]:
        case.confidentiality = rules.level(
            actor, case.project, case.confidentiality, *_levels(case), _level_of_talks(case)
        )
    _check(case)
    rules.finish(actor, case, signals.case_changed, before)
    raise_ties(actor, case)
    if case.owner_id != before["owner_id"]:
        rules.tell_owner(actor, case)
    return case


def _level_of_talks(case: Case) -> int:
    """A case is never less confidential than the conversations that belong to it."""
    ids = case.ties.filter(kind=CaseTie.Kind.CONVERSATION).values("subject_id")
    talks = Interaction.objects.unscoped("what a case hangs on, whoever asks").filter(pk__in=ids)
    return max(talks.values_list("confidentiality", flat=True), default=Level.OPEN)


@transaction.atomic
def acknowledge(actor: Actor, case: Case, *, note: str = "", version: int | None = None) -> Case:
    """Say that the complainant had a first word from us; ``note`` says how."""
    actor.require(EDIT, case)
    case = rules.locked(case.pk, version)
    if case.acknowledged_at is not None:
        return case
    before = rules.snapshot(case)
    case.acknowledged_at = clock.now()
    return rules.finish(
        actor, case, signals.case_acknowledged, before, **({"note": note.strip()} if note.strip() else {})
    )

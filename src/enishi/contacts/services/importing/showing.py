"""What a row would do to the contact it speaks of, field by field, for people to look at before it is done."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.contacts.models import ContactPoint, ImportRun, Party
from enishi.contacts.queries import protected
from enishi.contacts.services.importing.checking import ground_for_trying
from enishi.contacts.services.importing.merge import merge
from enishi.contacts.services.importing.prepared import Prepared
from enishi.contacts.services.importing.records import TEXTS, load
from enishi.contacts.services.importing.tagging import known_tags
from enishi.core import clock
from enishi.core.formats import format_date


@dataclass(frozen=True)
class Change:
    """One field: its label and what stands there before and after. Nothing before: it is added."""

    label: Any
    before: str
    after: str


def becomes(prepared: Prepared) -> list[Change]:
    """Everything that a row says, as it would be stored."""
    labels = dict(ContactPoint.Kind.choices)
    shown = [
        Change(_label(name), "", _text(value))
        for name, value in prepared.texts.items()
        if name not in _HIDDEN
    ]
    shown += [Change(labels[point.kind], "", point.value) for point in prepared.points]
    for tie in prepared.affiliations:
        words = ", ".join(filter(None, (tie.organisation, tie.department, tie.title)))
        shown.append(Change(_("works for"), "", words))
        if tie.seen_on:
            shown.append(Change(_("card seen on"), "", _text(tie.seen_on)))
    shown += [Change(value.code.replace("-", " "), "", str(value.plain)) for value in prepared.values]
    if prepared.tags:
        shown.append(Change(_("tags"), "", ", ".join(prepared.tags)))
    shown += [Change(_label("note"), "", note) for note in prepared.notes]
    return shown


_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_STATUSES = dict(Party.Status.choices)
_HIDDEN = {"photo", "owner_id", "address_form"}


def changes(actor: Actor, run: ImportRun, rows: Iterable[tuple[int, dict[str, Any]]]) -> list[list[Change]]:
    """For each (contact, draft): what would change on that contact. Contacts out of sight show nothing."""
    pairs = [(party_id, Prepared.load(draft)) for party_id, draft in rows]
    visible = (
        Party.objects.visible_to(actor).present().filter(pk__in=[party_id for party_id, _draft in pairs])
    )
    seen = set(visible.values_list("pk", flat=True))
    ground = ground_for_trying(actor, run, known_tags(run.project_id))
    ground.organisations.look_up(prepared for _party, prepared in pairs)
    records = load(seen, lock=False)
    found: list[list[Change]] = []
    hidden = {party.pk: protected.hidden(actor, party) for party in visible} if actor.protected else {}
    for party_id, prepared in pairs:
        record, unseen = records.get(party_id), hidden.get(party_id, frozenset())
        if record is None:
            found.append([])
            continue
        before = record.snapshot()
        points, ties, tags = len(record.new_points), len(record.new_ties), len(record.new_tags)
        merge(record, prepared, ground)
        shown = [
            Change(_label(name), _text(before[name]), _text(getattr(record, name)))
            for name in TEXTS
            if name not in _HIDDEN and name not in unseen and before[name] != getattr(record, name)
        ]
        labels = dict(ContactPoint.Kind.choices)
        shown += [
            Change(labels[point.kind], "", point.value)
            for point in record.new_points[points:]
            if point.kind not in unseen
        ]
        shown += [
            Change(_("works for"), "", ", ".join(filter(None, (tie.name, tie.department, tie.title))))
            for tie in record.new_ties[ties:]
        ]
        if len(record.new_tags) > tags:
            shown.append(Change(_("tags"), "", ", ".join(list(record.new_tags.values())[tags:])))
        shown += [Change(value.code.replace("-", " "), "", str(value.plain)) for value in record.new_values]
        found.append(shown)
    return found


def _label(name: str) -> Any:
    return getattr(Party._meta.get_field(name.removesuffix("_id")), "verbose_name", name)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(str(parts.get("full", "")) for parts in value.values())
    if isinstance(value, list):
        return str(len(value))
    if isinstance(value, str) and _ISO_DAY.fullmatch(value):
        return format_date(dt.date.fromisoformat(value), get_language() or "en", today=clock.today())
    if value in _STATUSES:
        return str(_STATUSES[value])
    return "" if value is None else str(value)

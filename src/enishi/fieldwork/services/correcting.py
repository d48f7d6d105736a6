"""Corrections of a contact that were written without a network, beside what others changed meanwhile."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Forbidden
from enishi.contacts.forms.seen import Clash, SeenForm
from enishi.contacts.models import ContactPoint, Party
from enishi.contacts.queries import protected
from enishi.contacts.services import PointDraft, change_party, save_point
from enishi.contacts.services.parties import locked
from enishi.core import names, normalise
from enishi.fieldwork.queries import PEOPLE
from enishi.fieldwork.services.people import person_of
from enishi.fieldwork.services.sent import Changed, Correction

COLUMNS = {"full_name": _("Name"), "note": _("Note")}
LONGEST = {"full_name": 300, "note": 20_000}


class Clashing(Exception):
    """Somebody else changed the same fields meanwhile: the writer chooses, and until then nothing is written."""

    def __init__(self, clashes: list[Clash]) -> None:
        super().__init__()
        self.clashes = clashes


class _CorrectionForm(SeenForm):
    """What was corrected, field by field, beside what stands there now."""

    def __init__(
        self, current: Mapping[str, str], labels: Mapping[str, Any], fields: dict[str, Changed]
    ) -> None:
        data = {name: one.mine for name, one in fields.items()}
        seen = {name: one.seen for name, one in fields.items()}
        super().__init__(current, {**data, "seen": json.dumps(seen)})
        for name in current:
            self.fields[name] = forms.CharField(
                required=False, label=labels[name], max_length=LONGEST.get(name, 500)
            )


def correct(actor: Actor, sent: Correction) -> Party:
    """Write what the phone corrected; raises Clashing where somebody else changed the same. All of it or nothing."""
    party = person_of(actor, sent.who)
    actor.require(PEOPLE, party)
    if "note" in sent.fields and protected.is_protected(actor, "note"):
        raise Forbidden(PEOPLE)
    # Nobody saves it between the comparison and the change.
    party = locked(party)
    points = {f"point-{point.pk}": point for point in party.points.all()}
    # Protected since it was taken along: what stands there now is not answered.
    if any(protected.is_protected(actor, points[name].kind) for name in sent.fields.keys() & points.keys()):
        raise Forbidden(PEOPLE)
    current, labels = dict[str, str](), dict[str, Any]()
    for name, one in sent.fields.items():
        point = points.get(name)
        current[name] = (
            getattr(party, name) if name in COLUMNS else (point.typed or point.value) if point else ""
        )
        labels[name] = COLUMNS.get(name) or ContactPoint.Kind(one.kind or ContactPoint.Kind.OTHER).label
    form = _CorrectionForm(current, labels, sent.fields)
    form.full_clean()
    wanted = form.changed_values()
    if form.clashes:
        raise Clashing(form.clashes)
    columns = {name: wanted[name] for name in COLUMNS if name in wanted}
    if columns:
        party = change_party(actor, party, **_with_parts(party, columns))
    for name in wanted.keys() - COLUMNS.keys():
        _save_point(actor, party, points.get(name), sent.fields[name].kind or "", wanted[name])
    return party


def _with_parts(party: Party, columns: dict[str, Any]) -> dict[str, Any]:
    """Of a person's name written anew as a whole the old parts would contradict it."""
    if party.is_person and columns.get("full_name"):
        split = names.split(columns["full_name"], party.language)
        return {**columns, "family_name": split.family, "given_name": split.given}
    return columns


def _save_point(actor: Actor, party: Party, point: ContactPoint | None, kind: str, typed: str) -> None:
    country = accounts.organisation().country
    if point is None:
        label = ContactPoint.Label.MOBILE if kind == ContactPoint.Kind.PHONE else ContactPoint.Label.WORK
        save_point(actor, party, PointDraft(kind, typed, label=label), country=country)
        return
    if point.kind == ContactPoint.Kind.PHONE:
        country = normalise.phone(point.value).country or country
    draft = PointDraft(
        point.kind,
        typed,
        label=point.label,
        is_primary=point.is_primary,
        note=point.note,
        valid_from=point.valid_from,
        valid_until=point.valid_until,
    )
    save_point(actor, party, draft if typed else None, point=point, country=country)

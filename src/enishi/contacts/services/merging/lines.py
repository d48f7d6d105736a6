"""Two records line by line: what each says, what is chosen unless somebody chooses otherwise, and what a rule settles."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enishi.accounts.access import Actor
from enishi.accounts.models import LANGUAGES
from enishi.contacts.models import Consent, ContactPoint, Field, FieldValue, Party
from enishi.contacts.queries.columns import visible_end
from enishi.contacts.queries.protected import shown_points
from enishi.contacts.queries.whole import plain_value
from enishi.core import names, text
from enishi.timeline.services import plain

# Other spellings in a script of their own stand under ISO 15924's "undetermined script".
OTHER_SPELLING = "Zyyy"
NAME = "name"
OWN = "field:"
SCRIPT = "names:"
SINGLE: Mapping[str, Any] = {
    "honorific": gettext_lazy("Honorific"),
    "address_form": gettext_lazy("Address as"),
    "greeting": gettext_lazy("Greeting"),
    "language": gettext_lazy("Language"),
    "time_zone": gettext_lazy("Time zone"),
    "birth_date": gettext_lazy("Date of birth"),
    "owner_id": gettext_lazy("Looked after by"),
    "status": gettext_lazy("Status"),
    "photo": gettext_lazy("Photo"),
    "note": gettext_lazy("Note"),
}
SCRIPTS: Mapping[str, Any] = {
    "Kana": gettext_lazy("Reading (kana)"),
    "Jpan": gettext_lazy("Name, Japanese"),
    "Arab": gettext_lazy("Name, Persian or Arabic letters"),
    "Latn": gettext_lazy("Name, Latin letters"),
    "Hans": gettext_lazy("Name, simplified Chinese"),
    "Hant": gettext_lazy("Name, traditional Chinese"),
    "Hang": gettext_lazy("Name, Korean"),
    "Cyrl": gettext_lazy("Name, Cyrillic"),
    OTHER_SPELLING: gettext_lazy("Other spelling"),
}
# Of two statements of one day, the one further down counts.
_STRICTNESS = (Consent.State.GIVEN, Consent.State.REFUSED, Consent.State.WITHDRAWN)


@dataclass(frozen=True)
class Line:
    """One field of both records. ``mode``: one (choose), both (choose, or keep both), rule (settled; ``reason`` why)."""

    code: str
    label: Any
    a: str
    b: str
    chosen: str
    mode: str = "one"
    reason: str = ""

    @property
    def input(self) -> str:
        """The name of its control in a form."""
        return f"line:{self.code}"


@dataclass(frozen=True)
class PointLine:
    """A way to reach them: on the record that stays, on the other one, or on both."""

    kind: Any
    stays: ContactPoint | None = None
    comes: ContactPoint | None = None


@dataclass(frozen=True)
class Facts:
    """What both records hold besides their own columns."""

    points: Mapping[int, Sequence[ContactPoint]]
    values: Mapping[int, Sequence[FieldValue]]
    consents: Mapping[int, Mapping[int, Consent]] = field(default_factory=dict)


def facts(actor: Actor, kept: Party, gone: Party) -> Facts:
    both = [kept.pk, gone.pk]
    points: dict[int, list[ContactPoint]] = {pk: [] for pk in both}
    for point in ContactPoint.objects.filter(party__in=both).order_by("kind", "-is_primary", "id"):
        points[point.party_id].append(point)
    values: dict[int, list[FieldValue]] = {pk: [] for pk in both}
    seen = Q(person__isnull=True) | visible_end(actor, "person")
    stored = FieldValue.objects.filter(seen, party__in=both).select_related("field", "person")
    for value in stored.order_by("field__position", "field_id", "id"):
        values[value.party_id].append(value)
    consents: dict[int, dict[int, Consent]] = {pk: {} for pk in both}
    # The last of each purpose stays: what counts now.
    for consent in (
        Consent.objects.filter(party__in=both).select_related("purpose").order_by("stated_on", "id")
    ):
        consents[consent.party_id][consent.purpose_id] = consent
    return Facts(points, values, consents)


def field_lines(kept: Party, gone: Party) -> list[Line]:
    """Names and columns in which the two differ, or which only the other one has."""
    lines = [_name_line(kept, gone)]
    for code in dict.fromkeys([*kept.names, *gone.names]):
        a, b = _spelling(kept.names.get(code)), _spelling(gone.names.get(code))
        if a != b and code != OTHER_SPELLING:
            label = SCRIPTS.get(code, _("Name, other script"))
            lines.append(Line(f"{SCRIPT}{code}", label, a, b, "a" if a else "b"))
    for code, label in SINGLE.items():
        a, b = getattr(kept, code), getattr(gone, code)
        if (a or b) and a != b:
            mode = "both" if code == "note" and a and b else "one"
            chosen = "both" if mode == "both" else _preferred(code, a, b)
            lines.append(Line(code, label, shown(kept, code), shown(gone, code), chosen, mode))
    return lines


def _preferred(code: str, a: Any, b: Any) -> str:
    if code == "status":
        return "b" if b == Party.Status.DECEASED else "a"
    return "a" if a else "b"


def _name_line(kept: Party, gone: Party) -> Line:
    same = kept.full_name == gone.full_name
    reason = "" if same else _("The other writing stays as another spelling and is found by search.")
    return Line(NAME, _("Name"), kept.full_name, gone.full_name, "a", "rule" if same else "one", reason)


def _spelling(name: Mapping[str, Any] | None) -> str:
    if not name:
        return ""
    return str(name.get("full") or " ".join(filter(None, (name.get("family"), name.get("given")))))


def shown(party: Party, code: str) -> str:
    """A column in words."""
    value = getattr(party, code)
    if code == "owner_id":
        return str(party.owner) if party.owner else ""
    if code == "language":
        return str(dict(LANGUAGES).get(value, value))
    if code in {"status", "address_form"}:
        return str(getattr(party, f"get_{code}_display")())
    if code == "photo":
        return _("has a photo") if value else ""
    return value.isoformat() if isinstance(value, dt.date) else str(value or "")


def value_lines(kept: Party, gone: Party, found: Facts) -> list[Line]:
    """Own fields that the two say differently."""
    fields: dict[int, Field] = {v.field_id: v.field for pk in (kept.pk, gone.pk) for v in found.values[pk]}
    lines = []
    for definition in fields.values():
        a, b = (_values(found.values[pk], definition.pk) for pk in (kept.pk, gone.pk))
        if a == b or not b:
            continue
        several = definition.kind == Field.Kind.CHOICES and bool(a)
        chosen = "both" if several else "a" if a else "b"
        mode = "both" if several else "one"
        lines.append(Line(f"{OWN}{definition.code}", definition.label, a, b, chosen, mode))
    return lines


def _values(values: Iterable[FieldValue], field_id: int) -> str:
    return ", ".join(
        value.person.full_name if value.person else str(plain(plain_value(value)))
        for value in values
        if value.field_id == field_id
    )


def point_lines(kept: Party, gone: Party, found: Facts, unseen: Collection[str] = ()) -> list[PointLine]:
    """Ways to reach them that are not ``unseen``: equal ones side by side, then those of one record only."""
    comes = {(point.kind, point.value): point for point in shown_points(found.points[gone.pk], unseen)}
    lines = [
        PointLine(point.get_kind_display(), point, comes.pop((point.kind, point.value), None))
        for point in shown_points(found.points[kept.pk], unseen)
    ]
    lines += [PointLine(point.get_kind_display(), None, point) for point in comes.values()]
    return sorted(lines, key=_order)


def _order(line: PointLine) -> tuple[int, bool]:
    point = line.stays or line.comes
    assert point is not None
    return ContactPoint.Kind.values.index(point.kind), line.stays is None


def consent_lines(kept: Party, gone: Party, found: Facts) -> list[Line]:
    """Consents of which the two say different things: never a choice, the later statement counts, of one day the stricter."""
    ours, theirs = found.consents[kept.pk], found.consents[gone.pk]
    lines = []
    for purpose_id in dict.fromkeys([*ours, *theirs]):
        a, b = ours.get(purpose_id), theirs.get(purpose_id)
        if b is None or (a is not None and (a.state, a.valid_until) == (b.state, b.valid_until)):
            continue
        counts = "b" if a is None else "a" if counting(a, b) is a else "b"
        label = _("Consent: %(purpose)s") % {"purpose": b.purpose.name}
        reason = "" if a is None else rule(a, b)
        lines.append(Line(f"consent:{purpose_id}", label, _said(a), _said(b), counts, "rule", reason))
    return lines


def counting(a: Consent, b: Consent) -> Consent:
    """Which of two statements about one purpose counts."""
    return max((b, a), key=_weight)


def _weight(consent: Consent) -> tuple[dt.date, int, int]:
    """The later, then the stricter, then what ends sooner."""
    ends = (consent.valid_until or dt.date.max).toordinal()
    return consent.stated_on, _STRICTNESS.index(Consent.State(consent.state)), -ends


def rule(a: Consent, b: Consent) -> str:
    if a.stated_on == b.stated_on:
        return _("Both were stated on one day; the stricter one counts.")
    return _("The later statement counts.")


def _said(consent: Consent | None) -> str:
    if consent is None:
        return ""
    words = {"state": consent.get_state_display(), "day": consent.stated_on.isoformat()}
    if consent.valid_until is None:
        return _("%(state)s, %(day)s") % words
    return _("%(state)s, %(day)s, until %(end)s") % {**words, "end": consent.valid_until.isoformat()}


def merged_columns(
    kept: Party, gone: Party, choices: Mapping[str, str], lines: Sequence[Line]
) -> dict[str, Any]:
    """The columns of the record that stays, as chosen."""
    values: dict[str, Any] = {}
    picked = {line.code: choices.get(line.code, line.chosen) for line in lines}
    spellings = {code: dict(name) for code, name in kept.names.items()}
    for code, name in gone.names.items():
        if code not in spellings or picked.get(f"{SCRIPT}{code}") == "b":
            spellings[code] = dict(name)
    other = gone
    if picked.get(NAME) == "b":
        other = kept
        values |= {n: getattr(gone, n) for n in ("full_name", "family_name", "given_name")}
    _keep_spelling(spellings, other, values.get("full_name", kept.full_name))
    for code in SINGLE:
        if picked.get(code) == "b":
            values[code] = getattr(gone, code)
        elif picked.get(code) == "both":
            values[code] = f"{getattr(kept, code)}\n\n{getattr(gone, code)}"
    values["names"] = spellings
    values["project_ids"] = sorted({*kept.project_ids, *gone.project_ids})
    values["confidentiality"] = max(kept.confidentiality, gone.confidentiality)
    return values


def _keep_spelling(spellings: dict[str, dict[str, Any]], other: Party, name: str) -> None:
    """The name that was not chosen is kept in its script, or as another spelling."""
    known = {text.fold(_spelling(spelling)) for spelling in spellings.values()}
    if text.fold(other.full_name) in {*known, text.fold(name)}:
        return
    if other.script and other.script not in {*spellings, names.script(name)}:
        parts = {"family": other.family_name, "given": other.given_name, "full": other.full_name}
        spellings[other.script] = {key: part for key, part in parts.items() if part}
        return
    before = _spelling(spellings.get(OTHER_SPELLING))
    spellings[OTHER_SPELLING] = {"full": "; ".join(filter(None, (before, other.full_name)))[:300]}

"""What a form says so far of somebody being entered, and what was chosen for a merge."""

from __future__ import annotations

from django.http import QueryDict

from enishi.contacts.models import ContactPoint, Party
from enishi.contacts.queries.duplicates import Entered
from enishi.contacts.services.merging import MergePreview
from enishi.contacts.services.points import normalised
from enishi.core import names, normalise, text

LONGEST = 300


def read_entered(data: QueryDict, country: str) -> Entered:
    """Read a form that is still being typed: what cannot be read yet is left out."""
    kind = data.get("kind", "")
    typed = text.clean(data.get("name", "")[:LONGEST]).strip()
    family, given = (text.clean(data.get(n, "")[:LONGEST]).strip() for n in ("family_name", "given_name"))
    if typed and not family:
        parts = names.split(typed, data.get("language", "")[:10])
        typed, family, given = parts.full, parts.family, parts.given
    return Entered(
        kind=kind if kind in Party.Kind.values else Party.Kind.PERSON,
        full_name=typed,
        family_name=family,
        given_name=given,
        emails=_keys(data, ContactPoint.Kind.EMAIL, "email", country),
        phones=_keys(data, ContactPoint.Kind.PHONE, "phone", country),
    )


def _keys(data: QueryDict, kind: str, name: str, country: str) -> list[str]:
    found = []
    for typed in data.getlist(name)[:10]:
        try:
            found.append(normalised(kind, typed[:LONGEST], {}, country=country).key)
        except normalise.Unusable:
            continue
    return [key for key in found if key]


def read_choices(data: QueryDict, preview: MergePreview) -> dict[str, str]:
    """Which side counts, by the code of the line; a line of which both were ticked keeps both."""
    chosen: dict[str, str] = {}
    for line in preview.lines:
        sides = set(data.getlist(f"line:{line.code}"))
        if line.mode == "rule" or not sides:
            continue
        chosen[line.code] = "both" if sides >= {"a", "b"} else sides.pop()
    return chosen


def read_left_points(data: QueryDict, preview: MergePreview) -> list[int]:
    """Ways to reach the old record that were not ticked: they stay with it."""
    ticked = set(data.getlist("point"))
    return [
        line.comes.pk
        for line in preview.points
        if line.comes and not line.stays and str(line.comes.pk) not in ticked
    ]

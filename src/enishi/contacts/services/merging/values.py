"""Own fields of two records that become one: the chosen values change places, so that none has to be made again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.db.models import QuerySet

from enishi.contacts.models import Field, FieldValue, Party
from enishi.contacts.services.merging.lines import OWN, Line

Swaps = dict[str, list[list[int]]]
"""By field: the ids that moved to the record that stays, and those that gave way to them."""


def _of(party: Party, field_id: int) -> QuerySet[FieldValue]:
    return FieldValue.objects.filter(party=party, field=field_id)


def move_values(kept: Party, gone: Party, picked: Mapping[str, str], lines: Sequence[Line]) -> Swaps:
    """Give the record that stays the chosen value of each own field; both kept: what is equal stays behind."""
    wanted = {line.code.removeprefix(OWN): picked[line.code] for line in lines if line.code.startswith(OWN)}
    swaps: Swaps = {}
    for definition in Field.objects.filter(code__in=[code for code, side in wanted.items() if side != "a"]):
        comes = list(_of(gone, definition.pk))
        goes = list(_of(kept, definition.pk))
        if wanted[definition.code] == "both":
            stored = {value.folded for value in goes}
            comes, goes = [value for value in comes if value.folded not in stored], []
        exchange(comes, kept, goes, gone)
        swaps[str(definition.pk)] = [[value.pk for value in comes], [value.pk for value in goes]]
    return swaps


def exchange(comes: Iterable[FieldValue], kept: Party, goes: Iterable[FieldValue], gone: Party) -> None:
    """Let values change their parties. They step aside first: two equal ones cannot pass each other."""
    comes, goes = list(comes), list(goes)
    folded = {value.pk: value.folded for value in goes}
    for value in goes:
        value.party, value.folded = gone, f"\x1f{value.pk}"
    FieldValue.objects.bulk_update(goes, ["party", "folded"])
    FieldValue.objects.filter(pk__in=[value.pk for value in comes]).update(party=kept)
    for value in goes:
        value.folded = folded[value.pk]
    FieldValue.objects.bulk_update(goes, ["folded"])


def swap_back(kept: Party, gone: Party, swaps: Swaps) -> tuple[int, list[str]]:
    """Give each record its own values back; how many moved, and the fields that were edited since and stay."""
    moved, edited = 0, []
    codes = dict(Field.objects.filter(pk__in=list(swaps)).values_list("pk", "label"))
    for field_id, (came, went) in swaps.items():
        here = set(_of(kept, int(field_id)).values_list("pk", flat=True))
        there = set(_of(gone, int(field_id)).values_list("pk", flat=True))
        if not set(came) <= here or not set(went) <= there:
            edited.append(str(codes.get(int(field_id), "")))
            continue
        goes = list(FieldValue.objects.filter(pk__in=came))
        comes = list(FieldValue.objects.filter(pk__in=went))
        exchange(comes, kept, goes, gone)
        moved += len(came)
    return moved, edited

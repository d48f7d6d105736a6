"""Making two records of one again: what moved goes back, what was edited since stays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.contacts import signals
from enishi.contacts.models import ContactPoint, Party
from enishi.contacts.queries.protected import hidden
from enishi.contacts.services.duplicates import scan
from enishi.contacts.services.merging.applying import SNAPSHOT
from enishi.contacts.services.merging.lines import SCRIPTS
from enishi.contacts.services.merging.moving import links, move_back
from enishi.contacts.services.merging.values import swap_back
from enishi.contacts.services.parties import save_changed, work_out
from enishi.contacts.services.searchable import index_parties
from enishi.contacts.services.ties import refresh_search
from enishi.timeline.models import Operation
from enishi.timeline.services import differences, move_items, plain, reclassify, record, record_each
from enishi.timeline.undo import Conflict, UndoPlan, UndoRefused

_UNSEEN = {"last_channel"}


@dataclass(frozen=True)
class _Inverse:
    """A merge as it stands now."""

    kept: Party
    gone: Party
    data: dict[str, Any]

    @property
    def fields(self) -> dict[str, tuple[Any, Any]]:
        return {name: (old, new) for name, (old, new) in self.data["fields"].items() if name in SNAPSHOT}

    def edited(self) -> dict[str, Any]:
        """Fields that no longer say what they said after the merge, with what they say now."""
        now = {name: plain(getattr(self.kept, name)) for name in self.fields}
        return {name: now[name] for name, (old, new) in self.fields.items() if now[name] not in (old, new)}


def _inverse(operation: Operation, *, lock: bool = False) -> _Inverse:
    ids = [operation.data["kept"], operation.data["gone"]]
    rows = Party.objects.unscoped("the inverse of an operation that the actor may take back").filter(
        pk__in=ids
    )
    if lock:
        rows = rows.order_by("pk").select_for_update(no_key=True, of=("self",))
    found = {row.pk: row for row in rows}
    kept, gone = found.get(ids[0]), found.get(ids[1])
    if kept is None or gone is None or kept.erased_at is not None or gone.erased_at is not None:
        raise UndoRefused(_("One of the two contacts was erased. What is left cannot be separated."))
    if kept.merged_into_id is not None:
        raise UndoRefused(
            _("“%(name)s” was itself merged into another contact since. Undo that merge first.")
            % {"name": kept.full_name}
        )
    if gone.merged_into_id != kept.pk:
        raise UndoRefused(_("The two contacts are separate already."))
    return _Inverse(kept, gone, operation.data)


def preview_undo(actor: Actor, operation: Operation) -> UndoPlan:
    """What goes back to the old record, and what was edited since."""
    inverse = _inverse(operation)
    unseen = hidden(actor, inverse.kept)
    by_key = {link.key: link for link in links()}
    moved = sum(
        by_key[key].rows.filter(pk__in=ids, **{by_key[key].name: inverse.kept}).count()
        for key, ids in inverse.data["moved"].items()
        if key in by_key
    )
    conflicts = [
        Conflict(
            key=name,
            subject=inverse.kept.full_name,
            field=_label(name),
            now="" if name in unseen else _words(now),
            back_to="" if name in unseen else _words(inverse.fields[name][0]),
            url=reverse("contacts:party", args=[inverse.kept.pk]),
        )
        for name, now in inverse.edited().items()
        if name not in _UNSEEN
    ]
    return UndoPlan(
        {"moved": moved, "restored": 1},
        conflicts,
        notes=[
            _("Statements of consent that were made since stay, and so does everything else that is new.")
        ],
    )


def _label(name: str) -> str:
    field = Party._meta.get_field(name.removesuffix("_id"))
    return str(getattr(field, "verbose_name", name))


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(
            f"{SCRIPTS.get(code, code)}: {(name or {}).get('full', '')}" for code, name in value.items()
        )
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


@transaction.atomic
def undo(actor: Actor, operation: Operation, *, keep: Collection[str] | None) -> dict[str, int]:
    """Separate the two again. Fields edited since stay unless left out of ``keep``; rows go back where they still are."""
    inverse = _inverse(operation, lock=True)
    kept, gone, data = inverse.kept, inverse.gone, inverse.data
    before = {name: getattr(kept, name) for name in SNAPSHOT}
    edited = inverse.edited()
    stay = set(edited) if keep is None else set(edited) & {*keep, *_UNSEEN}
    for name, (old, _new) in inverse.fields.items():
        if name not in stay:
            setattr(kept, name, _value(name, old))
    work_out(kept)
    save_changed(kept)
    gone.merged_into = gone.deleted_at = None
    save_changed(gone)
    moved = move_back(gone, kept, data["moved"])
    values, edited_values = swap_back(kept, gone, data["values"])
    move_items(kept.pk, gone.pk, ids=data["items"])
    _promote(gone, data["demoted"])
    index_parties([kept.pk, gone.pk])
    refresh_search([kept.pk, gone.pk])
    # A search for duplicates may have dropped the pair while the two were one.
    scan(party_ids=[kept.pk, gone.pk])
    reclassify(kept, project_ids=kept.project_ids, confidentiality=kept.confidentiality)
    record_each(
        actor, signals.merge_undone, [(gone, gone.pk, {"merged_into": (kept.pk, None)})], operation=operation
    )
    record(
        actor,
        signals.merge_undone,
        subject=kept,
        party_id=kept.pk,
        changes=differences(before, {name: getattr(kept, name) for name in SNAPSHOT}),
        data={"gone": gone.pk, "moved": moved + values},
        operation=operation,
    )
    return {"moved": moved + values, "restored": 1, "kept": len(stay - _UNSEEN) + len(edited_values)}


def _value(name: str, stored: Any) -> Any:
    """A value of the history as its column takes it."""
    if name == "last_contact_at" and stored is not None:
        return dt.datetime.fromisoformat(stored)
    if name == "birth_date" and stored is not None:
        return dt.date.fromisoformat(stored)
    return stored


def _promote(gone: Party, demoted: Collection[int]) -> None:
    """First choices are first choices again, unless another one became that."""
    points = ContactPoint.objects.filter(party=gone)
    taken = set(points.filter(is_primary=True).values_list("kind", flat=True))
    points.filter(pk__in=list(demoted)).exclude(kind__in=taken).update(is_primary=True)

"""Striking what an erased person is known by out of every text of the product, table by table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast

from enishi.accounts.models import IdempotencyKey
from enishi.core import text
from enishi.core.personal import STRUCK, keepers
from enishi.privacy.services.striking import Striker
from enishi.search.models import Document

BATCH = 500
_TEXTS = (models.CharField, models.TextField, models.JSONField)
# What never speaks of people outside, is another's own, or is treated by itself.
_APART = {
    "accounts.user", "accounts.team", "accounts.project", "accounts.role", "accounts.apitoken", "accounts.organisation",
    "accounts.idempotencykey", "contacts.contactpoint", "contacts.relationtype", "contacts.consentpurpose",
    "contacts.consenttext", "contacts.field", "contacts.tag", "contacts.town", "mailboxes.mailbox", "privacy.blocked", "search.document",
    "timeline.check", "timeline.entry", "timeline.redaction", "timeline.seal", "webhooks.attempt", "webhooks.delivery", "webhooks.endpoint",
}  # fmt: skip
_ONLY = {"contacts.party": {"note", "greeting"}}
Own = Mapping[type[models.Model], frozenset[int]]


def swept_models() -> list[type[models.Model]]:
    """Every table of the product with texts in which somebody may be named."""
    apart = {model for keeper in keepers() for model in keeper.apart}
    return [
        model
        for model in apps.get_models()
        if model.__module__.startswith("enishi.")
        and model not in apart
        and model._meta.label_lower not in _APART
        and text_columns(model)
    ]


def text_columns(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    only = _ONLY.get(model._meta.label_lower)
    found = []
    for column in model._meta.concrete_fields:
        base = column.base_field if isinstance(column, ArrayField) else column
        speaks = isinstance(base, _TEXTS) and not getattr(base, "choices", None)
        if speaks and (only is None or column.name in only):
            found.append(column)
    return found


def sweep(striker: Striker, own: Own) -> dict[str, int]:
    """Strike them everywhere; returns how many rows changed, by table."""
    changed = {}
    for model in swept_models():
        if count := _sweep_one(model, striker, own.get(model, frozenset())):
            changed[model._meta.label_lower] = count
    return changed


def _sweep_one(model: type[models.Model], striker: Striker, own: frozenset[int]) -> int:
    columns = text_columns(model)
    rows = model._base_manager.annotate(
        **{f"{c.name}_text": Cast(c.name, models.TextField()) for c in columns}
    )
    condition = Q(pk__in=[])
    for column in columns:
        if striker.anywhere:
            condition |= Q(**{f"{column.name}_text__regex": striker.anywhere})
        if own and striker.own:
            condition |= Q(pk__in=own, **{f"{column.name}_text__regex": striker.own})
    unique = unique_columns(model)
    changed = []
    for row in rows.filter(condition).order_by("pk"):
        for column in columns:
            before = getattr(row, column.attname)
            # Two rows must not become the same where they have to differ.
            by = f"{STRUCK}{row.pk}" if column.name in unique else STRUCK
            setattr(row, column.attname, striker.strike_all(before, own=row.pk in own, by=by))
        changed.append(row)
    model._base_manager.bulk_update(changed, [column.name for column in columns], batch_size=BATCH)
    return len(changed)


def unique_columns(model: type[models.Model]) -> set[str]:
    """Columns in which rows have to differ, alone or together."""
    found = {column.name for column in model._meta.concrete_fields if column.unique}
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint):
            found |= set(constraint.fields)
    return found


def sweep_documents(striker: Striker) -> None:
    """What the index of findable things still holds of them, after the records were indexed anew."""
    if not striker.anywhere:
        return
    found = Document.objects.unscoped("the index follows an erasure").filter(
        Q(title__regex=striker.anywhere)
        | Q(detail__regex=striker.anywhere)
        | Q(folded__regex=striker.anywhere)
    )
    documents = list(found.order_by("pk"))
    for one in documents:
        one.title = striker.strike(one.title, own=False)
        one.detail = striker.strike(one.detail, own=False)
        one.folded = " ".join(striker.strike(one.folded, own=False, by=" ").split())
        one.grams = text.grams(one.folded)
    Document.objects.unscoped("the index follows an erasure").bulk_update(
        documents, ["title", "detail", "folded", "grams"], batch_size=BATCH
    )


def forget_answers(striker: Striker) -> None:
    """Answers of the API that are kept for repeated requests."""
    told = []
    for kept in IdempotencyKey.objects.exclude(body=None).iterator():
        words = bytes(kept.body or b"").decode("utf-8", "replace")
        spoken = words.encode("ascii", "replace").decode() if "\\u" not in words else _unescaped(words)
        if striker.strike(words, own=True) != words or striker.strike(spoken, own=True) != spoken:
            told.append(kept.pk)
    IdempotencyKey.objects.filter(pk__in=told).delete()


def _unescaped(words: str) -> str:
    return words.encode().decode("unicode_escape", "replace")


def rows_about(tables: Iterable[Any], party_ids: Iterable[int]) -> dict[type[models.Model], frozenset[int]]:
    """The rows that lead to these parties, by table."""
    found: dict[type[models.Model], set[int]] = defaultdict(set)
    for table in tables:
        if table.links:
            found[table.model] |= set(table.about(party_ids).values_list("pk", flat=True))
    return {model: frozenset(ids) for model, ids in found.items()}

"""No table that speaks of people is forgotten."""

from __future__ import annotations

from django.apps import apps
from django.db import models

from enishi.contacts.models import Party
from enishi.core.personal import Fate, keepers, tables


def _pointers() -> list[tuple[type[models.Model], str]]:
    """Every column of the product that points at a party, with or without a foreign key."""
    found = []
    for model in apps.get_models():
        if not model.__module__.startswith("enishi.") or model._meta.proxy:
            continue
        for field in model._meta.concrete_fields:
            foreign = isinstance(field, models.ForeignKey) and field.related_model is Party
            if foreign or field.name == "party_id":
                found.append((model, field.name))
    return found


def test_every_column_that_points_at_a_party_is_declared():
    declared = {(table.model, link) for table in tables() for link in table.links}
    missing = [f"{model._meta.label}.{name}" for model, name in _pointers() if (model, name) not in declared]
    assert missing == [], "declare what becomes of it in the app's personal.py (docs/architecture.md)"


def test_the_check_would_notice():
    assert (Party, "merged_into") in _pointers()
    assert len(_pointers()) > 15


def test_declarations_name_columns_that_are_there():
    for table in tables():
        names = {field.name for field in table.model._meta.concrete_fields}
        assert {*table.clears, *table.blobs} <= names, table.model
        assert table.fate is Fate.STAYS or table.clears == ()
        assert str(table.label)
        if table.links:
            assert table.about([0]).count.__name__ == "count"


def test_keepers_have_codes_of_their_own():
    codes = [keeper.code for keeper in keepers()]
    assert len(codes) == len(set(codes))
    assert codes[0] == "contacts"

"""Conditions on lists that travel as one parameter: the statement keeps one shape however long the list is."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models


class _OneParameter(models.Lookup):
    prepare_rhs = False
    shape: str

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        left, params = self.process_lhs(compiler, connection)
        return self.shape.format(left), [*params, list(self.rhs)]


@models.BigIntegerField.register_lookup
@models.ForeignKey.register_lookup
class Among(_OneParameter):
    """``id__among=[1, 2]``: one of these ids."""

    lookup_name = "among"
    shape = "{} = ANY (%s::bigint[])"


@ArrayField.register_lookup
class Meets(_OneParameter):
    """``project_ids__meets=[1, 2]``: holds at least one of these ids."""

    lookup_name = "meets"
    shape = "{} && %s::bigint[]"

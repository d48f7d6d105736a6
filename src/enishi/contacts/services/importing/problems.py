"""What is wrong with a row, stored as data so that every reader gets it in their own language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext

from enishi.contacts.importing.reasons import MESSAGES, Reason
from enishi.core.normalise import Unusable

Problem = dict[str, Any]
"""``column``, ``text`` (the English message id), ``params``; ``doubt`` when the row is imported all the same."""


def problem(
    column: str, text: str | Promise, params: Mapping[str, Any] | None = None, *, doubt: bool = False
) -> Problem:
    with translation.override(None):
        found: Problem = {"column": column, "text": str(text), "params": dict(params or {})}
    if doubt:
        found["doubt"] = True
    return found


def from_reason(column: str, reason: Reason, *, doubt: bool = False) -> Problem:
    return problem(column, MESSAGES[reason.code], {k: str(v) for k, v in reason.params.items()}, doubt=doubt)


def from_unusable(column: str, error: Unusable) -> Problem:
    return problem(column, error.message, error.params)


def said(found: Problem) -> str:
    """The problem in the active language."""
    text = gettext(found["text"]) if found["text"] else ""
    return text % found["params"] if found["params"] else text


def refuses(found: Problem) -> bool:
    return not found.get("doubt")

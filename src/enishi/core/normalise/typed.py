"""What every normaliser shares: the error, and the plain form of what was typed."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from enishi.core.text import ascii_digits, clean, strip_bidi

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


_MAX_TYPED = 500
_SHOWN = 60


class Unusable(ValueError):
    """What was typed cannot be used: a message in words and, where one is likely, the `repair` to offer."""

    def __init__(self, message: StrPromise | str, *, repair: str | None = None, **params: object) -> None:
        super().__init__(message)
        self.message = message
        self.params = params
        self.repair = repair

    def __str__(self) -> str:
        return str(self.message) % self.params if self.params else str(self.message)


def shown(typed: str) -> str:
    """`typed` short and harmless enough to stand within a message."""
    text = " ".join(strip_bidi(clean(typed, max_length=_SHOWN + 1)).split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def plain(typed: str) -> str:
    """`typed` in one line of ordinary width, with ASCII digits and without invisible characters."""
    if len(typed) > _MAX_TYPED:
        raise Unusable(
            _("“%(typed)s” is too long: at most %(count)d characters."), typed=shown(typed), count=_MAX_TYPED
        )
    if typed.isascii() and typed.isprintable():
        return typed.strip()
    text = ascii_digits(unicodedata.normalize("NFKC", clean(typed)))
    visible = (char if not char.isspace() else " " for char in text if unicodedata.category(char) != "Cf")
    return "".join(char for char in visible if char.isprintable()).strip()

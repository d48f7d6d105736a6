"""Kana readings."""

import re
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from enishi.core.normalise.typed import Unusable, plain, shown
from enishi.core.text import clean


@dataclass(frozen=True, slots=True)
class Kana:
    value: str
    typed: str


_to_katakana = {code: code + 0x60 for code in (*range(0x3041, 0x3097), 0x309D, 0x309E)}
_KATAKANA = re.compile(r"[ァ-ヺー・ヽヾ ]+")
_DASHES = re.compile(r"(?<=[ァ-ヺ])[-‐‑–—―−]")


def kana(typed: str) -> Kana:
    """A reading in full-width katakana, words separated by one space."""
    typed = clean(typed)
    voiced = typed.replace("゛", "\u3099").replace("゜", "\u309a")
    text = _DASHES.sub("ー", plain(voiced).translate(_to_katakana))
    value = " ".join(text.split())
    if not value:
        raise Unusable(_("The reading is empty."))
    if not _KATAKANA.fullmatch(value):
        strange = next(char for char in value if not _KATAKANA.fullmatch(char))
        raise Unusable(
            _("The reading “%(typed)s” holds “%(char)s”. Write it in kana only."),
            typed=shown(typed),
            char=strange,
        )
    return Kana(value, typed)

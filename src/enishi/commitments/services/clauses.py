"""Reading pasted clauses: each number begins one, and its words propose what kind of duty it is. Writes nothing."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from dateutil.relativedelta import relativedelta
from django.utils import timezone

from enishi.core import clock
from enishi.core.text import clean

MOST = 300
LONGEST_TITLE = 300

_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")
_ROMAN = r"(?:x{0,3}(?:ix|iv|v?i{1,3}|v|x))"
_WORD = r"(?:conditions?|clauses?|articles?|art\.?|section|sect\.?|§|ماده|بند|شرط)"
_NUMBER = re.compile(
    rf"""^\s*(?:[-•*]\s*)?(?P<clause>
        {_WORD}\s*\d+(?:[.\-]\d+)*(?:\s*\([a-z0-9]{{1,4}}\))?   # Condition 14, Art. 5.2 (a)
      | 第\s*[\d一二三四五六七八九十百]+\s*[条項号章](?:の\d+)?(?:第\s*[\d一二三四五六七八九十]+\s*項)?
      | \d{{1,3}}(?:\.\d{{1,3}})+(?:\s*\([a-z]{{1,4}}\))?          # 4.2, 4.2.1 (a)
      | \d{{1,3}}(?=\s*[.):：、）])                                # 4. or 4)
      | \((?:\d{{1,3}}|[a-z]|{_ROMAN})\)                           # (a), (iv)
      | (?:[a-z]|{_ROMAN})(?=\))                                   # a)
    )\s*[.):：、）\-–—]*\s*(?P<rest>.*)$""",
    re.IGNORECASE | re.VERBOSE,
)
_NOT = re.compile(
    r"\b(?:shall|must|may|will|is|are)\s+not\b|\bno\s+\w+(?:\s+\w+){0,4}\s+(?:shall|may|is|are)\b|\bprohibited\b|\bforbidden\b"
    r"|\b(?:ne|n['’])\s*(?:doit|doivent|peut|peuvent|sera|seront|est|sont)\s+(?:pas|jamais|en aucun cas)\b|\binterdit"
    r"|してはならない|してはいけない|行わない|禁止|しないこと"
    r"|نباید|ممنوع|مجاز نیست|خودداری",
    re.IGNORECASE,
)
_OFTEN = (
    ("FREQ=WEEKLY", r"\bweekly\b|\b(?:each|every) week\b|hebdomadaire|(?:chaque|toutes les) semaines?|毎週|هفتگی|هر هفته"),
    ("FREQ=MONTHLY;INTERVAL=3", r"\bquarterly\b|\b(?:each|every) quarter\b|trimestriel|chaque trimestre|四半期|سه ماه یک|فصلی|هر سه ماه"),
    ("FREQ=MONTHLY", r"\bmonthly\b|\b(?:each|every) month\b|mensuel|chaque mois|tous les mois|毎月|ماهانه|هر ماه"),
    ("FREQ=YEARLY", r"\bannual(?:ly)?\b|\byearly\b|\b(?:each|every) year\b|annuel|chaque année|tous les ans|毎年|年次|سالانه|هر سال"),
)  # fmt: skip
_PERIODS = {
    "FREQ=WEEKLY": relativedelta(weeks=1),
    "FREQ=MONTHLY": relativedelta(months=1),
    "FREQ=MONTHLY;INTERVAL=3": relativedelta(months=3),
    "FREQ=YEARLY": relativedelta(years=1),
}
_OFTEN_READ = [(rule, re.compile(pattern, re.IGNORECASE)) for rule, pattern in _OFTEN]
_SENTENCE = re.compile(r"(?<=[.;!?؟])\s+|(?<=[。；！？])")


@dataclass(frozen=True)
class Clause:
    """A proposed duty: number, first sentence, whole words, and what the words say of it."""

    clause: str
    title: str
    citation: str
    negative: bool = False
    rule: str = ""


def read_clauses(pasted: str) -> list[Clause]:
    """The clauses of a pasted text, in order. Where no line has a number, each paragraph is a clause."""
    return [_clause(number, words) for number, words in _parts(clean(pasted, max_length=200_000))][:MOST]


def first_due(rule: str) -> dt.datetime | None:
    """A first date to begin from: one period from today, at the end of the office's day."""
    period = _PERIODS.get(rule)
    if period is None:
        return None
    day = timezone.localdate(clock.now()) + period
    return dt.datetime.combine(day, dt.time(18), timezone.get_current_timezone())


def _parts(pasted: str) -> Iterator[tuple[str, str]]:
    lines = [(line, _NUMBER.match(_plain(line))) for line in pasted.splitlines()]
    if not any(found for _line, found in lines):
        yield from (("", part) for part in re.split(r"\n\s*\n", pasted) if part.strip())
        return
    number, words, begun = "", "", False
    for line, found in lines:
        if found is None:
            # What stands above the first number is a heading.
            words = f"{words} {line.strip()}".strip() if begun else ""
            continue
        if begun and words:
            yield number, words
        # The folded line is as long as the line, so the words are cut from what was pasted.
        number, words, begun = found["clause"], line[found.start("rest") :].strip(), True
    if begun and words:
        yield number, words


def _plain(line: str) -> str:
    """Digits of other scripts and full width as ASCII, sign for sign."""
    folded = line.translate(_DIGITS)
    return "".join(
        narrow if len(narrow := unicodedata.normalize("NFKC", sign)) == 1 else sign for sign in folded
    )


def _clause(number: str, words: str) -> Clause:
    citation = " ".join(words.split())
    title = _SENTENCE.split(citation, maxsplit=1)[0].rstrip(" .。;；")
    if len(title) > LONGEST_TITLE:
        title = f"{title[: LONGEST_TITLE - 1].rsplit(' ', 1)[0]}…"
    rule = next((rule for rule, pattern in _OFTEN_READ if pattern.search(citation)), "")
    return Clause(
        clause=" ".join(number.split()),
        title=title,
        citation=citation,
        negative=bool(_NOT.search(citation)),
        rule=rule,
    )

"""Minutes of a meeting: which lines say that something is to be done or promised, by whom and by when.

Pure, as the quick log whose reading of days it uses: no database, no clock. The rules are few and can be said in words:
a line that begins with a word such as "Action:", "TODO", "宿題：", "À faire :", "اقدام:"; the lines below such a word as a heading;
an open box "[ ]"; a sentence that promises ("we will …"). Who is to do it stands before a colon or dash, in brackets, after @.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from enishi.conversations import quicklog
from enishi.core.text import fold

MOST = 60
"""More proposals nobody would look through."""

TASK, OURS, THEIRS = "task", "ours", "theirs"

_BULLET = re.compile(r"\s*(?:(?:[-*•‣・–—]|[(（]?[\d۰-۹٠-٩]{1,2}[.)．、）])\s*)?")
_BOX = re.compile(r"[\[［]\s*(?P<done>[xX✓✔]?)\s*[\]］]\s*")
_TASK_WORDS = (
    r"actions?(?:\s+(?:items?|points?))?|to[\s-]?dos?|tasks?|next\s+steps?|follow[\s-]?ups?"
    r"|宿題|タスク|やること|すること|対応(?:事項)?|アクション(?:アイテム)?|次のステップ"
    r"|[aà]\s+faire|t[aâ]ches?|suites?\s+[aà]\s+donner|prochaines?\s+[ée]tapes?"
    r"|برای\s+انجام|اقدام(?:[\u200c ]?ها)?|کار(?:[\u200c ]?ها)?|وظیفه|پیگیری|گام[\u200c ]های\s+بعدی|گام\s+بعدی"
)
_PROMISE_WORDS = r"promises?|commitments?|約束|promesses?|engagements?|قول|تعهد"
_OTHER_HEADINGS = (
    r"agenda|present|attendees|apologies|decisions?|decided|notes?|any\s+other\s+business|aob|next\s+meeting|topics?"
    r"|議題|出席者?|欠席者?|決定(?:事項)?|備考|次回|その他"
    r"|ordre\s+du\s+jour|pr[ée]sents?|excus[ée]e?s|d[ée]cisions?|divers|prochaine\s+r[ée]union"
    r"|دستور\s+جلسه|حاضران|غایبان|تصمیم(?:[\u200c ]?ها)?|مصوبات|یادداشت(?:[\u200c ]?ها)?|جلسهٔ?\s+بعد"
)
_MARK = r"\s*(?:[:：]|[–—]|-(?=\s))\s*"
_CUE = re.compile(
    rf"(?:(?P<task>{_TASK_WORDS})|(?P<promise>{_PROMISE_WORDS}))(?:\s*[#№]?[\d۰-۹]{{1,2}})?"
    rf"(?:\s*[(（](?P<inside>[^)）]{{1,60}})[)）]|\s+(?P<named>[^:：\n]{{1,40}}?))?{_MARK}(?P<body>\S.*)$",
    re.IGNORECASE,
)
_BARE = re.compile(r"TODO\s+(?P<body>\S.*)$")
_HEADING = re.compile(
    rf"#*\s*(?:(?P<task>{_TASK_WORDS})|(?P<promise>{_PROMISE_WORDS}))\s*[:：]?\s*$", re.IGNORECASE
)
_OTHER = re.compile(rf"#*\s*(?:{_OTHER_HEADINGS})\s*(?:[:：].*)?$", re.IGNORECASE)

_AT = re.compile(r"[@＠](?P<words>\S.*)$")
_BRACKETS_FIRST = re.compile(r"[(（\[](?P<name>[^)）\]]{1,60})[)）\]]\s*(?:[:：–—-]\s*)?(?P<rest>\S.*)$")
_BEFORE_MARK = re.compile(r"(?P<name>[^:：–—、,،]{1,60}?)(?:\s*[:：–—、,،]\s*|\s+-\s+)(?P<rest>\S.*)$")
_BEFORE_VERB = re.compile(
    r"(?P<name>\S.{0,58}?)(?:\s+(?:to|will|shall|must|doit|devra|va|باید)\s+|(?:さん|様|氏)?[がは]\s*)(?P<rest>\S.*)$",
    re.IGNORECASE,
)
_LAST = re.compile(
    r"(?P<rest>\S.*?)\s*[、,،;]?\s*(?:[(（\[]\s*(?:(?:owner|by|resp(?:\.|onsable)?|担当者?|責任者|مسئول)\s*[:：]?\s*)?"
    r"(?P<name>[^)）\]]{1,60})[)）\]]|(?:owner|resp(?:\.|onsable)?|担当者?|責任者|مسئول)\s*[:：]\s*(?P<name2>.{1,60}?))\s*[.。]?$",
    re.IGNORECASE,
)
_TITLE = re.compile(
    r"^(?:(?:mr|mrs|ms|miss|mx|dr|prof|m|mme|mlle)\.?\s+|(?:monsieur|madame|mademoiselle)\s+"
    r"|(?:سرکار\s+|جناب\s+)?(?:خانم|آقای|آقا|دکتر|مهندس)\s+)|(?:さん|さま|様|氏|先生|君|くん)$",
    re.IGNORECASE,
)
_GAP = re.compile(r"(?<=[぀-ヿ一-鿿])\s+(?=[぀-ヿ一-鿿])")
_MOST_WORDS = 4


@dataclass(frozen=True)
class Known:
    """Somebody who can be meant: a colleague (``ours``) or a contact who took part, with every form of the name."""

    key: str
    name: str
    ours: bool
    forms: frozenset[str]


def known(key: str, name: str, *, ours: bool, also: Iterable[str] = ()) -> Known:
    """With the whole name, in both orders, and each of its words."""
    forms: set[str] = set()
    for form in (name, *also):
        words = fold(form).split()
        forms |= {
            " ".join(words),
            "".join(words),
            " ".join(reversed(words)),
            *(w for w in words if len(w) > 1),
        }
    return Known(key, name, ours, frozenset(forms - {""}))


@dataclass(frozen=True)
class Found:
    """A line that was understood: its words by characters of the text, and what it says.

    ``sure``: the line says so itself, by a word or a box; a sentence that only reads like a promise is not.
    """

    start: int
    end: int
    kind: str
    title: str
    who: Known | None = None
    due: datetime | None = None
    negative: bool = False
    sure: bool = True


def read_minutes(text: str, *, now: datetime, language: str, people: Sequence[Known]) -> list[Found]:
    """What minutes say is to be done or was promised, in their order. Days are counted from ``now``, the meeting."""
    reader = _Reader(now, language, people)
    found: list[Found] = []
    for start, line in _lines(text):
        found += reader.read(start, line)
        if len(found) >= MOST:
            break
    return found[:MOST]


def without_empty(text: str) -> str:
    """Minutes without the points and headings that nobody filled in."""
    kept: list[str] = []
    below = ""
    lines = [line for line in text.split("\n") if not line.strip() or _filled(line)]
    for line in reversed(lines):
        if line.strip().endswith((":", "：")) and _is_heading(line) and (not below or _is_heading(below)):
            continue
        below = line if line.strip() else below
        kept.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(reversed(kept))).strip("\n")


def _is_heading(line: str) -> bool:
    return bool(_HEADING.match(line) or _OTHER.match(line))


def _filled(line: str) -> bool:
    lead = _BULLET.match(line)
    return bool(line[lead.end() :].strip()) if lead else True


def _lines(text: str) -> Iterator[tuple[int, str]]:
    at = 0
    for line in text.split("\n"):
        yield at, line
        at += len(line) + 1


class _Reader:
    def __init__(self, now: datetime, language: str, people: Sequence[Known]) -> None:
        self.now, self.language, self.people = now, language, people
        self.section = ""
        self.items = 0

    def read(self, at: int, line: str) -> list[Found]:
        """One line; remembers below which heading it stands."""
        lead = _BULLET.match(line)
        begin = lead.end() if lead else 0
        words = line[begin:].rstrip()
        if not words:
            # An empty line ends the list below a heading, one directly under the heading does not.
            bullet = bool(line.strip())
            self.section = self.section if bullet or not self.items else ""
            return []
        span = (at + begin, at + begin + len(words))
        if heading := _HEADING.match(words):
            self.section, self.items = TASK if heading["task"] else OURS, 0
            return []
        if _OTHER.match(words):
            self.section = ""
            return []
        if box := _BOX.match(words):
            done, body = bool(box["done"]), words[box.end() :]
            self.items += 1
            return [] if done or not body else [self._item(span, body, self.section or TASK)]
        if cued := self._cued(span, words):
            return [cued]
        if self.section:
            self.items += 1
            return [self._item(span, words, self.section)]
        return self._said(span, words)

    def _cued(self, span: tuple[int, int], words: str) -> Found | None:
        match = _CUE.match(words)
        bare = _BARE.match(words)
        if bare and (match is None or match["named"]):
            return self._item(span, bare["body"], TASK)
        if match is None:
            return None
        kind = TASK if match["task"] else OURS
        inside = match["inside"] or match["named"]
        who = self._who(inside) if inside else None
        if match["named"] and who is None:
            # "Action against noise: none" is a sentence.
            return None
        return self._item(span, match["body"], kind, who)

    def _item(self, span: tuple[int, int], body: str, kind: str, who: Known | None = None) -> Found:
        """A thing to do, with its owner and date taken out of its words."""
        if who is None:
            who, body = self._owner(body)
        if kind == TASK and who is not None and not who.ours:
            # We give no tasks to others: what they are to do, they owe us.
            kind = THEIRS
        elif kind == OURS and who is not None:
            kind = OURS if who.ours else THEIRS
        reading = quicklog.parse(f"todo: {body}", now=self.now, language=self.language)
        task = reading.task
        title = task.text if task and task.text else body
        return Found(*span, kind, _capital(title.strip(" .。")), who, task.due if task else None)

    def _said(self, span: tuple[int, int], words: str) -> list[Found]:
        """Promises in a sentence of their own."""
        reading = quicklog.parse(words, now=self.now, language=self.language)
        found = []
        for promise in reading.promises:
            who = next((w for mention in reading.who if (w := self._who(mention.text))), None)
            kind = OURS if promise.direction == quicklog.Owed.OURS else THEIRS
            if kind == THEIRS and who is not None and who.ours:
                kind = OURS
            # One promise is best told in the words in which it was made.
            title = promise.text if promise.text and len(reading.promises) > 1 else words
            found.append(Found(*span, kind, _capital(title), who, promise.due, promise.negative, sure=False))
        return found

    def _owner(self, body: str) -> tuple[Known | None, str]:
        """Who is to do it, where the words say so and the name is known; and the words without the name."""
        if at := _AT.match(body):
            pieces = at["words"].split()
            for count in range(min(_MOST_WORDS, len(pieces) - 1), 0, -1):
                if who := self._who(" ".join(pieces[:count]).rstrip(":：,、،")):
                    return who, " ".join(pieces[count:]).lstrip("–—-:： ")
        for pattern in (_BRACKETS_FIRST, _BEFORE_MARK, _BEFORE_VERB, _LAST):
            match = pattern.match(body)
            if match is None:
                continue
            name = match["name"] or match.groupdict().get("name2") or ""
            if who := self._who(name):
                return who, match["rest"]
        return None, body

    def _who(self, name: str) -> Known | None:
        """The one person of that name; nobody where two could be meant."""
        plain = fold(_TITLE.sub("", name.strip().lstrip("@＠")).strip())
        meant = [person for person in self.people if plain in person.forms]
        exact = [person for person in meant if fold(person.name) == plain]
        return (exact or meant)[0] if len(exact or meant) == 1 else None


def _capital(title: str) -> str:
    """As a title begins; where a date was cut out of a script without spaces, none stays."""
    title = _GAP.sub("", title)
    return title[:1].upper() + title[1:]

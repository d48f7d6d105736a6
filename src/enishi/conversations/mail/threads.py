"""Which messages belong to one conversation: by identifiers (RFC 5322, 3.6.4), else by a careful look at the subject.

The result does not depend on the order of arrival. Identifiers are the nodes of a graph, also those of messages that
never arrived, so two replies to a missing mail find each other; threads are its connected parts.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

REPLY = "re|ré|rép|aw|antw|antwort|sv|vs|odp|ynt|r|res|rv|ref|réf|на|отв|ответ|回复|回覆|答复|返信|返|답장|회신|پاسخ|جواب|رد|תשובה|σχετ"
FORWARD = "fw|fwd|wg|tr|trans|transf|vl|enc|i|doorst|rm|пересл|fyi|転送|轉寄|转发|전달|ارجاع|هدایت|باز ?ارسال|إعادة توجيه|הועבר|πρθ"
COUNTER = r"(?:\s*[\[(^*]?\s*\d{1,3}\s*[\])]?)?"
PREFIX = re.compile(rf"\s*(?:(?P<reply>{REPLY})|(?:{FORWARD})){COUNTER}\s*:\s*")
# A list's tag. Digits alone are a case number, which tells conversations apart.
TAG = re.compile(r"\s*\[(?!\s*#?\d+\s*\])[^\[\]]{1,40}\]\s*")
TRAILER = re.compile(r"\s*\((?:fwd|fw)\)\s*$")
SPACE = re.compile(r"\s+")
MAX_SUBJECT = 500
SUBJECT_WINDOW = timedelta(days=30)
# A longer chain of references adds nothing: its ends and neighbours already tie it together.
MAX_REFERENCES = 200


@lru_cache(maxsize=8192)
def _split_subject(subject: str) -> tuple[str, bool]:
    rest = unicodedata.normalize("NFKC", subject).casefold().strip()
    is_reply = False
    while True:
        if match := PREFIX.match(rest):
            is_reply = is_reply or match["reply"] is not None
        else:
            match = TAG.match(rest)
            # "[Notice]" alone is a subject.
            if match and match.end() == len(rest):
                match = None
        if not match:
            break
        rest = rest[match.end() :]
    return SPACE.sub(" ", TRAILER.sub("", rest)).strip(), is_reply


def base_subject(subject: str) -> str:
    """The subject without reply and forward prefixes, counters and list tags, folded for comparison.

    >>> base_subject("RE：返信: [turbines] Re[2]: Zufahrt  Nord")
    'zufahrt nord'
    """
    return _split_subject(subject[:MAX_SUBJECT])[0]


def is_reply_subject(subject: str) -> bool:
    return _split_subject(subject[:MAX_SUBJECT])[1]


@dataclass(frozen=True, slots=True)
class ThreadMessage:
    """What threading needs to know of a message. `key` is the caller's handle; `thread` is set when it is stored.

    `references`: References and In-Reply-To together. Addresses in lower case.
    """

    key: Hashable
    message_id: str
    references: tuple[str, ...] = ()
    subject: str = ""
    sender: str = ""
    recipients: frozenset[str] = frozenset()
    date: datetime | None = None
    list_id: str = ""
    thread: Hashable | None = None

    @property
    def base(self) -> str:
        return base_subject(self.subject)

    @property
    def seeks_by_subject(self) -> bool:
        """A reply whose program named no parent."""
        return not self.references and is_reply_subject(self.subject)


@dataclass(slots=True)
class Group:
    """Messages of one batch that belong together, with the stored threads they touch.

    No thread: make one. One: attach. Several: the later ones merge into the first. `identifiers` are to be stored with
    the thread, those of missing messages too, so that late arrivals find it.
    """

    messages: list[Hashable] = field(default_factory=list)
    threads: list[Hashable] = field(default_factory=list)
    identifiers: set[str] = field(default_factory=set)


FindThreads = Callable[[Collection[str]], Mapping[str, Hashable]]
FindBySubject = Callable[[Collection[str]], Iterable[ThreadMessage]]


class ThreadIndex:
    """Assigns batches of messages to threads with two look-ups per batch.

    `find_threads`: stored identifiers (of messages and of those they refer to) to their thread.
    `find_by_subject`: stored messages, with `thread`, by base subject.
    Threads of one kind must be sortable among each other; the smallest survives a merge.
    """

    def __init__(
        self, *, find_threads: FindThreads, find_by_subject: FindBySubject, window: timedelta = SUBJECT_WINDOW
    ) -> None:
        self.find_threads = find_threads
        self.find_by_subject = find_by_subject
        self.window = window

    def assign(self, batch: Sequence[ThreadMessage]) -> list[Group]:
        """The batch in groups, every message in exactly one."""
        ties = Ties()
        identifiers: set[str] = set()
        for message in batch:
            node = ("message", message.key)
            ties.add(node)
            for identifier in _identifiers(message):
                identifiers.add(identifier)
                ties.join(node, ("id", identifier))
        for identifier, thread in self.find_threads(identifiers).items():
            ties.join(("id", identifier), ("thread", thread))
        self._tie_by_subject(batch, ties)
        return _groups(ties)

    def _tie_by_subject(self, batch: Sequence[ThreadMessage], ties: "Ties") -> None:
        # A stored reply may wait for a message of this batch, so every subject is asked for.
        subjects = {message.base for message in batch if message.base}
        stored = list(self.find_by_subject(subjects)) if subjects else []
        by_subject: defaultdict[str, list[ThreadMessage]] = defaultdict(list)
        for message in (*batch, *stored):
            if message.base and message.date:
                by_subject[message.base].append(message)
        for messages in by_subject.values():
            if len(messages) > 1 and any(message.seeks_by_subject for message in messages):
                _tie_same_subject(messages, ties, self.window)


def _identifiers(message: ThreadMessage) -> list[str]:
    references = message.references
    if len(references) > MAX_REFERENCES:
        references = references[: MAX_REFERENCES // 2] + references[-MAX_REFERENCES // 2 :]
    return [identifier for identifier in (message.message_id, *references) if identifier]


def _tie_same_subject(messages: list[ThreadMessage], ties: "Ties", window: timedelta) -> None:
    """Tie each parentless reply to the earlier messages of its correspondents, `window` back at most.

    Correspondents: one wrote to the other, or the same person wrote again to somebody both address, or one list.
    """
    letters: defaultdict[tuple[str, str], list[ThreadMessage]] = defaultdict(list)
    for message in sorted(messages, key=lambda each: (each.date, each.message_id)):
        for recipient in message.recipients:
            letters[message.sender, recipient].append(message)
        if message.list_id:
            letters["list", message.list_id].append(message)
    runs = {pair: Run(sent, ties) for pair, sent in letters.items()}
    for message in messages:
        if not message.seeks_by_subject:
            continue
        pairs = {(other, message.sender) for other in message.recipients}
        pairs |= {(message.sender, other) for other in message.recipients if other != message.sender}
        if message.list_id:
            pairs.add(("list", message.list_id))
        for pair in pairs & runs.keys():
            runs[pair].tie(message, window)


class Run:
    """Letters in the order of their dates; each neighbouring pair is tied at most once, however many replies span it."""

    def __init__(self, letters: list[ThreadMessage], ties: "Ties") -> None:
        self.letters = letters
        self.dates = [letter.date for letter in letters]
        self.tied_until = list(range(len(letters)))
        self.ties = ties

    def tie(self, reply: ThreadMessage, window: timedelta) -> None:
        assert reply.date is not None
        first = bisect_left(self.dates, reply.date - window)  # type: ignore[type-var]
        last = bisect_right(self.dates, reply.date) - 1  # type: ignore[type-var]
        if first > last:
            return
        self.ties.join(_node(reply), _node(self.letters[first]))
        position = first
        while (position := self._skip(position)) < last:
            self.ties.join(_node(self.letters[position]), _node(self.letters[position + 1]))
            self.tied_until[position] = position + 1

    def _skip(self, position: int) -> int:
        root = position
        while self.tied_until[root] != root:
            root = self.tied_until[root]
        while self.tied_until[position] != root:
            self.tied_until[position], position = root, self.tied_until[position]
        return root


def _node(message: ThreadMessage) -> tuple[str, Hashable]:
    return ("message", message.key) if message.thread is None else ("thread", message.thread)


class Ties:
    """Disjoint sets of nodes (message, identifier, thread): union by size with path halving."""

    def __init__(self) -> None:
        self.parent: dict[tuple[str, Hashable], tuple[str, Hashable]] = {}
        self.size: dict[tuple[str, Hashable], int] = {}

    def add(self, node: tuple[str, Hashable]) -> None:
        if node not in self.parent:
            self.parent[node] = node
            self.size[node] = 1

    def root(self, node: tuple[str, Hashable]) -> tuple[str, Hashable]:
        parent = self.parent
        while (up := parent[node]) != node:
            parent[node] = node = parent[up]
        return node

    def join(self, one: tuple[str, Hashable], other: tuple[str, Hashable]) -> None:
        self.add(one)
        self.add(other)
        one, other = self.root(one), self.root(other)
        if one == other:
            return
        if self.size[one] < self.size[other]:
            one, other = other, one
        self.parent[other] = one
        self.size[one] += self.size[other]


def _groups(ties: Ties) -> list[Group]:
    groups: dict[tuple[str, Hashable], Group] = {}
    for node in ties.parent:
        kind, value = node
        group = groups.setdefault(ties.root(node), Group())
        if kind == "message":
            group.messages.append(value)
        elif kind == "id":
            group.identifiers.add(str(value))
        else:
            group.threads.append(value)
    # Stored threads that only matched by subject and met nobody of the batch stand alone: nothing to do for them.
    found = [group for group in groups.values() if group.messages or len(group.threads) > 1]
    for group in found:
        group.threads.sort()  # type: ignore[call-arg]
    return found

"""Threads are the same whatever arrives first."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enishi.conversations.mail import ThreadIndex, ThreadMessage, base_subject, is_reply_subject

START = datetime(2026, 3, 2, tzinfo=UTC)


class Store:
    """What a database keeps for threading."""

    def __init__(self) -> None:
        self.threads: dict[str, int] = {}
        self.messages: dict[object, tuple[ThreadMessage, int]] = {}
        self.count = 0
        self.index = ThreadIndex(find_threads=self.find_threads, find_by_subject=self.find_by_subject)

    def find_threads(self, identifiers: Collection[str]) -> Mapping[str, int]:
        return {each: self.threads[each] for each in identifiers if each in self.threads}

    def find_by_subject(self, subjects: Collection[str]) -> Iterable[ThreadMessage]:
        for message, thread in self.messages.values():
            if message.base in subjects:
                yield ThreadMessage(
                    **{name: getattr(message, name) for name in ThreadMessage.__slots__ if name != "thread"},
                    thread=thread,
                )

    def add(self, batch: Sequence[ThreadMessage]) -> None:
        by_key = {message.key: message for message in batch}
        for group in self.index.assign(batch):
            self.count += 1
            thread = int(group.threads[0]) if group.threads else self.count  # type: ignore[call-overload]
            merged = set(group.threads[1:])
            self.threads = {key: thread if value in merged else value for key, value in self.threads.items()}
            self.messages = {
                key: (message, thread if value in merged else value)
                for key, (message, value) in self.messages.items()
            }
            self.threads.update(dict.fromkeys(group.identifiers, thread))
            self.messages.update({key: (by_key[key], thread) for key in group.messages})

    def partition(self) -> set[frozenset[object]]:
        groups: dict[int, set[object]] = {}
        for key, (_, thread) in self.messages.items():
            groups.setdefault(thread, set()).add(key)
        return {frozenset(group) for group in groups.values()}


def message(
    key: str,
    *references: str,
    subject: str = "Noise",
    sender: str = "a",
    to: str = "b",
    day: float = 0,
    list_id: str = "",
) -> ThreadMessage:
    return ThreadMessage(
        key, key, references, subject, sender, frozenset(to.split()), START + timedelta(days=day), list_id
    )


def threads(*batches: Sequence[ThreadMessage]) -> set[frozenset[object]]:
    store = Store()
    for batch in batches:
        store.add(batch)
    return store.partition()


def sets(*groups: str) -> set[frozenset[object]]:
    return {frozenset(group.split()) for group in groups}


@pytest.mark.parametrize(
    ("subject", "base", "reply"),
    [
        ("Zufahrt Nord", "zufahrt nord", False),
        ("Re: Zufahrt  Nord", "zufahrt nord", True),
        ("RE：返信: [turbines] Re[2]: Zufahrt Nord", "zufahrt nord", True),
        ("Re(3): AW: Fwd: noise", "noise", True),
        ("TR : Bruit", "bruit", False),
        ("Réf : Bruit", "bruit", True),
        ("پاسخ: صدای توربین", "صدای توربین", True),
        ("返信：騒音について", "騒音について", True),
        ("FW: 騒音について (fwd)", "騒音について", False),
        ("[skynet-help][60666] How?", "[60666] how?", False),
        ("[Notice]", "[notice]", False),
        ("Re:", "", True),
        ("Regarding: noise", "regarding: noise", False),
        ("", "", False),
    ],
)
def test_subjects(subject: str, base: str, reply: bool) -> None:
    assert (base_subject(subject), is_reply_subject(subject)) == (base, reply)


def test_replies_find_each_other_over_a_missing_parent() -> None:
    assert threads([message("1", "lost", subject="x")], [message("2", "lost", subject="y")]) == sets("1 2")


def test_a_late_parent_joins_two_threads() -> None:
    early = [message("2", "1a"), message("3", "1b")]
    assert threads(early) == sets("2", "3")
    assert threads(early, [message("1", "1a", "1b")]) == sets("1 2 3")


def test_same_subject_alone_is_no_thread() -> None:
    assert threads([message("1"), message("2", sender="b", to="a", day=1)]) == sets("1", "2")


def test_parentless_reply_between_the_same_people_joins_by_subject() -> None:
    original, reply = message("1"), message("2", subject="Re: noise", sender="b", to="a", day=2)
    assert threads([original], [reply]) == threads([reply], [original]) == sets("1 2")


@pytest.mark.parametrize(
    "reply",
    [
        message("2", subject="Re: Noise", sender="b", to="a", day=31),
        message("2", subject="Re: Noise", sender="b", to="a", day=-1),
        message("2", subject="Re: Noise", sender="c", to="a", day=1),
        message("2", subject="Re: Noise", sender="a", to="c", day=1),
        message("2", subject="Fwd: Noise", sender="b", to="a", day=1),
        message("2", "other", subject="Re: Noise", sender="b", to="a", day=1),
        message("2", subject="Re: Nice", sender="b", to="a", day=1),
    ],
)
def test_subject_is_used_carefully(reply: ThreadMessage) -> None:
    assert threads([message("1"), reply]) == sets("1", "2")


def test_own_follow_up_and_list_traffic_join_by_subject() -> None:
    assert threads([message("1"), message("2", subject="Re: Noise", day=1)]) == sets("1 2")
    listed = [
        message("1", to="", list_id="l"),
        message("2", subject="Re: Noise", sender="c", to="", list_id="l", day=1),
    ]
    assert threads(listed) == sets("1 2")


IDENTIFIERS = st.sampled_from([str(number) for number in range(12)])
MESSAGES = st.lists(
    st.builds(
        lambda key, references, subject, people, day: message(
            key, *references, subject=subject, sender=people[0], to=people[1], day=day
        ),
        IDENTIFIERS,
        st.lists(IDENTIFIERS, max_size=2),
        st.sampled_from(["Noise", "Re: Noise", "Fwd: Noise", "Road", "AW: Road", ""]),
        st.sampled_from([("a", "b"), ("b", "a"), ("a", "b c"), ("c", "a b"), ("c", "d")]),
        st.integers(0, 60),
    ),
    max_size=9,
    unique_by=lambda each: each.key,
)


@settings(max_examples=300, deadline=None)
@given(MESSAGES, st.randoms(use_true_random=False), st.integers(1, 4))
def test_order_and_batches_do_not_matter(batch: list[ThreadMessage], random: object, size: int) -> None:
    shuffled = list(batch)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    in_batches = [shuffled[start : start + size] for start in range(0, len(shuffled), size)]
    assert threads(*in_batches) == threads(batch)


def test_twenty_thousand_parentless_replies_take_no_quadratic_time() -> None:
    batch = [
        message(
            str(number), subject="Re: Report", sender="ab"[number % 2], to="ba"[number % 2], day=number / 5000
        )
        for number in range(20_000)
    ]
    assert len(threads(batch)) == 1

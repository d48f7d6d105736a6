"""alike: how often the local machine layer puts together what says much the same, and keeps apart what does not.

``alike_data/letters.toml`` holds ten letters on five subjects, each written in four languages, two letters on each subject that do not ask
for the same. From each come a plain copy, one with sentences of one's own before and after and one left out, and one with two
sentences in another order; every pair of them is judged. They were written for this, by one hand: what people send is more mixed.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from bench.harness import Figure, report, say, timed

FILE = Path(__file__).parent / "alike_data/letters.toml"
LANGUAGES = ("en", "fr", "ja", "fa")
OWN = {
    "en": ("My name is Ann and I live in Mill Lane.", "I look forward to your answer."),
    "fr": ("Je m'appelle Anne et j'habite rue du Moulin.", "J'attends votre réponse."),
    "ja": ("私は水車通りに住む者です。", "お返事をお待ちしています。"),
    "fa": ("نام من آن است و در کوچهٔ آسیاب زندگی می‌کنم.", "منتظر پاسخ شما هستم."),
}


@dataclass(frozen=True)
class Sent:
    letter: int
    subject: str
    language: str
    lines: list[str]


def sent() -> list[Sent]:
    """Every letter in every language as three people send it."""
    found = []
    for number, letter in enumerate(tomllib.loads(FILE.read_text("utf-8"))["letter"]):
        for language in LANGUAGES:
            lines = letter[language].splitlines()
            before, after = OWN[language]
            versions = (lines, [before, *lines[:-1], after], [lines[0], lines[2], lines[1], lines[3]])
            found += [Sent(number, letter["subject"], language, version) for version in versions]
    return found


def run() -> None:
    from enishi.core.ai.embedders.local import Local
    from enishi.themes.machine.meaning import meant

    embed = Local().embed
    letters = sent()
    heard = [meant(embed(one.lines)) for one in letters]
    for name, across in (("one_language", False), ("languages", True)):
        right = wrong = missed = near = 0
        for mine, theirs in combinations(range(len(letters)), 2):
            one, other = letters[mine], letters[theirs]
            if (one.language != other.language) is not across:
                continue
            said, same = heard[mine].says_the_same(heard[theirs]), one.letter == other.letter
            right += said and same
            wrong += said and not same
            missed += same and not said
            near += said and not same and one.subject == other.subject
        precision, recall = right / max(1, right + wrong), right / max(1, right + missed)
        report(Figure(f"alike.{name}.precision", precision, "share right of those put together"))
        report(Figure(f"alike.{name}.recall", recall, "share found of those that belong together"))
        say(f"{right} pairs right, {wrong} wrong ({near} of them on the same subject), {missed} missed")
    seconds = timed(lambda: [heard[0].says_the_same(one) for one in heard]) / len(heard)
    report(Figure("alike.pair", 1000 * seconds, "ms"))

"""feelings: how often the local machine layer reads the feeling of a sentence right, by language, on sentences never learned from.

``feelings_data/held_out.tsv`` was written apart from the sentences that the head learned from, on other subjects, but by the
same hand: what people really write will be read less well. Five feelings, so guessing gets a fifth right.
"""

from __future__ import annotations

import numpy as np

from bench.harness import Figure, report, say, timed
from bench.train_feelings import LANGUAGES, embedded, read

GUESSING = 0.2


def run() -> None:
    from enishi.themes.machine.feelings import shares

    rows = read("held_out")
    vectors, wanted = embedded(rows)
    for place, language in enumerate(LANGUAGES):
        guessed = shares(vectors[:, place]).argmax(axis=1)
        hit = float((guessed == wanted).mean())
        side = float((np.sign(guessed - 2) == np.sign(wanted - 2)).mean())
        report(Figure(f"feelings.{language}", hit, "share right", hit / GUESSING, "guessing one of five"))
        say(f"{len(rows)} sentences; below, at or above neutral: {side:.2f} right")
        missed = [rows[n][1][place] for n in np.flatnonzero(guessed != wanted)][:3]
        for sentence in missed:
            say(f"missed: {sentence}")
    from enishi.core.ai.embedders.local import _engine

    engine = _engine()
    seconds = timed(lambda: [engine.query(said[0]) for _feeling, said in rows]) / len(rows)
    report(Figure("feelings.sentence", 1000 * seconds, "ms"))

"""``python -m bench.train_feelings``: write the head that reads feelings, and the middle of each language, from the sentences beside
this file.

A linear head on the vectors of the local model, fitted by gradient descent with a penalty; the penalty is chosen among a few by
leaving out each fifth of the lines in turn. The sentences were written for this purpose, the same line in four languages.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent / "feelings_data"
HEAD = Path(__file__).parents[1] / "src/enishi/themes/machine/feelings.json"
MIDDLES = HEAD.with_name("languages.json")
LANGUAGES = ("en", "ja", "fr", "fa")
SCALE = 10
STEPS, STEP = 800, 0.5
PENALTIES = (0.001, 0.003, 0.01, 0.03, 0.1)
PARTS = 5


def read(name: str) -> list[tuple[int, list[str]]]:
    """Feeling (1 to 5) and the sentence in each language."""
    with (HERE / f"{name}.tsv").open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(int(feeling), said) for feeling, *said in rows]


def embedded(rows: list[tuple[int, list[str]]]) -> tuple[Any, Any]:
    """Vectors by line and language, and the feelings from 0."""
    from enishi.core.ai.embedders.local import Local

    flat = Local().embed([sentence for _feeling, said in rows for sentence in said])
    return flat.reshape(len(rows), len(LANGUAGES), -1), np.array([feeling - 1 for feeling, _said in rows])


def fit(vectors: Any, feelings: Any, penalty: float) -> tuple[Any, Any, Any]:
    """Middle, weights and offsets for plain vectors."""
    flat, wanted = vectors.reshape(-1, vectors.shape[-1]), np.repeat(feelings, vectors.shape[1])
    middle = flat.mean(axis=0)
    x, y = (flat - middle) * SCALE, np.eye(5)[wanted]
    weights, offsets = np.zeros((5, x.shape[1])), np.zeros(5)
    for _step in range(STEPS):
        scores = x @ weights.T + offsets
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        slope = (shares - y) / len(x)
        weights -= STEP * (slope.T @ x + penalty * weights)
        offsets -= STEP * slope.sum(axis=0)
    return middle, weights * SCALE, offsets


def right(head: tuple[Any, Any, Any], vectors: Any, feelings: Any) -> float:
    middle, weights, offsets = head
    guessed = ((vectors - middle) @ weights.T + offsets).argmax(axis=-1)
    return float((guessed == feelings.reshape(-1, *[1] * (guessed.ndim - 1))).mean())


def write_middles(vectors: Any) -> None:
    """Where each language lies: the mean of the same lines in it."""
    middles = {
        name: np.round(vectors[:, place].mean(axis=0), 5).tolist() for place, name in enumerate(LANGUAGES)
    }
    MIDDLES.write_text(json.dumps(middles, separators=(",", ":")) + "\n", encoding="utf-8")


def main() -> None:
    vectors, feelings = embedded(read("train"))
    write_middles(vectors)
    part = np.arange(len(feelings)) % PARTS
    found = {}
    for penalty in PENALTIES:
        scores = [
            right(
                fit(vectors[part != one], feelings[part != one], penalty),
                vectors[part == one],
                feelings[part == one],
            )
            for one in range(PARTS)
        ]
        found[penalty] = sum(scores) / PARTS
        print(f"penalty {penalty}: {found[penalty]:.3f} right of the lines left out")
    best = max(found, key=lambda one: found[one])
    middle, weights, offsets = fit(vectors, feelings, best)
    kept = {
        "penalty": best,
        "lines": len(feelings),
        "middle": np.round(middle, 5).tolist(),
        "weights": np.round(weights, 4).tolist(),
        "offsets": np.round(offsets, 4).tolist(),
    }
    HEAD.write_text(json.dumps(kept, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{HEAD.name}: penalty {best}, {HEAD.stat().st_size} bytes")


if __name__ == "__main__":
    main()

"""The feeling of a sentence, read from its vector by a linear head of five rows.

``feelings.json`` is written by ``python -m bench.train_feelings`` from the sentences in ``bench/feelings_data/train.tsv``; what it gets
right of sentences that it never saw is measured by ``make bench NAME=feelings``.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from enishi.core.ai.embedding import Vectors


@dataclass(frozen=True)
class Felt:
    """One of the five feelings, and how sure the machine is of it (0 to 1)."""

    feeling: int
    sure: float


@functools.cache
def head() -> dict[str, Any]:
    """Middle of all sentences, five rows of weights, five offsets; as arrays."""
    import numpy as np

    kept = json.loads(files(__package__).joinpath("feelings.json").read_text("utf-8"))
    return {name: np.array(kept[name], dtype=np.float32) for name in ("middle", "weights", "offsets")}


def shares(vectors: Vectors) -> Any:
    """For each sentence the shares of the five feelings; they add up to one."""
    import numpy as np

    known = head()
    scores = (vectors - known["middle"]) @ known["weights"].T + known["offsets"]
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    return scores / scores.sum(axis=1, keepdims=True)


def felt(vectors: Vectors) -> list[Felt]:
    """The feeling of each sentence."""
    found = shares(vectors)
    return [Felt(int(row.argmax()) + 1, float(row.max())) for row in found]


def whole(vectors: Vectors) -> Felt | None:
    """The feeling of all sentences together: the one that most of them share."""
    if not len(vectors):
        return None
    mean = shares(vectors).mean(axis=0)
    return Felt(int(mean.argmax()) + 1, float(mean.max()))


def centred(vectors: Vectors) -> Vectors:
    """Vectors around the middle of all sentences: the model crowds everything into one corner."""
    import numpy as np

    moved = vectors - head()["middle"]
    result: Vectors = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    return result


__all__: Sequence[str] = ["Felt", "centred", "felt", "head", "shares", "whole"]

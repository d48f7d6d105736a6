"""What a whole text means, so that two can be compared, also across languages.

The model puts each language into a corner of its own; taking away the middle of a language puts what means the same together.
``languages.json`` holds those middles, written by ``python -m bench.train_feelings`` from one text in four languages; how often this
finds the same letter again is measured by ``make bench NAME=alike``.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from enishi.core.ai.embedding import Vectors

SAME_LANGUAGE, ACROSS = 0.75, 0.42
"""From here on half of the sentences on each side count as said on the other. Letters written apart stay below 0.6 and 0.35."""
MAYBE = 0.35
"""Whole texts that are farther apart are not compared sentence by sentence."""
STEPS = 127


@dataclass(frozen=True)
class Meant:
    """One text: the language it is nearest to, its sentences, and all of them together; vectors of length one."""

    language: str
    sentences: Vectors
    whole: Vectors

    def says_the_same(self, other: Meant) -> bool:
        enough = SAME_LANGUAGE if self.language == other.language else ACROSS
        return agreement(self.sentences, other.sentences) >= enough


@functools.cache
def _middles() -> tuple[list[str], Any]:
    import numpy as np

    kept = json.loads(files(__package__).joinpath("languages.json").read_text("utf-8"))
    return list(kept), np.array(list(kept.values()), dtype=np.float32)


def _unit(vectors: Any) -> Any:
    import numpy as np

    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def meant(vectors: Vectors) -> Meant:
    """What sentences mean that were embedded together; there is at least one."""
    names, middles = _middles()
    place = int((_unit(middles) @ _unit(vectors.mean(axis=0))).argmax())
    moved = _unit(vectors - middles[place])
    return Meant(names[place], moved, _unit(moved.mean(axis=0)))


def agreement(mine: Vectors, theirs: Vectors) -> float:
    """How near the nearest sentence of the other side is, for the middle one of the sentences, on the side that agrees less."""
    import numpy as np

    near = mine @ theirs.T
    return float(min(np.median(near.max(axis=1)), np.median(near.max(axis=0))))


def packed(sentences: Vectors) -> bytes:
    """One byte a number: a quarter of the room, and nothing is lost that a comparison could tell."""
    import numpy as np

    largest = np.maximum(np.abs(sentences).max(axis=1, keepdims=True), 1e-9)
    return bytes(np.round(sentences / largest * STEPS).astype(np.int8).tobytes())


def unpacked(kept: bytes) -> Vectors:
    import numpy as np

    from enishi.core.ai.embedding import DIMENSIONS

    found: Vectors = _unit(np.frombuffer(kept, dtype=np.int8).reshape(-1, DIMENSIONS).astype(np.float32))
    return found

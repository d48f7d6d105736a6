"""The letters that the figure is measured with, as somebody sends them."""

from __future__ import annotations

import tomllib
from pathlib import Path

FILE = Path(__file__).parents[2] / "bench/alike_data/letters.toml"
LETTERS = tomllib.loads(FILE.read_text("utf-8"))["letter"]
PUMPS, WALL, DUST, FILTERS, WELL = LETTERS[:5]

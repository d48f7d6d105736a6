"""Setting one paper in a process of its own, run by its path: standard input in, the PDF on standard output.

Typst keeps what it set last, 150 MB for a thousand rows, and gives it back only when its process ends.
"""

from __future__ import annotations

import json
import sys
from typing import Any

if __name__ == "__main__":
    import typst

    asked = json.load(sys.stdin.buffer)
    # Its types ask for an output of the same type as the input.
    compile: Any = typst.compile
    made = compile(
        asked["template"].encode(),
        sys_inputs={"paper": asked["paper"]},
        font_paths=asked["fonts"],
        ignore_system_fonts=True,
        timestamp=asked["timestamp"],
    )
    sys.stdout.buffer.write(made)

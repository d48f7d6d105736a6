"""Small numbers of people are not shown, nor any other from which they could be worked out."""

from __future__ import annotations

from collections.abc import Sequence

THRESHOLD = 5


def hidden(
    rows: Sequence[Sequence[int]], *, totals: bool = True, threshold: int = THRESHOLD
) -> set[tuple[int, int]]:
    """Which cells of a table of counts to hide, as (row, column).

    A count from 1 to below the threshold is hidden. Where ``totals`` of columns are shown and one cell alone is hidden in
    a column, or the hidden ones together make less than the threshold, the next smallest is hidden with it.
    """
    found = {
        (row, column)
        for row, counts in enumerate(rows)
        for column, count in enumerate(counts)
        if 0 < count < threshold
    }
    if not totals or not rows:
        return found
    for column in range(len(rows[0])):
        own = [row for row in range(len(rows)) if (row, column) in found]
        others = sorted(
            (rows[row][column], row) for row in range(len(rows)) if row not in own and rows[row][column] > 0
        )
        while own and others and (len(own) == 1 or sum(rows[row][column] for row in own) < threshold):
            _count, row = others.pop(0)
            own.append(row)
            found.add((row, column))
    return found

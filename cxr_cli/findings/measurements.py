"""Measurements in a sentence, "4 mm", "3 x 2.1 cm", and the findings that they belong to."""

import re
from bisect import bisect_left
from collections.abc import Iterator

from cxr_cli.findings.clauses.mention import Mention

_MEASUREMENT = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?)(?: ?(?:x|by) ?(\d+(?:\.\d+)?))? ?(mm|cm|millimeter|centimeter)")


def attach_sizes(plain: str, mentions: list[Mention]) -> None:
    """Gives each measurement to the finding nearest to it."""
    if not mentions or ("mm" not in plain and "cm" not in plain and "meter" not in plain):
        return
    starts = sorted((m.start, i) for i, m in enumerate(mentions))
    ends = sorted((m.end, i) for i, m in enumerate(mentions))
    for match in _MEASUREMENT.finditer(plain):
        scale = 10.0 if match[3][0] == "c" else 1.0
        size = max(float(n) for n in match.groups()[:2] if n) * scale
        _, nearest = min(*_nearest(starts, match.end()), *_nearest(ends, match.start()))
        mentions[nearest].size = size


def _nearest(places: list[tuple[int, int]], to: int) -> Iterator[tuple[int, int]]:
    """How far the next place on either side is, and whose it is. places: (place, whose), in order."""
    after = bisect_left(places, (to, 0))
    if after < len(places):
        yield places[after][0] - to, places[after][1]
    if after:
        before = places[bisect_left(places, (places[after - 1][0], 0))]
        yield to - before[0], before[1]

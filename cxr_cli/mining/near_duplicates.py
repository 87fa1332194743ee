"""Reports that say the same in nearly the same words.

with Reports() as reports:
    reports.near_duplicate("FINDINGS: The lungs are clear.", "a")    # None: it is new, and kept
    reports.near_duplicate("The lungs are clear", "b")               # "a"

The words of the sections that state findings are compared, without case, punctuation and blanks of de-identification,
as sets of three words in a row. Nearly the same: Jaccard's index, shared / all, is at least .9. In a report of 60 words
that is one word changed; a short one may differ in nothing. Templates of normal films are near-duplicates too, as they
should be.
"""

import math
import re
from array import array
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from zlib import crc32

from cxr_cli.findings.sections import WITHOUT_FINDINGS, sections
from cxr_cli.rows import Row, note
from cxr_cli.rows.temp_db import TempDb

IN_A_ROW = 3
LEAST_OVERLAP = 0.9
_REPORT_WORD = re.compile(r"[^\W_]+")
_STEP = 1.25  # from one class of sizes to the next
_MOST_PARTS = 256  # at most: of texts above some 2,000 words a near one may be missed, never one with the same words


class Reports(TempDb):
    """The distinct reports so far.

    No near-duplicate is missed: two sets that are near differ in at most d members, so if both are cut into d + 1
    parts by a hash of the member, one part at least is equal (Arasu et al., "Efficient exact set-similarity joins",
    VLDB 2006). The reports that share a part are looked up and compared. d depends on the size, so each class of sizes
    has its own.
    """

    def __init__(self) -> None:
        super().__init__(
            "create table kept(number integer primary key, name text, members blob);"
            "create table parts(part integer, number integer, primary key(part, number)) without rowid"
        )

    def near_duplicate(self, report: str, name: str) -> str | None:
        """The name of the first report kept that says nearly the same. None: there is none, and this one is kept.

        A report without words is no near-duplicate.
        """
        members = shingles(report)
        if not members:
            return None
        size = len(members)
        levels = range(_level(max(1, int(size * LEAST_OVERLAP))), _level(math.ceil(size / LEAST_OVERLAP)) + 1)
        parts = {level: _part_keys(members, level) for level in levels}
        every_part = [part for of_level in parts.values() for part in of_level]
        candidates = self.run(
            f"select distinct number, name, members from parts join kept using (number)"
            f" where part in ({','.join('?' * len(every_part))}) order by number",
            *every_part,
        )
        for _, kept_name, blob in candidates:
            other = frozenset(array("I", blob))
            shared = len(members & other)
            if shared / (size + len(other) - shared) >= LEAST_OVERLAP:
                return str(kept_name)
        insertion = self.run("insert into kept(name, members) values (?, ?)", name, array("I", members).tobytes())
        for part in parts[_level(size)]:
            self.run("insert into parts values (?, ?)", part, insertion.lastrowid)
        return None


def without_near_duplicates(rows: Iterable[Row]) -> Iterator[Row]:
    """The studies whose report no earlier one has; a note at the end says how many were dropped."""
    total = twins = 0
    with Reports() as reports:
        for row in rows:
            total += 1
            if reports.near_duplicate(row.get("report") or "", row["id"]) is None:
                yield row
            else:
                twins += 1
    note(f"{twins} of {total} studies dropped: an earlier one has nearly the same report")


def shingles(report: str) -> frozenset[int]:
    """The sets of words in a row, each as a number; a report of fewer words is one."""
    words = [
        word
        for section in sections(report)
        if section.name not in WITHOUT_FINDINGS
        for word in _REPORT_WORD.findall(report[section.start : section.end].lower())
        if word.strip("x")
    ]
    rows = range(max(1, len(words) - IN_A_ROW + 1)) if words else ()
    return frozenset(crc32(" ".join(words[i : i + IN_A_ROW]).encode()) for i in rows)


def _level(size: int) -> int:
    return int(math.log(size, _STEP))


def _part_keys(members: Iterable[int], level: int) -> set[int]:
    """The parts of a set as sets of this level are cut, each as a number."""
    count = min(_MOST_PARTS, int(_STEP ** (level + 1) * (1 - LEAST_OVERLAP) / LEAST_OVERLAP) + 1)
    parts = [array("I") for _ in range(count)]
    for member in sorted(members):
        parts[member % count].append(member)
    keys = (b"%d/%d/%s" % (level, place, part.tobytes()) for place, part in enumerate(parts))
    return {int.from_bytes(blake2b(key, digest_size=8).digest(), signed=True) for key in keys}

"""Which of all possible questions are asked. Draws depend on the seed and on ids, never on the order of the input."""

import difflib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from heapq import heappush, heappushpop
from tempfile import TemporaryFile

import msgspec

from cxr_cli.errors import CxrError, RowError
from cxr_cli.findings import Lexicon
from cxr_cli.mining.cases import Miner
from cxr_cli.rows import Row, for_each_row, note

Kept = list[tuple[int, int]]  # a heap of (-rank, place): the lowest ranks, the highest of them on top


def findings_named(text: str, lexicon: Lexicon) -> list[str]:
    """ "all": every finding worth a question; else names between commas, as labels or the lexicon have them."""
    if text.strip().lower() == "all":
        return [name for name, entry in lexicon.entries.items() if entry.answer]
    names = []
    for asked in filter(None, (part.strip() for part in text.split(","))):
        name = lexicon.find(asked)
        if name is None:
            close = "".join(f"; there is `{n}`" for n in difflib.get_close_matches(asked.lower(), lexicon.entries, n=1))
            raise CxrError(f"--findings: `{asked}` is no finding of the lexicon{close}")
        names.append(name)
    if not names:
        raise CxrError("--findings: no finding is named; `all` stands for all of the lexicon")
    return list(dict.fromkeys(names))


def apart(rows: Iterable[Row], files: Sequence[str]) -> Iterator[Row]:
    """The studies of patients of whom these files have no row; how many were left out is told at the end."""
    taken: set[str] = set()

    def take(row: Row) -> None:
        taken.update(filter(None, [row.get("patient")]))

    for_each_row(files, take)
    if not taken:
        raise CxrError(f"--apart-from {', '.join(files)}: no row names a patient")
    left_out = 0
    for row in rows:
        if row.get("patient") in taken:
            left_out += 1
        else:
            yield row
    note(f"{left_out} studies left out: their patients are in {', '.join(files)}")


def filmed(rows: Iterable[Row]) -> Iterator[Row]:
    """The studies that have a film; how many have none is told at the end."""
    without = 0
    for row in rows:
        if row.get("images"):
            yield row
        else:
            without += 1
    note(f"{without} studies left out: they have no film")


def per_finding(
    miner: Miner, count: int, rows: Iterable[Row], *, balance: bool, reject: Callable[[Row, str], None]
) -> Iterator[Row]:
    """Binary cases, `count` for each finding over all rows; balance: half of them Yes and half No, or fewer of both.

    A rank is a hash of seed, id and finding, and the lowest ranks are a fair sample. Memory holds only ranks and places
    of the sample, so it does not grow with the input; the rows wait in a temporary file.
    """
    names = miner.asker.names
    lowest: dict[tuple[str, str], Kept] = {(name, answer): [] for name in names for answer in ("Yes", "No")}
    with TemporaryFile() as waiting:
        for row in rows:
            try:
                study = miner.read(row)
            except RowError as error:
                reject(row, error.reason)
                continue
            place = waiting.tell()
            waiting.write(msgspec.json.encode(row) + b"\n")
            for name in names:
                if answer := miner.asker.answer(study, name):
                    kept, item = lowest[name, answer], (-_rank(miner.seed, row["id"], name), place)
                    heappush(kept, item) if len(kept) < count else heappushpop(kept, item)
        chosen: dict[int, list[str]] = defaultdict(list)
        for name in names:
            for place in _chosen(lowest[name, "Yes"], lowest[name, "No"], count, balance):
                chosen[place].append(name)
        for place in sorted(chosen):
            waiting.seek(place)
            row = msgspec.json.decode(waiting.readline())
            study = miner.read(row)
            yield from miner.binary(row, study, chosen[place])
    asked = [name for wanted in chosen.values() for name in wanted]
    if short := sum(asked.count(name) < count for name in names):
        note(f"{short} of {len(names)} findings have fewer than {count} cases")


def _chosen(yes: Kept, no: Kept, count: int, balance: bool) -> list[int]:
    yes, no = sorted(yes, reverse=True), sorted(no, reverse=True)
    half = min(count // 2, len(yes), len(no))
    kept = [*yes[:half], *no[:half]] if balance else sorted([*yes, *no], reverse=True)[:count]
    return [place for _, place in kept]


def _rank(seed: int, id: str, name: str) -> int:
    return int.from_bytes(blake2b(f"{seed}/{id}/{name}".encode(), digest_size=8).digest())

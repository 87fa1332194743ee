"""Which studies are asked about, and how often. Draws depend on the seed and on ids, never on the input's order."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from heapq import heappush, heappushpop

from cxr_cli.errors import CxrError
from cxr_cli.mining.cases import Miner
from cxr_cli.rows import Row, note
from cxr_cli.rows.files import json_text
from cxr_cli.sources import for_each_row
from cxr_cli.tasks.task import Task

_BINARY_ANSWERS = ("Yes", "No")
Answers = list[str | None]  # to the question about each finding; None: it cannot be asked
Sample = list[tuple[int, int]]  # a heap of (-rank, offset): the lowest ranks, the highest of them on top


def without_patients_of(files: Sequence[str], rows: Iterable[Row]) -> Iterator[Row]:
    """The studies of patients of whom these files have no row; a note at the end says how many were left out."""
    patients: set[str] = set()

    def add_patient(row: Row) -> None:
        patients.update(filter(None, [row.get("patient")]))

    for_each_row(files, add_patient)
    if not patients:
        raise CxrError(f"--apart-from {', '.join(files)}: no row names a patient")
    left_out = 0
    for row in rows:
        if row.get("patient") in patients:
            left_out += 1
        else:
            yield row
    note(f"{left_out} studies left out: their patients are in {', '.join(files)}")


def with_films(rows: Iterable[Row]) -> Iterator[Row]:
    """The studies that have a film; a note at the end says how many have none."""
    left_out = 0
    for row in rows:
        if row.get("images"):
            yield row
        else:
            left_out += 1
    note(f"{left_out} studies left out: they have no film")


def sample_per_finding(
    miner: Miner,
    count: int,
    rows: Iterator[Row],
    each: Callable[[Callable[[Row], Answers], Iterator[Row]], Iterator[tuple[Row, Answers]]],
    *,
    balance: bool,
) -> Iterator[Row]:
    """Cases of the miner's tasks that ask about one finding at a time: `count` for each finding over all rows.

    each: gives the rows with what a function makes of them, as `Flow.each`. balance: half of the cases Yes and half No,
    or fewer of both.

    A rank is a hash of seed, id and finding, and the lowest ranks are a fair sample. Memory holds only ranks and
    offsets of the sample, so it does not grow with the input; the rows wait in a temporary file.
    """
    from tempfile import TemporaryFile

    writer = miner.writer
    targets = [(task, name) for task in miner.tasks if task.per_finding for name in writer.names]
    samples: dict[tuple[Task, str, str], Sample] = {
        (*target, answer): [] for target in targets for answer in _BINARY_ANSWERS
    }
    with TemporaryFile() as file:

        def answers(row: Row) -> Answers:
            study = miner.read(row)
            return [writer.yes_or_no(study, name) for _, name in targets]

        for row, row_answers in each(answers, rows):
            offset = file.tell()
            file.write(json_text.encode(row) + b"\n")
            for (task, name), answer in zip(targets, row_answers, strict=True):
                if answer:
                    sample, item = samples[task, name, answer], (-_draw_rank(miner.seed, row["id"], name), offset)
                    heappush(sample, item) if len(sample) < count else heappushpop(sample, item)
        targets_at: dict[int, list[tuple[Task, str]]] = defaultdict(list)
        for target in targets:
            yes, no = (samples[(*target, answer)] for answer in _BINARY_ANSWERS)
            for offset in _offsets(yes, no, count, balance):
                targets_at[offset].append(target)
        for offset in sorted(targets_at):
            file.seek(offset)
            row = json_text.decode(file.readline())
            study = miner.read(row)
            for task, name in targets_at[offset]:
                if question := task.question(study, name, writer):
                    yield miner.case(row, study, task, question)
    cases = Counter(target for at_offset in targets_at.values() for target in at_offset)
    full = count // 2 * 2 if balance else count
    if short := {name for task, name in targets if cases[task, name] < full}:
        note(f"{len(short)} of {len(writer.names)} findings have fewer than {full} cases")


def _offsets(yes: Sample, no: Sample, count: int, balance: bool) -> list[int]:
    """The offsets of one finding's sample of rows."""
    yes, no = sorted(yes, reverse=True), sorted(no, reverse=True)
    half = min(count // 2, len(yes), len(no))
    sample = [*yes[:half], *no[:half]] if balance else sorted([*yes, *no], reverse=True)[:count]
    return [offset for _, offset in sample]


def _draw_rank(seed: int, id: str, name: str) -> int:
    return int.from_bytes(blake2b(f"{seed}/{id}/{name}".encode(), digest_size=8).digest())

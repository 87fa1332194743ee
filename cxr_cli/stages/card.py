"""The stage `cxr card`: reads the cases of several splits and writes a folder with their data card."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cxr_cli.card.counts import Split
from cxr_cli.card.leaks import NO_LEAK, SplitIndex
from cxr_cli.card.plot import draw_counts
from cxr_cli.card.readme import leak_table, readme
from cxr_cli.errors import CxrError
from cxr_cli.mining.near_duplicates import Reports
from cxr_cli.records import ScoredCase
from cxr_cli.rows import Row, note, write_text
from cxr_cli.rows.output.part_file import check_replaceable
from cxr_cli.rows.output.writing import WholeFile
from cxr_cli.scoring.tables.table import Document
from cxr_cli.scoring.tables.text import as_text
from cxr_cli.sources import for_each_row

PLOT = "distribution"


@dataclass(frozen=True)
class CardOptions:
    """inputs: (split, file); if the split is None, each row names its own. folder: where the card goes. root: the
    folder of the films, which are then compared by their bytes. all_findings: list those too that occur in no row."""

    inputs: Sequence[tuple[str | None, str]]
    folder: Path
    root: Path | None = None
    overwrite: bool = False
    all_findings: bool = False


def run(options: CardOptions) -> None:
    """Writes the card; then raises CxrError if the splits leak."""
    folder = options.folder
    check_replaceable(folder / "README.md", options.overwrite)
    with Reports() as reports, SplitIndex(reports, options.root) as index:
        splits = _read_splits(options.inputs, index)
        rows = sum(split.fingerprint.rows for split in splits)
        if not rows:
            raise CxrError("no rows to make a card of")
        overlaps = list(index.overlaps(split.name for split in splits))
        folder.mkdir(parents=True, exist_ok=True)
        plot = draw_counts(splits, folder / PLOT)
        with WholeFile(folder / "README.md") as file:
            file.write(readme(splits, index, overlaps, plot, options.all_findings))
    note(f"{rows:,} rows of {', '.join(split.name for split in splits)} -> {folder / 'README.md'}")
    if overlaps:
        write_text(as_text(Document(leak_table(overlaps))).rstrip("\n"))
    leaks: Counter[str] = Counter()
    for overlap in overlaps:
        leaks[overlap.kind] += overlap.n
    del leaks[NO_LEAK]
    if leaks:
        counts = ", ".join(f"{kind}s {n:,}" for kind, n in leaks.items())
        raise CxrError(f"the splits leak: {counts}; keep each patient in one split")


def _read_splits(inputs: Iterable[tuple[str | None, str]], index: SplitIndex) -> list[Split]:
    """The splits, in the order in which they come; `index` takes in their rows."""
    splits: dict[str, Split] = {}
    for split_name, path in inputs:
        if split_name:
            splits.setdefault(split_name, Split(split_name))

        def count(row: Row, split_name: str | None = split_name) -> None:
            name = split_name or row.get("split") or "no split"
            splits.setdefault(name, Split(name)).add(row)
            index.add(row, name)

        for_each_row([path], count, ScoredCase)
    return [*splits.values()]

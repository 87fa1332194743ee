"""The stage `cxr card`: cases of several splits in, a folder with their card out."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from cxr_cli.card.counts import Split
from cxr_cli.card.leaks import TOLD, Facts
from cxr_cli.card.page import leak_rows, page
from cxr_cli.card.picture import draw
from cxr_cli.duplicates import Reports
from cxr_cli.errors import CxrError
from cxr_cli.records import Scored
from cxr_cli.rows import Flow, Row, note, write_text

PICTURE = "distribution"


def run(inputs: Iterable[tuple[str | None, str]], folder: Path, root: Path | None, overwrite: bool) -> None:
    """inputs: the name of a split, None where rows name it, and its file. root: the folder of the films.

    Writes the card first; then CxrError if the splits leak.
    """
    if (folder / "README.md").exists() and not overwrite:
        raise CxrError(f"{folder / 'README.md'} exists: --overwrite replaces it")
    splits: dict[str, Split] = {}
    with Reports() as reports, Facts(reports, root) as facts:
        for name, path in inputs:
            if name:
                splits.setdefault(name, Split(name))

            def count(row: Row, name: str | None = name) -> tuple[()]:
                split = name or row.get("split") or "no split"
                splits.setdefault(split, Split(split)).add(row)
                facts.add(row, split)
                return ()

            Flow([path], dry=True).run(count, Scored)
        rows = sum(split.fingerprint.rows for split in splits.values())
        if not rows:
            raise CxrError("no rows: there is nothing to make a card of")
        shared = list(facts.shared(splits))
        folder.mkdir(parents=True, exist_ok=True)
        draw([*splits.values()], folder / PICTURE)
        (folder / "README.md").write_text(page([*splits.values()], facts, shared, f"{PICTURE}.png"))
    note(f"{rows:,} rows of {', '.join(splits)} -> {folder / 'README.md'}")
    if shared:
        write_text(_aligned(leak_rows(shared)))
    leaks: Counter[str] = Counter()
    for one in shared:
        leaks[one.kind] += one.n
    del leaks[TOLD]
    if leaks:
        told = ", ".join(f"{kind}s {n:,}" for kind, n in leaks.items())
        raise CxrError(f"the splits leak: {told}; keep each patient in one split")


def _aligned(rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )

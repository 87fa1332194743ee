"""A table, and the document that holds it beside the same numbers for programs."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class FootEntry(NamedTuple):
    """A sentence below a table that has columns: a name, numbers, a text. widths: of all cells but the last.

    ("empty predictions", "3", "1 of them got credit"); (21, 5)
    """

    cells: Sequence[str]
    widths: Sequence[int]

    def sentence(self) -> str:
        """Without columns, for Markdown and LaTeX: "  empty predictions (3): 1 of them got credit"."""
        name, *numbers, text = self.cells
        return f"  {name}{''.join(f' ({number})' for number in numbers)}: {text}"


class Table(NamedTuple):
    """Cells are texts. A name that repeats the one above it is printed once.

    names: the number of columns on the left that hold names. stacked: in text the first name has a line of its own
    above the second. left: columns behind the names that are aligned left, as names are; others are aligned right.
    spans: a head above the head: names of groups of columns, from the first column behind the names on, and sizes.

    bold: (line, column) in `body`; bold_meaning: what bold says. foot: blocks of sentences; one that starts with a
    blank belongs to the one above it. signatures: lines at the end that are not wrapped. empty: what is printed for an
    empty body.
    """

    head: Sequence[str]
    body: Sequence[Sequence[str]]
    names: int = 0
    stacked: bool = False
    left: frozenset[int] = frozenset()
    spans: Sequence[tuple[str, int]] = ()
    bold: frozenset[tuple[int, int]] = frozenset()
    bold_meaning: str = ""
    foot: Sequence[Sequence[str | FootEntry]] = ()
    signatures: Sequence[str] = ()
    empty: str = "no scores"

    def without_repeats(self) -> list[list[str]]:
        """The body; a name is left out where it and all names left of it equal those above. The last name stays."""
        lines: list[list[str]] = []
        above: Sequence[str] = ()
        for line in self.body:
            repeats = [line[: j + 1] == above[: j + 1] for j in range(self.names - 1)]
            names = ["" if repeat else name for repeat, name in zip(repeats, line, strict=False)]
            lines.append([*names, *line[len(names) :]])
            above = line
        return lines

    def sentences(self) -> list[str]:
        """The foot as a list: what bold means, then all blocks."""
        foot = [part for block in self.foot for part in block]
        meaning = [f"bold: {self.bold_meaning}"] if self.bold else []
        return [*meaning, *(part.sentence() if isinstance(part, FootEntry) else part for part in foot)]


class Document(NamedTuple):
    """table: for people. records: for a spreadsheet, a dict a line, with the keys `columns`. data: for a program."""

    table: Table
    columns: Sequence[str] = ()
    records: Sequence[Mapping[str, Any]] = ()
    data: Mapping[str, Any] = {}

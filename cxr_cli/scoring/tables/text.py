"""Tables for a terminal: columns in line, names on the left, numbers on the right, bold as a star."""

from collections.abc import Container, Sequence
from textwrap import wrap

from cxr_cli.scoring.tables.table import Document, FootEntry, Table

_COLUMN_GAP = "  "
_WIDTH = 100


def as_text(document: Document) -> str:
    """The table, and its foot in lines of at most 100 characters."""
    table = document.table
    out = _table_lines(table) if table.body else [table.empty]
    for block in [[f"*: {table.bold_meaning}"] if table.bold else [], *table.foot]:
        out += ["", *(line for part in block for line in _foot_lines(part))] if block else []
    return "\n".join([*out, *table.signatures]) + "\n"


def _table_lines(table: Table) -> list[str]:
    """The head and the body; each stacked name has a line of its own."""
    rows = [[*table.head], *table.without_repeats()]
    starred = {column for _, column in table.bold}
    for i, row in enumerate(rows):
        for j in starred:
            row[j] += "*" if (i - 1, j) in table.bold else " "
    stacks = [""] * len(rows)
    if table.stacked:
        stacks = ["", *(row[0] for row in rows[1:])]
        rows = [[rows[0][0], *rows[0][2:]], *([row[1] and f"  {row[1]}", *row[2:]] for row in rows[1:])]
    names = table.names - table.stacked
    left = {*range(names), *(column - table.stacked for column in table.left)}
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    out = [_aligned(*_span_cells(table, names, widths), left)] if table.spans else []
    for stack, row in zip(stacks, rows, strict=True):
        out += [stack] if stack else []
        out.append(_aligned(row, widths, left))
    return out


def _aligned(cells: Sequence[str], widths: Sequence[int], left: Container[int]) -> str:
    """left: the columns that are aligned left."""
    texts = enumerate(zip(cells, widths, strict=True))
    return _COLUMN_GAP.join(
        text.ljust(width) if i in left else text.rjust(width) for i, (text, width) in texts
    ).rstrip()


def _span_cells(table: Table, names: int, widths: Sequence[int]) -> tuple[list[str], list[int]]:
    """The cells of the head above the head, and their widths."""
    cells, span_widths, start = [""] * names, [*widths[:names]], names
    for name, columns in table.spans:
        width = sum(widths[start : start + columns]) + len(_COLUMN_GAP) * (columns - 1)
        cells.append(f" {name} ".center(width, "-"))
        span_widths.append(width)
        start += columns
    return cells, span_widths


def _foot_lines(part: str | FootEntry) -> list[str]:
    if isinstance(part, str):
        return wrap(part, _WIDTH, subsequent_indent="    ")
    return [_COLUMN_GAP + _aligned(part.cells, [*part.widths, 0], {0, len(part.widths)})]

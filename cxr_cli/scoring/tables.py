r"""One table, in the shapes in which people read and print it.

task    metric     mean        | task | metric | mean |         \begin{tabular}{llr}
binary  accuracy  0.761        | :-- | :-- | --: |              ..
                               | binary | accuracy | 0.761 |    binary & accuracy & 0.761 \\

Each name on the left is said once. Bold is `*` in text.
"""

from collections.abc import Callable, Container, Sequence
from textwrap import wrap
from typing import NamedTuple, TypeVar

T = TypeVar("T")
_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    **{sign: rf"\{sign}" for sign in "&%$#_{}"},
}


class Table(NamedTuple):
    """names: so many columns on the left are names. spans: heads above the head, from the first column behind the names
    on, each with its number of columns.

    bold: (line, column) in `body`; bolded: what it means. foot: blocks of sentences. signed: lines not to be broken.
    """

    head: Sequence[str]
    body: Sequence[Sequence[str]]
    names: int
    spans: Sequence[tuple[str, int]] = ()
    bold: frozenset[tuple[int, int]] = frozenset()
    bolded: str = ""
    foot: Sequence[Sequence[str]] = ()
    signed: Sequence[str] = ()


def as_text(table: Table) -> str:
    """For a terminal: columns in line; sentences within 100."""
    marked = {column for _, column in table.bold}
    lines = [[*table.head], *_once(table)]
    for i, line in enumerate(lines):
        for j in marked:
            line[j] += "*" if (i - 1, j) in table.bold else " "
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    left = range(table.names)
    out = [in_line(line, widths, left) for line in lines] if table.body else ["no scores"]
    if table.spans and table.body:
        out.insert(0, in_line(*_spanned(table, widths), left))
    for block in _foot(table, "*"):
        out += ["", *(part for sentence in block for part in wrap(sentence, 100, subsequent_indent="    "))]
    return "\n".join([*out, *table.signed]) + "\n"


def as_markdown(table: Table) -> str:
    """A pipe table, and the foot as a list below it."""
    spans = [name for name, columns in table.spans for _ in range(columns)]
    above = [""] * (len(table.head) - len(spans)) + spans
    head = [f"{group} {name}".strip() for group, name in zip(above, table.head, strict=True)]
    rule = [":--" if j < table.names else "--:" for j in range(len(head))]
    body = [
        [f"**{_piped(cell)}**" if (i, j) in table.bold else _piped(cell) for j, cell in enumerate(line)]
        for i, line in enumerate(_once(table))
    ]
    lines = [f"| {' | '.join(line)} |" for line in [[*map(_piped, head)], rule, *body]]
    notes = [
        f"{'  ' if sentence.startswith(' ') else ''}- {_piped(sentence.strip())}"
        for block in _foot(table, "bold")
        for sentence in block
    ]
    return "\n".join([*lines, "", *notes, *(f"- `{line}`" for line in table.signed)]) + "\n"


def as_latex(table: Table) -> str:
    """For a paper: booktabs, a rule where the first name changes, the foot in small print, signatures as comments."""
    values = len(table.head) - table.names
    out = [r"% \usepackage{booktabs}", rf"\begin{{tabular}}{{{'l' * table.names}{'r' * values}}}", r"\toprule"]
    if table.spans:
        cells = [rf"\multicolumn{{{columns}}}{{c}}{{{escaped(name)}}}" for name, columns in table.spans]
        out.append("& " * table.names + " & ".join(cells) + r" \\")
        ends = [sum(columns for _, columns in table.spans[: i + 1]) + table.names for i in range(len(table.spans))]
        pairs = zip(ends, table.spans, strict=True)
        out.append("".join(rf"\cmidrule(lr){{{end - columns + 1}-{end}}}" for end, (_, columns) in pairs))
    out += [" & ".join(map(escaped, table.head)) + r" \\"]
    for i, line in enumerate(_once(table)):
        cells = [rf"\textbf{{{escaped(c)}}}" if (i, j) in table.bold else escaped(c) for j, c in enumerate(line)]
        out += [r"\midrule"] * bool(i == 0 or line[0])
        out.append("{}" * cells[0].startswith("[") + " & ".join(cells) + r" \\")  # \\ [ would be a length
    out += [r"\bottomrule", r"\end{tabular}"]
    out += [rf"\par{{\footnotesize {escaped(s.strip())}\par}}" for block in _foot(table, "bold") for s in block]
    return "\n".join([*out, *(f"% {line}" for line in table.signed)]) + "\n"


def shapes(
    table: Callable[[T], Table], as_csv: Callable[[T], str], as_json: Callable[[T], str]
) -> dict[str, Callable[[T], str]]:
    """All shapes of something that can be shown as a table."""
    return {
        "table": lambda shown: as_text(table(shown)),
        "markdown": lambda shown: as_markdown(table(shown)),
        "latex": lambda shown: as_latex(table(shown)),
        "csv": as_csv,
        "json": as_json,
    }


def escaped(text: str) -> str:
    r"""`a_b & 5 %` as LaTeX reads it: `a\_b \& 5 \%`."""
    return "".join(_LATEX.get(sign, sign) for sign in text)


def _piped(text: str) -> str:
    """Markdown's own signs as plain ones."""
    return "".join(rf"\{sign}" if sign in r"\|*`<" else sign for sign in text)


def _foot(table: Table, mark: str) -> list[list[str]]:
    meaning = [[f"{mark}: {table.bolded}"]] if table.bold else []
    return [*meaning, *([*block] for block in table.foot if block)]


def _once(table: Table) -> list[list[str]]:
    """The body, with a name left out where it and all left of it are those above; the last name always stands."""
    lines: list[list[str]] = []
    above: Sequence[str] = ()
    for line in table.body:
        same = [line[: j + 1] == above[: j + 1] for j in range(table.names - 1)]
        lines.append([*("" if s else name for s, name in zip(same, line, strict=False)), *line[len(same) :]])
        above = line
    return lines


def in_line(cells: Sequence[str], widths: Sequence[int], left: Container[int]) -> str:
    """A line of a table for a terminal. left: the columns that stand on the left; numbers stand on the right."""
    texts = enumerate(zip(cells, widths, strict=True))
    return "  ".join(text.ljust(width) if i in left else text.rjust(width) for i, (text, width) in texts).rstrip()


def _spanned(table: Table, widths: Sequence[int]) -> tuple[list[str], list[int]]:
    """The head above the head, as cells and their widths."""
    cells, wide, start = [""] * table.names, [*widths[: table.names]], table.names
    for name, columns in table.spans:
        width = sum(widths[start : start + columns]) + 2 * (columns - 1)
        cells.append(f" {name} ".center(width, "-"))
        wide.append(width)
        start += columns
    return cells, wide

"""Tables for a paper: LaTeX with booktabs, the foot in small print, signatures as comments."""

from cxr_cli.scoring.tables.table import Document, Table

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    **{sign: rf"\{sign}" for sign in "&%$#_{}"},
}


def as_latex(document: Document) -> str:
    """A rule stands where the first name changes."""
    table = document.table
    left = {*range(table.names), *table.left}
    columns = "".join("l" if j in left else "r" for j in range(len(table.head)))
    out = [r"% \usepackage{booktabs}", rf"\begin{{tabular}}{{{columns}}}", r"\toprule", *_span_lines(table)]
    out += [" & ".join(map(escape_latex, table.head)) + r" \\"]
    for i, line in enumerate(table.without_repeats()):
        cells = [
            rf"\textbf{{{escape_latex(c)}}}" if (i, j) in table.bold else escape_latex(c) for j, c in enumerate(line)
        ]
        out += [r"\midrule"] * bool(i == 0 or (table.names and line[0]))
        out.append("{}" * cells[0].startswith("[") + " & ".join(cells) + r" \\")  # \\ [ would be a length
    out += [r"\bottomrule", r"\end{tabular}"]
    out += [rf"\par{{\footnotesize {escape_latex(sentence.strip())}\par}}" for sentence in table.sentences()]
    return "\n".join([*out, *(f"% {line}" for line in table.signatures)]) + "\n"


def _span_lines(table: Table) -> list[str]:
    """The head above the head, with a rule below each of its names."""
    if not table.spans:
        return []
    cells = [rf"\multicolumn{{{columns}}}{{c}}{{{escape_latex(name)}}}" for name, columns in table.spans]
    rules, end = "", table.names
    for _, columns in table.spans:
        rules += rf"\cmidrule(lr){{{end + 1}-{end + columns}}}"
        end += columns
    return ["& " * table.names + " & ".join(cells) + r" \\", rules]


def escape_latex(text: str) -> str:
    r"""`a_b & 5 %` as LaTeX reads it: `a\_b \& 5 \%`."""
    return "".join(_ESCAPES.get(sign, sign) for sign in text)

"""Tables in Markdown: pipe tables, and the foot as a list below."""

import re
from collections.abc import Iterable, Sequence

from cxr_cli.scoring.tables.table import Document

_MARKDOWN_SIGNS = re.compile(r"[\\|*`<&~\[\]]|(?<!\w)_|_(?!\w)")
_INTERVAL = re.compile(r"\[[-\d., ]+\]")
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+"
)  # line breaks, controls, turns of direction


def as_markdown(document: Document) -> str:
    table = document.table
    spans = [name for name, columns in table.spans for _ in range(columns)]
    above = [""] * (len(table.head) - len(spans)) + spans
    head = [escape_markdown(f"{group} {name}".strip()) for group, name in zip(above, table.head, strict=True)]
    left = {*range(table.names), *table.left}
    body = [
        [f"**{_cell(cell)}**" if (i, j) in table.bold else _cell(cell) for j, cell in enumerate(line)]
        for i, line in enumerate(table.without_repeats())
    ]
    rules = [":--" if j in left else "--:" for j in range(len(head))]
    foot = [f"{'  ' if text.startswith(' ') else ''}- {escape_markdown(text.strip())}" for text in table.sentences()]
    signatures = [f"- {code_span(line)}" for line in table.signatures]
    return "\n".join([*pipe_table(head, rules, body), "", *foot, *signatures]) + "\n"


def _cell(text: str) -> str:
    return text if _INTERVAL.fullmatch(text) else escape_markdown(text)


def pipe_table(head: Sequence[str], rules: Sequence[str], body: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a pipe table. Cells are Markdown already; rules: ":--", "--:" or "---" for each column."""
    return [f"| {' | '.join(line)} |" for line in [head, rules, *body]]


def escape_markdown(text: str) -> str:
    """Markdown that shows this very text, in one line: no HTML, no link, no image."""
    return _MARKDOWN_SIGNS.sub(r"\\\g<0>", _UNSEEN.sub(" ", text))


def code_span(text: str) -> str:
    """The text as code, whatever backticks it holds."""
    text = _UNSEEN.sub(" ", text)
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    blank = " " if "`" in text else ""
    return f"{fence}{blank}{text}{blank}{fence}"

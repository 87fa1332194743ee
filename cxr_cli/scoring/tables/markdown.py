"""Tables in Markdown: pipe tables, and the foot as a list below."""

from collections.abc import Iterable, Sequence

from cxr_cli.scoring.tables.table import Document

_MARKDOWN_SIGNS = r"\|*`<"


def as_markdown(document: Document) -> str:
    table = document.table
    spans = [name for name, columns in table.spans for _ in range(columns)]
    above = [""] * (len(table.head) - len(spans)) + spans
    head = [escape_markdown(f"{group} {name}".strip()) for group, name in zip(above, table.head, strict=True)]
    left = {*range(table.names), *table.left}
    body = [
        [
            f"**{escape_markdown(cell)}**" if (i, j) in table.bold else escape_markdown(cell)
            for j, cell in enumerate(line)
        ]
        for i, line in enumerate(table.without_repeats())
    ]
    rules = [":--" if j in left else "--:" for j in range(len(head))]
    foot = [f"{'  ' if text.startswith(' ') else ''}- {escape_markdown(text.strip())}" for text in table.sentences()]
    signatures = [f"- `{line}`" for line in table.signatures]
    return "\n".join([*pipe_table(head, rules, body), "", *foot, *signatures]) + "\n"


def pipe_table(head: Sequence[str], rules: Sequence[str], body: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a pipe table. Cells are Markdown already; rules: ":--", "--:" or "---" for each column."""
    return [f"| {' | '.join(line)} |" for line in [head, rules, *body]]


def escape_markdown(text: str) -> str:
    """Markdown that shows this very text."""
    return "".join(rf"\{sign}" if sign in _MARKDOWN_SIGNS else sign for sign in text)

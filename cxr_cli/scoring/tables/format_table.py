r"""The printer of all tables. Summaries, comparisons, recounts, audits and leaks give it their columns and lines.

task    metric     mean        | task | metric | mean |         \begin{tabular}{llr}
binary  accuracy  0.761        | :-- | :-- | --: |              ..
                               | binary | accuracy | 0.761 |    binary & accuracy & 0.761 \\

A format is a function of a Document that returns text, and a line in FORMATS; `cxr score --format` offers them all.
"""

from cxr_cli.registry import Registry
from cxr_cli.scoring.tables.table import Document

FORMATS = Registry(
    {
        "table": "cxr_cli.scoring.tables.text:as_text",
        "markdown": "cxr_cli.scoring.tables.markdown:as_markdown",
        "latex": "cxr_cli.scoring.tables.latex:as_latex",
        "csv": "cxr_cli.scoring.tables.data:as_csv",
        "json": "cxr_cli.scoring.tables.data:as_json",
    }
)


def formatted(document: Document, format: str) -> str:
    """The document in one of FORMATS; ends with a line break."""
    text: str = FORMATS.load(format)(document)
    return text

"""Tables: what each format prints, and a format of one's own from the command line."""

import subprocess
import sys
from pathlib import Path

from cxr_cli.scoring.tables.format_table import formatted
from cxr_cli.scoring.tables.table import Document, FootEntry, Table
from tests.scoring.summaries.test_compare import written

DOCUMENT = Document(
    table=Table(
        head=["task", "model", "metric", "mean", "mostly"],
        body=[
            ["air", "a_1", "accuracy", "0.500", "empty"],
            ["air", "a_1", "format", "-", ""],
            ["bone", "b", "x", "1", ""],
        ],
        names=3,
        stacked=True,
        left=frozenset({4}),
        foot=[["in the files:", FootEntry(("empty", "3", "no text at all"), (7, 4))], [], ["2 rows"]],
        signatures=["scored_by: rules"],
    ),
    columns=["task", "mean"],
    records=[{"task": "air", "mean": 0.5}, {"task": "bone, foot", "mean": None}],
    data={"rows": 2, "signature": "é"},
)


def test_text_with_stacked_names() -> None:
    assert formatted(DOCUMENT, "table") == (
        "task   metric     mean  mostly\n"
        "air\n"
        "  a_1  accuracy  0.500  empty\n"
        "       format        -\n"
        "bone\n"
        "  b    x             1\n"
        "\n"
        "in the files:\n"
        "  empty       3  no text at all\n"
        "\n"
        "2 rows\n"
        "scored_by: rules\n"
    )


def test_markdown() -> None:
    assert formatted(DOCUMENT, "markdown") == (
        "| task | model | metric | mean | mostly |\n"
        "| :-- | :-- | :-- | --: | :-- |\n"
        "| air | a_1 | accuracy | 0.500 | empty |\n"
        "|  |  | format | - |  |\n"
        "| bone | b | x | 1 |  |\n"
        "\n"
        "- in the files:\n"
        "  - empty (3): no text at all\n"
        "- 2 rows\n"
        "- `scored_by: rules`\n"
    )


def test_latex() -> None:
    assert formatted(DOCUMENT, "latex").splitlines() == [
        r"% \usepackage{booktabs}",
        r"\begin{tabular}{lllrl}",
        r"\toprule",
        r"task & model & metric & mean & mostly \\",
        r"\midrule",
        r"air & a\_1 & accuracy & 0.500 & empty \\",
        r" &  & format & - &  \\",
        r"\midrule",
        r"bone & b & x & 1 &  \\",
        r"\bottomrule",
        r"\end{tabular}",
        r"\par{\footnotesize in the files:\par}",
        r"\par{\footnotesize empty (3): no text at all\par}",
        r"\par{\footnotesize 2 rows\par}",
        "% scored_by: rules",
    ]


def test_csv_and_json() -> None:
    assert formatted(DOCUMENT, "csv") == 'task,mean\nair,0.5\n"bone, foot",\n'
    assert formatted(DOCUMENT, "json") == '{\n  "rows": 2,\n  "signature": "é"\n}\n'


def test_an_empty_table() -> None:
    table = Table(["task"], [], names=1, empty="no results", foot=[["0 rows"]])
    assert formatted(Document(table), "table") == "no results\n\n0 rows\n"


def test_names_are_printed_once_and_the_last_one_always() -> None:
    body = [["a", "x", "1"], ["a", "x", "2"], ["a", "y", "3"], ["b", "y", "4"], ["a", "y", "5"]]
    assert Table(["", "", ""], body, names=2).without_repeats() == [
        ["a", "x", "1"],
        ["", "x", "2"],
        ["", "y", "3"],
        ["b", "y", "4"],
        ["a", "y", "5"],
    ]
    assert Table(["", "", ""], body).without_repeats() == body


def test_a_format_of_ones_own(tmp_path: Path) -> None:
    """A function of a Document and a line in FORMATS, as CONTRIBUTING.md says; `--format` then offers it."""
    written(tmp_path / "a.jsonl", 3, 4)
    (tmp_path / "html.py").write_text(
        "def as_html(document):\n"
        "    rows = [document.table.head, *document.table.body]\n"
        "    return ''.join('<tr>' + ''.join(f'<td>{cell}</td>' for cell in row) + '</tr>\\n' for row in rows)\n"
    )
    (tmp_path / "tool.py").write_text(
        "from cxr_cli.scoring.tables.format_table import FORMATS\n"
        "FORMATS['html'] = 'html:as_html'\n"
        "from cxr_cli.cli import main\n"
        "main()\n"
    )

    def tool(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "tool.py", "score", "a.jsonl", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600)

    done = tool("--summary", "--format", "html")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1].startswith(
        "<tr><td>binary</td><td>accuracy</td><td>4</td><td>0</td><td>0.750</td>"
    )
    assert "html" in tool("--help").stdout
    assert tool("--summary", "--format", "htm").returncode == 2

"""The card as the README.md of a folder."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from cxr_cli.card.counts import Split
from cxr_cli.card.leaks import NO_LEAK, OVERLAP_KINDS, Overlap, SplitIndex
from cxr_cli.scoring.tables.markdown import code_span, escape_markdown, pipe_table
from cxr_cli.scoring.tables.table import Table
from cxr_cli.version import __version__

LENGTHS = ("words of a report", "words of a question", "steps of a question", "words of all its steps")
MOST_ANSWERS = 12  # of a task, by name


def readme(
    splits: Sequence[Split],
    index: SplitIndex,
    overlaps: Sequence[Overlap],
    plot: str | None,
    all_findings: bool = False,
) -> str:
    """plot: the file beside it; None where there is none. all_findings: those too that occur in no row."""
    names = [escape_markdown(split.name) for split in splits]
    findings = findings_by_frequency(splits)
    occurring = [name for name in findings if any(name in split.occurring for split in splits)]
    parts = [
        "# Data card",
        "**For research. It makes no diagnosis and must not be used for one.** "
        "What is in *italics* is for you to fill in.",
        _pipes(["", *names], _overview(splits, index)),
        "The fingerprint names the questions, options, answers and films, in any order: `cxr score --summary` prints"
        " it as `set`.",
        *([f"![Questions by task and by finding]({plot})"] if plot else []),
        "## Sources",
        _count_table("source", splits, lambda split: split.sources),
        "## Tasks",
        _count_table("task", splits, lambda split: split.tasks),
        "## Findings",
        "yes / no: answers to binary questions; other: questions of other tasks about the finding.",
        _pipes(
            ["finding", *(f"{name}: yes / no / other" for name in names)],
            _finding_lines(splits, findings if all_findings else occurring),
        ),
        *([] if all_findings or not (rest := len(findings) - len(occurring)) else [_absent_findings(rest)]),
        "## Answers",
        _pipes(["task", "answer", *names], _answers(splits)),
        "## Leaks",
        _leaks(names, overlaps),
        "## How it was made",
        "\n".join(f"- {code_span(by)}" for by in dict.fromkeys(by for split in splits for by in split.made_by))
        or "*The rows do not say.*",
        "## Licences",
        "Films and reports may be passed on only under the terms of their source.",
        _pipes(
            ["source", "licence", "who may have it"],
            [[escape_markdown(name), "*licence*", "*terms*"] for name in _source_names(splits)],
        ),
        f"Written by `cxr card`, version {__version__}.",
    ]
    return "\n\n".join(parts) + "\n"


def leak_table(overlaps: Iterable[Overlap]) -> Table:
    """A line for each kind that two splits share."""
    body = []
    for overlap in overlaps:
        kind = OVERLAP_KINDS[overlap.kind] + (" (no leak)" if overlap.kind == NO_LEAK else "")
        rows = ", ".join(f"{count:,}" for count in overlap.rows)
        body.append([kind, ", ".join(overlap.splits), f"{overlap.n:,}", rows, ", ".join(dict.fromkeys(overlap.ids))])
    return Table(["leak", "splits", "shared", "rows", "for example"], body, left=frozenset(range(5)))


def findings_by_frequency(splits: Iterable[Split]) -> list[str]:
    """The findings that questions are about, the most frequent first."""
    names: Counter[str] = Counter()
    for split in splits:
        for (name, _), count in split.findings.items():
            names[name] += count
    return sorted(names, key=lambda name: (-names[name], name))


def _leaks(names: Sequence[str], overlaps: Sequence[Overlap]) -> str:
    """What the splits share, as a table, and how to read it."""
    if len(names) < 2:
        return "There is one split: nothing to compare."
    if not overlaps:
        return f"None: no patient, film, question or report is in more than one of {', '.join(names)}."
    note = "Nearly identical reports do not count as a leak: reports of normal films often use the same words."
    table = leak_table(overlaps)
    notes = [note] if any(overlap.kind == NO_LEAK for overlap in overlaps) else []
    body = [[*map(escape_markdown, line)] for line in table.body]
    return "\n\n".join([_pipes(table.head, body), *notes])


def _overview(splits: Sequence[Split], index: SplitIndex) -> list[list[str]]:
    def line(name: str, value: Callable[[Split], int | None]) -> list[str]:
        return [name, *("-" if (n := value(split)) is None else f"{n:,}" for split in splits)]

    def verdict(name: str) -> list[str]:
        label = "no verdict" if name == "-" else escape_markdown(name.replace("_", " "))
        return line(f"- {label}", lambda s: s.verdicts[name])

    def missing(name: str) -> list[str]:
        return line(f"rows without {name}", lambda s: s.without[name])

    def median(length: str) -> list[str]:
        return line(f"{length}, median", lambda s: s.median(length))

    verdicts = sorted({name for split in splits for name in split.verdicts})
    return [
        ["fingerprint", *(f"`{split.fingerprint}`" for split in splits)],
        line("questions", lambda s: s.fingerprint.rows),
        line("studies", lambda s: index.distinct("study", s.name)),
        line("patients", lambda s: index.distinct("patient", s.name)),
        line("films", lambda s: index.distinct("film", s.name)),
        *(missing(name) for name in ("patient", "images", "report", "steps") if any(s.without[name] for s in splits)),
        line("steps", lambda s: s.verdicts.total()),
        *map(verdict, verdicts),
        *map(median, LENGTHS),
    ]


def _count_table(name: str, splits: Sequence[Split], counter: Callable[[Split], Counter[str]]) -> str:
    """A table of what each split counts by `counter`, the most frequent first."""
    totals = sum((counter(split) for split in splits), Counter[str]())
    body = [
        [escape_markdown(value), *(f"{counter(split)[value]:,}" for split in splits)]
        for value, _ in totals.most_common()
    ]
    return _pipes([name, *(escape_markdown(split.name) for split in splits)], body)


def _finding_lines(splits: Sequence[Split], names: Iterable[str]) -> list[list[str]]:
    def cell(split: Split, name: str) -> str:
        return " / ".join(f"{split.findings[name, answer]:,}" for answer in ("yes", "no", "other"))

    return [[escape_markdown(name), *(cell(split, name) for split in splits)] for name in names]


def _absent_findings(n: int) -> str:
    what, verb = ("finding", "occurs") if n == 1 else ("findings", "occur")
    return f"{n:,} more {what} that questions name {verb} in no answer: `cxr card --all` lists them too."


def _answers(splits: Sequence[Split]) -> list[list[str]]:
    totals = sum((split.answers for split in splits), Counter[tuple[str, str]]())
    body = []
    for task in sorted({task for task, _ in totals}):
        by_frequency = sorted((-n, answer) for (of, answer), n in totals.items() if of == task)
        for _, answer in by_frequency[:MOST_ANSWERS]:
            body.append(
                [
                    escape_markdown(task),
                    escape_markdown(answer),
                    *(f"{split.answers[task, answer]:,}" for split in splits),
                ]
            )
        if rest := [answer for _, answer in by_frequency[MOST_ANSWERS:]]:
            counts = (f"{sum(split.answers[task, answer] for answer in rest):,}" for split in splits)
            body.append([escape_markdown(task), f"({len(rest)} others)", *counts])
    return body


def _source_names(splits: Iterable[Split]) -> list[str]:
    return sorted({name for split in splits for name in split.sources})


def _pipes(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A pipe table whose cells are Markdown; columns that hold a number in the last line are aligned right."""
    numbers = [n > 0 and (cell[:1].isdigit() or cell == "-") for n, cell in enumerate(body[-1] if body else head)]
    return "\n".join(pipe_table(head, ["---:" if right else "---" for right in numbers], body))

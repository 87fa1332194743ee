"""The card as Markdown."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from cxr_cli.card.counts import Split
from cxr_cli.card.leaks import KINDS, TOLD, Facts, Shared
from cxr_cli.rows.signatures import cxr_version

LENGTHS = ("words of a report", "words of a question", "steps of a question", "words of all its steps")
FEW = 12  # answers shown of a task


def page(splits: Sequence[Split], facts: Facts, leaks: Sequence[Shared], picture: str) -> str:
    """README.md of the card. picture: the file of the picture beside it."""
    names = [split.name for split in splits]
    parts = [
        "# Data card",
        "**For research. It makes no diagnosis and must not be used for one.** "
        "What is in *italics* is for you to fill in.",
        _table(["", *names], _overview(splits, facts)),
        f"The fingerprint names the questions, options, answers and films, in any order: `cxr score --summary` prints"
        f" it as `set`.\n\n![What is asked, by task and by finding]({picture})",
        "## Sources",
        _counted("source", splits, lambda split: split.sources),
        "## Tasks",
        _counted("task", splits, lambda split: split.tasks),
        "## Findings",
        "yes / no: answers of binary questions; other: rows of other tasks that ask about it.",
        _table(["finding", *(f"{name}: yes / no / other" for name in names)], _findings(splits)),
        "## Answers",
        _table(["task", "answer", *names], _answers(splits)),
        "## Leaks",
        leak_page(names, leaks),
        "## How it was made",
        "\n".join(f"- `{by}`" for by in dict.fromkeys(by for split in splits for by in split.made_by))
        or "*No row says it.*",
        "## Licences",
        "No film or report may be passed on but by the terms of its source.",
        _table(["source", "licence", "who may have it"], [[name, "*licence*", "*terms*"] for name in _sources(splits)]),
        f"Written by `cxr card`, version {cxr_version()}.",
    ]
    return "\n\n".join(parts) + "\n"


def leak_page(names: Sequence[str], leaks: Sequence[Shared]) -> str:
    """What the splits share, as a table, and how to read it."""
    if len(names) < 2:
        return "There is one split: nothing to compare."
    if not leaks:
        return f"None: no patient, film, question or report stands in two of {', '.join(names)}."
    note = "Nearly the same reports are told and are no leak: normal films of different patients share their words."
    head, *body = leak_rows(leaks)
    return _table(head, body) + (f"\n\n{note}" if any(leak.kind == TOLD for leak in leaks) else "")


def leak_rows(leaks: Iterable[Shared]) -> list[list[str]]:
    """The table of leaks, with its head."""
    rows = [["leak", "splits", "shared", "rows", "for example"]]
    for leak in leaks:
        kind = KINDS[leak.kind] + (" (no leak)" if leak.kind == TOLD else "")
        counts = ", ".join(f"{count:,}" for count in leak.rows)
        rows.append([kind, ", ".join(leak.splits), f"{leak.n:,}", counts, ", ".join(dict.fromkeys(leak.ids))])
    return rows


def _overview(splits: Sequence[Split], facts: Facts) -> list[list[str]]:
    def line(name: str, value: Callable[[Split], int | None]) -> list[str]:
        return [name, *("-" if (n := value(split)) is None else f"{n:,}" for split in splits)]

    def verdict(name: str) -> list[str]:
        return line(f"- {'no verdict' if name == '-' else name.replace('_', ' ')}", lambda s: s.verdicts[name])

    def missing(name: str) -> list[str]:
        return line(f"rows without {name}", lambda s: s.without[name])

    def median(what: str) -> list[str]:
        return line(f"{what}, median", lambda s: s.median(what))

    verdicts = sorted({name for split in splits for name in split.verdicts})
    return [
        ["fingerprint", *(f"`{split.fingerprint}`" for split in splits)],
        line("questions", lambda s: s.fingerprint.rows),
        line("studies", lambda s: facts.distinct("study", s.name)),
        line("patients", lambda s: facts.distinct("patient", s.name)),
        line("films", lambda s: facts.distinct("film", s.name)),
        *(missing(name) for name in ("patient", "images", "report", "steps") if any(s.without[name] for s in splits)),
        line("steps", lambda s: s.verdicts.total()),
        *map(verdict, verdicts),
        *map(median, LENGTHS),
    ]


def _counted(what: str, splits: Sequence[Split], counts: Callable[[Split], Counter[str]]) -> str:
    names = sum((counts(split) for split in splits), Counter[str]())
    body = [[name, *(f"{counts(split)[name]:,}" for split in splits)] for name, _ in names.most_common()]
    return _table([what, *(split.name for split in splits)], body)


def _findings(splits: Sequence[Split]) -> list[list[str]]:
    def told(split: Split, name: str) -> str:
        return " / ".join(f"{split.findings[name, said]:,}" for said in ("yes", "no", "other"))

    return [[name, *(told(split, name) for split in splits)] for name in asked(splits)]


def asked(splits: Iterable[Split]) -> list[str]:
    """The findings that questions are about, the most frequent first."""
    names: Counter[str] = Counter()
    for split in splits:
        for (name, _), count in split.findings.items():
            names[name] += count
    return sorted(names, key=lambda name: (-names[name], name))


def _answers(splits: Sequence[Split]) -> list[list[str]]:
    names = sum((split.answers for split in splits), Counter[tuple[str, str]]())
    body = []
    for task in sorted({task for task, _ in names}):
        often = sorted((-n, answer) for (of, answer), n in names.items() if of == task)
        for _, answer in often[:FEW]:
            body.append([task, answer, *(f"{split.answers[task, answer]:,}" for split in splits)])
        if rest := [answer for _, answer in often[FEW:]]:
            counts = (f"{sum(split.answers[task, answer] for answer in rest):,}" for split in splits)
            body.append([task, f"({len(rest)} others)", *counts])
    return body


def _sources(splits: Iterable[Split]) -> list[str]:
    return sorted({name for split in splits for name in split.sources})


def _table(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    rows = [*body]
    numbers = [cell[:1].isdigit() or cell == "-" for cell in rows[-1]] if rows else [False] * len(head)
    lines = [head, ["---:" if right else "---" for right in numbers], *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)

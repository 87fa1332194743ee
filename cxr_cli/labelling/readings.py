"""What was read in a report, and where: its mentions and sections as rows, and each sentence explained to a person."""

from bisect import bisect_left
from collections.abc import Iterator
from typing import cast

from cxr_cli.findings import Finding, Reader
from cxr_cli.findings.sections import WITHOUT_FINDINGS, sections
from cxr_cli.records import MentionRow, SectionRow, Side, Status

_CUES_BEFORE = {
    "absent": ("negate", "resolve"),
    "uncertain": ("hedge", "alternative"),
}  # cues that stand before the finding
_CUES_BEHIND = {"absent": ("negated", "resolved"), "uncertain": ("hedged", "alternative")}

_Place = tuple[int, int]


def mentions(report: str, reader: Reader) -> list[MentionRow]:
    """The findings that a report states, in order; start, end: characters of the report."""
    return [
        MentionRow(
            name=f.name,
            status=cast(Status, f.status),
            side=cast(Side | None, f.side),
            zone=f.zone,
            severity=f.severity,
            change=f.change,
            section=statement.section,
            start=f.start,
            end=f.end,
        )
        for statement in reader.statements(report)
        for f in statement.findings
    ]


def section_rows(report: str) -> list[SectionRow]:
    """How the report was cut."""
    return [
        SectionRow(
            name=section.name,
            silent=section.name in WITHOUT_FINDINGS,
            start=section.start,
            end=section.end,
            text=report[section.start : section.end].strip(),
        )
        for section in sections(report)
        if section.name or report.strip()
    ]


def explained_reading(id: str, report: str, reader: Reader) -> list[str]:
    """Lines for a person: each sentence, below it its findings, each with the words that decide its status.

    a
      findings: No effusion, but possible edema.
        pleural effusion absent: "No"
        edema uncertain: "possible"
    """
    return [id, *_lines(report, reader)]


def _lines(report: str, reader: Reader) -> Iterator[str]:
    for statement in reader.statements(report):
        sentence = report[statement.start : statement.end]
        section = f"{statement.section}: " if statement.section else ""
        silent = " (states nothing)" if statement.section in WITHOUT_FINDINGS else ""
        yield f"  {section}{' '.join(sentence.split())}{silent}"
        cues = StatusCues(sentence, reader) if statement.findings else None
        for finding in statement.findings:
            cue = cues.of(finding, finding.start - statement.start, finding.end - statement.start) if cues else ""
            details = [*filter(None, (finding.side, finding.zone, finding.severity, finding.change))]
            words = f': "{" ".join(cue.split())}"' if cue else ""
            yield f"    {' '.join([finding.name, finding.status, *details])}{words}"


class StatusCues:
    """The words of a sentence that can make its findings absent or uncertain, by their places."""

    def __init__(self, sentence: str, reader: Reader) -> None:
        self._sentence = sentence
        self._spans: dict[str, list[_Place]] = {}  # value of a cue, or "good" -> its places, in order
        for kind, value, start, end in reader.phrases(sentence):
            if kind in ("cue", "good"):
                self._spans.setdefault(value if kind == "cue" else kind, []).append((start, end))

    def of(self, finding: Finding, start: int, end: int) -> str:
        """The words nearest to a finding, sentence[start:end], that make it absent or uncertain: "No" in "No effusion";
        "" if it is stated plainly."""
        near: list[tuple[int, _Place]] = []
        for value in _CUES_BEFORE.get(finding.status, ()):
            places = self._spans.get(value, [])
            if i := bisect_left(places, (end, 0)):
                near.append((max(0, start - places[i - 1][1]), places[i - 1]))
        for value in _CUES_BEHIND.get(finding.status, ()):
            places = self._spans.get(value, [])
            if (i := bisect_left(places, (start, 0))) < len(places):
                near.append((max(0, places[i][0] - end), places[i]))
        goods = self._spans.get("good", []) if finding.status == "absent" else []
        if (i := bisect_left(goods, (start, 0))) < len(goods) and goods[i][1] <= end:
            near.append((0, goods[i]))  # "clear" in "the lungs are clear"
        return self._sentence[slice(*min(near)[1])] if near else ""

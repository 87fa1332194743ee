"""What was read in a report, and where: its mentions and sections as rows, and each sentence explained to a person."""

from collections.abc import Iterator
from typing import cast

from cxr_cli.findings import Finding, Reader, Statement
from cxr_cli.findings.sections import WITHOUT_FINDINGS, sections
from cxr_cli.records import MentionRow, SectionRow, Side, Status

_BEFORE = {"absent": ("negate", "resolve"), "uncertain": ("hedge",)}  # cues that stand before the finding
_AFTER = {"absent": ("negated", "resolved"), "uncertain": ("hedged",)}


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
    """How the report was cut; read: can the section state findings?"""
    return [
        SectionRow(
            name=section.name,
            read=section.name not in WITHOUT_FINDINGS,
            start=section.start,
            end=section.end,
            text=report[section.start : section.end].strip(),
        )
        for section in sections(report)
        if section.name or report.strip()
    ]


def explanation(id: str, report: str, reader: Reader) -> str:
    """Each sentence for a person, below it the findings that it states, each with the words that decide its status.

    a
      findings: No effusion, but possible edema.
        pleural effusion absent: "No"
        edema uncertain: "possible"
    """
    return "\n".join([id, *_lines(report, reader)])


def _lines(report: str, reader: Reader) -> Iterator[str]:
    for statement in reader.statements(report):
        sentence = report[statement.start : statement.end]
        section = f"{statement.section}: " if statement.section else ""
        silent = " (states nothing)" if statement.section in WITHOUT_FINDINGS else ""
        yield f"  {section}{' '.join(sentence.split())}{silent}"
        for finding in statement.findings:
            cue = " ".join(deciding_cue(finding, statement, report, reader).split())
            details = [*filter(None, (finding.side, finding.zone, finding.severity, finding.change))]
            words = f': "{cue}"' if cue else ""
            yield f"    {' '.join([finding.name, finding.status, *details])}{words}"


def deciding_cue(finding: Finding, statement: Statement, report: str, reader: Reader) -> str:
    """The words of a sentence, nearest to a finding, that make it absent or uncertain: "No" in "No effusion"; "" if it
    is stated plainly."""
    sentence = report[statement.start : statement.end]
    start, end = finding.start - statement.start, finding.end - statement.start
    nearest, words = len(sentence) + 1, ""
    for kind, value, first, last in reader.phrases(sentence):
        if kind == "good" and finding.status == "absent" and start <= first and last <= end:
            distance = 0  # "clear" in "the lungs are clear"
        elif kind == "cue" and value in _BEFORE.get(finding.status, ()) and first < end:
            distance = max(0, start - last)
        elif kind == "cue" and value in _AFTER.get(finding.status, ()) and last > start:
            distance = max(0, first - end)
        else:
            continue
        if distance < nearest:
            nearest, words = distance, sentence[first:last]
    return words

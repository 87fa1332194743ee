"""A report cut at its headings, and where a section without findings ends before the next heading."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from cxr_cli.findings.sections.headings import SILENT, TITLE
from cxr_cli.findings.sections.markup import plain_text
from cxr_cli.findings.sections.scanning import TITLED, Heading, headings
from cxr_cli.findings.sections.silence import (
    line_end,
    opening_end,
    opens_with_body,
    paragraph_end,
    says_something,
    tells_what_is_seen,
)

WITHOUT_FINDINGS = SILENT
"""Sections whose sentences state no finding of this film."""
NO_REPORT, NO_FINDINGS = "no report", "no findings section"
"""Why nothing is known: there is no text, or none of it could state findings."""
_LAST = frozenset({"recommendation", "notification", "administrative"})  # come after the body
_BODIES = frozenset({"findings", "preliminary"})
_NAMES = {TITLED: "findings", TITLE: "technique"}
_RULED = re.compile(r"\n[ \t]*[_=*-]{5,}[ \t]*\n")


class Section(NamedTuple):
    """`report[start:end]` is its text, `report[heading_start:start]` its heading, empty where it has none.

    name: findings, impression; preliminary and addendum with all that is found in them; and those without findings:
    indication, comparison, technique, recommendation, notification, administrative. "" for a text before any heading.
    """

    name: str
    start: int
    end: int
    heading_start: int


def sections(report: str) -> list[Section]:
    """The sections of a report, in order. A text without headings is one section with the name ""; the body of a
    report that has no heading for it is named findings."""
    return list(_sections(plain_text(report)))


def has_findings(report: str) -> bool:
    """Is there any text in the report that could state findings? False where all of it is indication, technique, other
    studies, advice: nothing is known then, and silence denies nothing."""
    text = plain_text(report)
    cut = _sections(text)
    return any(
        section.name not in SILENT
        and says_something(text[section.start : section.end])
        and (section.name or len(cut) == 1 or _is_prose(text[section.start : section.end]))
        for section in cut
    )


def why_silent(report: str | None) -> str | None:
    """NO_REPORT, NO_FINDINGS, or None for a report that can state findings."""
    if not report or not report.strip():
        return NO_REPORT
    return None if has_findings(report) else NO_FINDINGS


def _is_prose(text: str) -> bool:
    """Not the letterhead above a report's first heading."""
    return text.rstrip()[-1:] in tuple(".!?") or tells_what_is_seen(text)


@lru_cache(maxsize=1024)
def _sections(text: str) -> tuple[Section, ...]:
    """Of a plain text."""
    found = _diagnoses(list(headings(text)))
    cut = _parts(text, found, _cut(text, found)) if found else [Section("", 0, len(text), 0)]
    if cut[0].name == "" and (body := opening_end(text, cut[0].end)):
        request = Section("indication", 0, body, 0)
        cut[:1] = [request, Section("", body, cut[0].end, body)] if body < cut[0].end else [request]
    return tuple(cut)


def _diagnoses(found: list[Heading]) -> list[Heading]:
    """A bare diagnosis above the findings is why the film was made; below them it is the impression."""
    if not any(heading.kind == "diagnosis" for heading in found):
        return found
    last = max((i for i, heading in enumerate(found) if heading.kind == "findings"), default=-1)
    return [
        heading._replace(kind="indication" if i < last else "impression") if heading.kind == "diagnosis" else heading
        for i, heading in enumerate(found)
    ]


def _cut(text: str, found: Sequence[Heading]) -> list[Section]:
    """Each heading with its text up to the next; what follows a silent section is findings, if it is a body."""
    ends = [heading.start for heading in found[1:]] + [len(text)]
    cut = [Section("", 0, found[0].start, 0)] if text[: found[0].start].strip() else []
    quiet = [heading.kind in SILENT or heading.kind == TITLE for heading in found]
    headed = False  # has there been a findings section with a heading of its own?
    for i, (heading, end) in enumerate(zip(found, ends, strict=True)):
        start = heading.end
        while start < end and text[start].isspace():
            start += 1
        name = _NAMES.get(heading.kind, heading.kind)
        if not quiet[i]:
            cut.append(Section(name, start, end, heading.start))
            headed = headed or (heading.kind == "findings" and start < end)
            continue
        following = found[i + 1] if i + 1 < len(found) else None
        body = start if heading.kind == TITLE else _end(text, heading, following, end)
        if not (headed or name in _LAST) and (following is None or following.kind not in _BODIES | SILENT):
            if text[heading.end : start].count("\n") and opens_with_body(text, start, body):
                body = start
            elif start < body:
                body = line_end(text, name, start, body, lonely=False)
        cut.append(Section(name, min(start, body), body, heading.start))
        if text[body:end].strip():
            cut.append(Section("findings", body, end, body))
    return cut if not any(quiet) or any(_is_body(text, section) for section in cut) else _with_body(text, cut)


def _is_body(text: str, section: Section) -> bool:
    """Does it say what is seen, at more length than an impression?"""
    body = text[section.start : section.end]
    return says_something(body) if section.name == "findings" else section.name == "" and _is_prose(body)


def _end(text: str, heading: Heading, following: Heading | None, end: int) -> int:
    """Where a silent section ends: with its line, or with its paragraph. following: the next heading, if any."""
    if heading.kind == "administrative":
        stop = text.find("\n", heading.end, end)
        return end if stop < 0 or heading.whole_line else stop + 1
    body_follows = following is not None and following.kind in _BODIES | {TITLE, TITLED} | (SILENT - _LAST)
    return paragraph_end(text, heading.kind, heading.end, end, body_follows=body_follows)


def _with_body(text: str, cut: list[Section]) -> list[Section]:
    """Of a report without any body: the last silent section before the impression may hold it in its own paragraph."""
    before = next((i for i, section in enumerate(cut) if section.name not in SILENT and section.name), len(cut))
    for i in range(before - 1, -1, -1):
        section = cut[i]
        if section.name in SILENT - _LAST and section.start < section.end:
            body = line_end(text, section.name, section.start, section.end, lonely=True)
            if body < section.end:
                return [
                    *cut[:i],
                    section._replace(end=body),
                    Section("findings", body, section.end, body),
                    *cut[i + 1 :],
                ]
    return cut


def _parts(text: str, found: Sequence[Heading], cut: list[Section]) -> list[Section]:
    """The sections within a preliminary reading, and within an addendum, under the name of these."""
    kinds = {heading.kind for heading in found}
    if kinds.isdisjoint({"preliminary", "addendum"}):
        return cut
    finals = [heading.start for heading in found if heading.final]
    renamed: list[Section] = []
    part, until, has_final = "", 0, False
    for section in cut:
        if section.heading_start >= until:
            part = ""
        if section.name in ("preliminary", "addendum"):
            part = section.name
            final = next((place for place in finals if place > section.heading_start), None)
            rule = _RULED.search(text, section.start, section.end)
            if final is not None:
                until = final
            elif rule or (part == "preliminary" and says_something(text[section.start : section.end])):
                until = section.end
            else:
                until = len(text) if has_final or part == "preliminary" else section.end
            if rule and final is None and text[rule.end() : section.end].strip():
                renamed.append(section._replace(end=rule.start()))
                renamed.append(Section("findings", rule.end(), section.end, rule.end()))
                continue
        elif section.name not in SILENT:
            has_final = has_final or not part
            section = section._replace(name=part or section.name)
        renamed.append(section)
    return renamed

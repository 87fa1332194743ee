"""A report cut at its headings, and where a section without findings ends before the next heading."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from cxr_cli.findings.sections.heading_search import TITLED, Heading, headings
from cxr_cli.findings.sections.headings import SILENT, TITLE
from cxr_cli.findings.sections.markup_signs import plain_text
from cxr_cli.findings.sections.silence import (
    is_observation,
    line_end,
    opening_end,
    opens_with_body,
    paragraph_end,
    says_something,
    tells_what_is_seen,
)
from cxr_cli.findings.sections.text_cache import cached_by_text

WITHOUT_FINDINGS = SILENT
"""Sections whose sentences state no finding of this film."""
NO_REPORT, NO_FINDINGS = "no report", "no findings section"
"""Why nothing is known: there is no text, or none of it could state findings."""
_LAST = frozenset({"recommendation", "notification", "administrative"})  # come after the body
_BODIES = frozenset({"findings", "preliminary"})
_NAME_OF_KIND = {TITLED: "findings", TITLE: "technique"}
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


@cached_by_text(1024)
def _sections(text: str) -> tuple[Section, ...]:
    """Of a plain text."""
    places = _diagnoses(list(headings(text)))
    cut = _with_readings(text, places, _cut(text, places)) if places else [Section("", 0, len(text), 0)]
    if cut[0].name == "" and (body := opening_end(text, cut[0].end)):
        request = Section("indication", 0, body, 0)
        cut[:1] = [request, Section("", body, cut[0].end, body)] if body < cut[0].end else [request]
    return tuple(cut)


def _diagnoses(headings: list[Heading]) -> list[Heading]:
    """A bare diagnosis above the findings is why the film was made; below them it is the impression."""
    if not any(heading.kind == "diagnosis" for heading in headings):
        return headings
    last = max((i for i, heading in enumerate(headings) if heading.kind == "findings"), default=-1)
    return [
        heading._replace(kind="indication" if i < last else "impression") if heading.kind == "diagnosis" else heading
        for i, heading in enumerate(headings)
    ]


def _cut(text: str, headings: Sequence[Heading]) -> list[Section]:
    """Each heading with its text up to the next; what follows a silent section is findings, if it is a body."""
    cut = [Section("", 0, headings[0].start, 0)] if text[: headings[0].start].strip() else []
    headed = any_silent = False  # has there been a findings section with a heading of its own? any silent one?
    for heading, following in zip(headings, [*headings[1:], None], strict=True):
        end = following.start if following else len(text)
        start = _skip_blanks(text, heading.end, end)
        if heading.kind in SILENT or heading.kind == TITLE:
            cut += _silent_section(text, heading, start, end, following, headed=headed)
            any_silent = True
        else:
            cut.append(Section(_NAME_OF_KIND.get(heading.kind, heading.kind), start, end, heading.start))
            headed = headed or (heading.kind == "findings" and says_something(text[start:end]))
    return cut if not any_silent or any(_is_body(text, section) for section in cut) else _with_body(text, cut)


def _skip_blanks(text: str, start: int, end: int) -> int:
    while start < end and text[start].isspace():
        start += 1
    return start


def _silent_section(
    text: str, heading: Heading, start: int, end: int, following: Heading | None, *, headed: bool
) -> list[Section]:
    """A silent section, and the body behind it if there is one. following: the next heading, if any.

    headed: the report has findings under their own heading, so that no body is looked for in the section.
    """
    name = _NAME_OF_KIND.get(heading.kind, heading.kind)
    body = start if heading.kind == TITLE else _silence_end(text, heading, following, end)
    if not (headed or name in _LAST) and (following is None or following.kind not in _BODIES | SILENT):
        if _is_body_at_once(text, name, heading.end, start, body):
            body = start
        elif start < body:
            body = line_end(text, name, start, body, lonely=False)
    silent = Section(name, min(start, body), body, heading.start)
    return [silent, Section("findings", body, end, body)] if text[body:end].strip() else [silent]


def _is_body_at_once(text: str, name: str, heading_end: int, start: int, end: int) -> bool:
    """Does the text of a silent section tell what is seen: on a line of its own, or right away, as in "Chest.
    Comparison: There is a nodule"?"""
    if "\n" in text[heading_end:start] and opens_with_body(text, start, end):
        return True
    return name == "comparison" and is_observation(text, start, end)


def _is_body(text: str, section: Section) -> bool:
    """Does it say what is seen, at more length than an impression?"""
    words = text[section.start : section.end]
    return says_something(words) if section.name == "findings" else section.name == "" and _is_prose(words)


def _silence_end(text: str, heading: Heading, following: Heading | None, end: int) -> int:
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


def _with_readings(text: str, headings: Sequence[Heading], cut: list[Section]) -> list[Section]:
    """The sections within a preliminary reading, and within an addendum, under the name of these."""
    kinds = {heading.kind for heading in headings}
    if kinds.isdisjoint({"preliminary", "addendum"}):
        return cut
    finals = [heading.start for heading in headings if heading.final]
    renamed: list[Section] = []
    part, until, has_body = "", 0, False
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
                until = len(text) if has_body or part == "preliminary" else section.end
            if rule and final is None and text[rule.end() : section.end].strip():
                renamed.append(section._replace(end=rule.start()))
                renamed.append(Section("findings", rule.end(), section.end, rule.end()))
                continue
        elif section.name not in SILENT:
            has_body = has_body or not part
            section = section._replace(name=part or section.name)
        renamed.append(section)
    return renamed

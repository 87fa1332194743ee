"""Reports as different hospitals set them: each layout is a function of a report's sections."""

import textwrap
from collections.abc import Callable
from html import escape
from typing import NamedTuple


class Parts(NamedTuple):
    """What a report says, section by section; a blank one is left out."""

    findings: str
    impression: str
    indication: str
    comparison: str


def plain(parts: Parts) -> str:
    """The layout that the others are compared with."""
    return _lines([("FINDINGS", parts.findings), ("IMPRESSION", parts.impression)])


def _lines(sections: list[tuple[str, str]], form: str = "{}: {}", between: str = "\n") -> str:
    return between.join(form.format(name, text.strip()) for name, text in sections if text.strip())


def _why(parts: Parts) -> list[tuple[str, str]]:
    return [("INDICATION", parts.indication), ("COMPARISON", parts.comparison or "None.")]


def _asked(parts: Parts) -> str:
    return f"{parts.indication.strip()} Pneumonia and pleural effusion?"


def body_after_comparison(parts: Parts) -> str:
    """As MIMIC-CXR: no heading above the body."""
    head = _lines([("EXAMINATION", "CHEST (PA AND LAT)"), *_why(parts)], " {}:  {}", "\n \n")
    return f" FINAL REPORT\n{head}\n \n {parts.findings.strip()}\n \n IMPRESSION:  {parts.impression.strip()}\n"


def body_on_the_next_line(parts: Parts) -> str:
    return f"{_lines(_why(parts))}\n{parts.findings.strip()}\n{_lines([('IMPRESSION', parts.impression)])}"


def title_only(parts: Parts) -> str:
    return f"XR CHEST 2 VIEWS\n\n{parts.findings.strip()}\n\n{parts.impression.strip()}"


def title_with_colon(parts: Parts) -> str:
    return (
        f"HISTORY:  {_asked(parts)}\n\nPORTABLE CHEST X-RAY AT 5:45 AM:  {parts.findings.strip()}\n\n"
        f"CONCLUSION:  {parts.impression.strip()}"
    )


def markdown(parts: Parts) -> str:
    return (
        f"# Chest radiograph\n\n## Clinical question\n{_asked(parts)}\n\n## Findings\n\n{parts.findings.strip()}\n\n"
        f"## Impression\n\n{parts.impression.strip()}\n"
    )


def bold(parts: Parts) -> str:
    return _lines(
        [
            ("Reason for exam", _asked(parts)),
            ("Comparison", parts.comparison),
            ("Findings", parts.findings),
            ("Impression", parts.impression),
        ],
        "**{}:** {}",
        "\n\n",
    )


def numbered(parts: Parts) -> str:
    """Clinical details above, and the impression as a numbered list."""
    items = [item for item in parts.impression.replace("XXXX.", "XXXX").split(". ") if item.strip()]
    listed = "\n".join(f"{n}. {item.strip(' .')}." for n, item in enumerate(items, 1))
    return f"Clinical details: {_asked(parts)}\n\nReport:\n{parts.findings.strip()}\n\nOpinion:\n{listed}"


def wrapped(parts: Parts) -> str:
    sections = [
        ("REASON FOR THIS EXAMINATION", _asked(parts)),
        ("COMPARISON", parts.comparison),
        ("FINDINGS", parts.findings),
        ("IMPRESSION", parts.impression),
    ]
    return "\n\n".join(textwrap.fill(f"{name}: {text.strip()}", 70) for name, text in sections if text.strip())


def capitals(parts: Parts) -> str:
    return _lines(
        [
            ("Clinical history", _asked(parts)),
            ("Technique", "PA and lateral views"),
            ("Findings", parts.findings),
            ("Impression", parts.impression),
        ],
        "{}\n{}",
        "\n\n",
    ).upper()


def html(parts: Parts) -> str:
    return _lines(
        [("Indication", escape(_asked(parts))), ("Body", escape(parts.findings)), ("Result", escape(parts.impression))],
        "<b>{}</b><br>{}",
        "<br><br>",
    )


def dictated(parts: Parts) -> str:
    spoken = [("indication", _asked(parts)), ("findings", parts.findings), ("impression", parts.impression)]
    return _lines(spoken, "{} colon {}", " ").lower().replace(". ", " period ").removesuffix(".")


def preliminary_and_final(parts: Parts) -> str:
    return (
        f" WET READ: ABCD MON 9:12 PM\n  {parts.impression.strip()}\n ______________________________________\n"
        f" FINAL REPORT\n INDICATION:  {_asked(parts)}\n\n FINDINGS:  {parts.findings.strip()}\n\n"
        f" IMPRESSION:  {parts.impression.strip()}\n\n RECOMMENDATION(S):  CT for a nodule in the left apex.\n\n"
        " NOTIFICATION:  The pneumothorax was discussed with Dr. ___ by telephone at 9:45 PM.\n"
    )


def one_line(parts: Parts) -> str:
    """As in a table's cell: line breaks are lost, or stand as two characters."""
    sections = [
        ("STUDY", "Chest radiograph, two views"),
        ("CLINICAL INFORMATION", _asked(parts)),
        ("OBSERVATIONS", parts.findings),
        ("INTERPRETATION", parts.impression),
    ]
    return _lines(sections, "{}: {}", "\\n")


def german(parts: Parts) -> str:
    sections = [
        ("Klinische Angaben", _asked(parts)),
        ("Befund", parts.findings),
        ("Beurteilung", parts.impression),
    ]
    return _lines(sections, "{}:\r\n{}", "\r\n\r\n")


def misspelt(parts: Parts) -> str:
    sections = [("NDICATION", _asked(parts)), ("FINDNGS", parts.findings), ("IMPRESION", parts.impression)]
    return _lines(sections, "{} - {}", "\r")


LAYOUTS: dict[str, Callable[[Parts], str]] = {
    layout.__name__.replace("_", " "): layout
    for layout in (
        *(body_after_comparison, body_on_the_next_line, title_only, title_with_colon, markdown, bold, numbered),
        *(wrapped, capitals, html, dictated, preliminary_and_final, one_line, german, misspelt),
    )
}

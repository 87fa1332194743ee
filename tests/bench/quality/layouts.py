"""Figure 2: the labels of Open-i that are left when its reports are set in the layouts of other hospitals.

A layout is a function of a report's sections. Its answers are compared with those of the plain one, FINDINGS and
IMPRESSION: `kept` is the share of the findings present there that are present here, `invented` the findings present
here that are not there.
"""

from collections.abc import Callable
from typing import NamedTuple

from tests.findings.sections.layouts import LAYOUTS, Parts, plain
from tests.shared import openi_reports


class Agreement(NamedTuple):
    """Of the present findings of the plain layout: how many there are, how many are kept; and how many are invented."""

    wanted: int
    kept: int
    invented: int


def agreement(layout: Callable[[Parts], str], reports: list[Parts]) -> Agreement:
    """Over some reports."""
    wanted = kept = invented = 0
    for parts in reports:
        there, here = present(plain(parts)), present(layout(parts))
        wanted, kept, invented = wanted + len(there), kept + len(there & here), invented + len(here - there)
    return Agreement(wanted, kept, invented)


def present(report: str) -> set[str]:
    """The findings that the study states, by the rules that questions are answered by."""
    from cxr_cli.findings import reader
    from cxr_cli.findings.study import StudyFindings

    study = StudyFindings({"id": "x", "report": report}, reader())
    return {name for name in study.names if study.status(name) == "present"}


def openi_parts() -> list[Parts]:
    """The reports of Open-i that have findings."""
    return [
        Parts(row["findings"], row["impression"], row["indication"], row["comparison"])
        for row in openi_reports()
        if row["findings"].strip()
    ]


def main() -> None:
    reports = openi_parts()
    for name, layout in LAYOUTS.items():
        wanted, kept, invented = agreement(layout, reports)
        print(f"{name:28} kept {kept / wanted:7.2%} of {wanted}  invented {invented}")

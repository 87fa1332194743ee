"""What a reward can teach, at home and away: `python -m recipes.mini.agreement ANSWERS --away phantom-ward`.

ANSWERS: rows with several replies each (`cxr infer --samples 8 --temperature 1`). Reinforcement learning makes likelier
what is paid more than the other replies to the same question. So for each domain and task it prints, of the statements:

    right       the share that the report supports, as sampled
    majority    the share of findings on which most replies are right: what a model gains that is merely surer
    area        under the ROC curve, of the share of replies that call a finding present: what it can tell apart at all
    called, true    the share called present, and the share that is present
    disputed    the share of findings on which the replies to a question disagree
    within      the standard deviation of `process` within a question: what the reward can act on
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean, pstdev
from typing import NamedTuple

import numpy as np

from cxr_cli.rewards.functions import process, read_completions
from cxr_cli.rows import Row
from cxr_cli.scoring.tables.markdown import pipe_table
from recipes.mini.rewards import Read, read

HEAD = ("domain", "task", "questions", "right", "majority", "area", "called", "true", "disputed", "within")


class Told(NamedTuple):
    """What the replies to a question say of one finding. present: the share that call it so. there: whether it is."""

    present: float
    there: bool


def told(replies: Sequence[Read]) -> Iterator[Told]:
    """Of each finding that most of the replies mention and about which the report is clear."""
    said: dict[str, list[bool]] = defaultdict(list)
    for one in replies:
        for name, present in one.present.items():
            said[name].append(present)
    report = replies[0].completion.reference.report
    for name, ways in said.items():
        if report is not None and 2 * len(ways) >= len(replies):
            there = any(finding.status != "absent" for finding in report.findings.get(name, ()))
            yield Told(fmean(ways), there)


def line(rows: Sequence[Row]) -> list[str]:
    """The cells of these rows; "-" where no finding is told that is there, or none that is not."""
    findings: list[Told] = []
    within = []
    for row in rows:
        texts = [prediction["text"] for prediction in row["predictions"]]
        columns = {"case": [json.dumps(row)] * len(texts)}
        findings += told([read(one) for one in read_completions(texts, columns)])
        within.append(pstdev(value or 0.0 for value in process(texts, **columns)))
    if len({one.there for one in findings}) < 2:
        return [str(len(rows)), *["-"] * 6, f"{fmean(within):.3f}"]
    right = fmean(one.present if one.there else 1 - one.present for one in findings)
    majority = fmean(0.5 if one.present == 0.5 else float((one.present > 0.5) == one.there) for one in findings)
    present, absent = (np.array([one.present for one in findings if one.there == there]) for there in (True, False))
    above = present[:, None] - absent
    area = float((above > 0).mean() + (above == 0).mean() / 2)
    called, true = fmean(one.present for one in findings), fmean(one.there for one in findings)
    disputed = fmean(0 < one.present < 1 for one in findings)
    return [
        str(len(rows)),
        *(f"{value:.3f}" for value in (right, majority, area, called, true, disputed, fmean(within))),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("answers", type=Path)
    parser.add_argument("--away", default="phantom-ward")
    given = parser.parse_args()
    parts: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for text in given.answers.read_text().splitlines():
        row = json.loads(text)
        domain = "away" if row["source"] == given.away else "home"
        parts[domain, row["task"]].append(row)
        parts[domain, "all"].append(row)
    print("\n".join(pipe_table(HEAD, ["---"] * len(HEAD), [[*key, *line(rows)] for key, rows in parts.items()])))


if __name__ == "__main__":
    main()

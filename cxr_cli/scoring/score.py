"""`cxr score`: what a row lets itself be scored on, for each of its predictions, averaged over them."""

from collections.abc import Mapping
from typing import Any, Literal

from cxr_cli.errors import RowError
from cxr_cli.findings import Reader
from cxr_cli.findings.agreement import Unmentioned
from cxr_cli.layout import thinking
from cxr_cli.scoring.answers import grade
from cxr_cli.scoring.judges import judge_of
from cxr_cli.scoring.radrscore import PARTS, Scores
from cxr_cli.scoring.report import ReportScorer
from cxr_cli.signatures import signature

Empty = Literal["null", "zero"]


class Scorer:
    """Scores rows with one judge.

    empty: what a part of RadRScore with nothing to count is: "null", or "zero" as in the published evaluation.
    """

    def __init__(
        self, reader: Reader, *, judge: str = "rules", unmentioned: Unmentioned = "normal", empty: Empty = "null"
    ) -> None:
        self.judge = judge_of(judge, reader, unmentioned)
        self.reports = ReportScorer(reader)
        self.empty = empty
        self.signature = signature(judge, reader.lexicon, unmentioned=unmentioned, empty=empty)

    def row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The row with `scores`, `why` for each null, and `scored_by`. RowError: the row holds no prediction."""
        texts = predicted(row)
        each = [self.one(row, text) for text in texts]
        scores: dict[str, float | None] = {}
        why: dict[str, str] = {}
        for metric in dict.fromkeys(metric for given, _ in each for metric in given):
            values = [given[metric] for given, _ in each if given.get(metric) is not None]
            scores[metric] = sum(v for v in values if v is not None) / len(values) if values else None
            if not values:
                why[metric] = next(reasons[metric] for _, reasons in each if metric in reasons)
        return {**row, "scores": scores, "why": why, "scored_by": self.signature}

    def one(self, row: Mapping[str, Any], text: str) -> Scores:
        """One reply. A row with a question is scored on answer, form and reasoning; one without, as a report."""
        if not row.get("question"):
            return self.reports.score(row.get("report"), text)
        scores, why = grade(row, text)
        parts, reasons = self.judge.score(row, thinking(text))
        if self.empty == "zero":
            parts, reasons = zeroed(parts, reasons)
        return {**scores, **parts}, {**why, **reasons}


def zeroed(scores: dict[str, float | None], why: dict[str, str]) -> Scores:
    """The published aggregation: a part without a denominator counts 0. What is not there at all stays null."""
    kept = {metric: reason for metric, reason in why.items() if reason.startswith(("no report", "no reference"))}
    if len(kept) == len(PARTS):
        return scores, why
    filled = {part: (scores[part] if part in kept else scores[part] or 0.0) for part in PARTS}
    values = [value for value in filled.values() if value is not None]
    if len(values) < len(PARTS):
        return {**filled, "radrscore": None}, {**kept, "radrscore": why["radrscore"]}
    return {**filled, "radrscore": sum(values) / len(PARTS)}, kept


def predicted(row: Mapping[str, Any]) -> list[str]:
    """The replies in a row: of `predictions`, else the one `prediction`. An empty reply, or null, is a reply."""
    if row.get("predictions"):
        return [prediction["text"] for prediction in row["predictions"]]
    if "prediction" not in row:
        raise RowError("", "field `predictions`: there is none to score (other names: --map prediction=COLUMN)")
    return [row["prediction"] or ""]

"""`cxr score`: what a row lets itself be scored on, for each of its predictions, averaged over them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cxr_cli.answers import reply_format
from cxr_cli.answers.grading import grade
from cxr_cli.answers.reply_format import reasoning_text
from cxr_cli.engines.conversations import Talk
from cxr_cli.errors import RowError
from cxr_cli.findings import Reader
from cxr_cli.findings.agreement import Unmentioned
from cxr_cli.records import reasons
from cxr_cli.scoring.judges import Empty, judge_of
from cxr_cli.scoring.radrscore import PARTS, Scores
from cxr_cli.scoring.report import ReportScorer
from cxr_cli.scoring.statements import Statements

if TYPE_CHECKING:
    from cxr_cli.engines.prompts.structured import Model


class Scorer:
    """Scores rows with one judge of reasoning or two; the scores of the second are called `llm_factuality` and so on.

    empty: what a part of RadRScore with nothing to count is: "null", or "zero" as in the published evaluation.
    model: what the judge "llm" asks. statements: also sensitivity, specificity and consistency of the statements.
    """

    def __init__(
        self,
        reader: Reader,
        *,
        judges: Sequence[str] = ("rules",),
        unmentioned: Unmentioned = "normal",
        empty: Empty = "null",
        model: "Model | None" = None,
        statements: bool = False,
    ) -> None:
        self.judges = [judge_of(name, reader, unmentioned, empty, model) for name in judges]
        self.prefixes = ["", *(f"{name}_" for name in judges[1:])]
        self.reports = ReportScorer(reader)
        self.statements = Statements(reader, unmentioned) if statements else None
        self.empty = empty
        self.signature = " & ".join(judge.signature(empty=empty) for judge in self.judges)

    def row(self, row: Mapping[str, Any]) -> Talk[dict[str, Any]]:
        """The row with `scores`, `why` for each null, and `scored_by`. RowError: the row holds no prediction.

        A row with a question is scored on answer, form and reasoning; one without, as a report. What most samples
        answered, `vote`, gives `vote_accuracy`.
        """
        texts = predicted(row)
        if row.get("question"):
            each = yield from self._answers(row, texts)
        else:
            each = [self.reports.score(row.get("report"), text) for text in texts]
        scores: dict[str, float | None] = {}
        why: dict[str, str] = {}
        for metric in dict.fromkeys(metric for given, _ in each for metric in given):
            values = [given[metric] for given, _ in each if given.get(metric) is not None]
            scores[metric] = sum(v for v in values if v is not None) / len(values) if values else None
            if not values:
                why[metric] = next(given[metric] for _, given in each if metric in given)
        if row.get("vote"):
            voted, nulls = grade(row, reply_format.bare_answer(row, row["vote"]["answer"]))
            scores["vote_accuracy"] = voted["accuracy"]
            why |= {"vote_accuracy": nulls["accuracy"]} if "accuracy" in nulls else {}
        known = scores.keys() | (row.get("scores") or {}).keys()
        return {**row, "scores": scores, "why": {}, "scored_by": self.signature} | reasons(row, known, why)

    def _answers(self, row: Mapping[str, Any], texts: Sequence[str]) -> Talk[list[Scores]]:
        graded = [grade(row, text) for text in texts]
        reasonings = [reasoning_text(text) for text in texts]
        for judge, prefix in zip(self.judges, self.prefixes, strict=True):
            judged = yield from judge.score(row, reasonings)
            for (scores, why), (parts, nulls) in zip(graded, judged, strict=True):
                if self.empty == "zero":
                    parts, nulls = zeroed(parts, nulls)
                scores |= {f"{prefix}{part}": score for part, score in parts.items()}
                why |= {f"{prefix}{part}": reason for part, reason in nulls.items()}
        if self.statements:
            for (scores, why), (more, nulls) in zip(graded, self.statements.score(row, texts), strict=True):
                scores |= more
                why |= nulls
        return graded


def zeroed(scores: dict[str, float | None], why: dict[str, str]) -> Scores:
    """The published aggregation: a part without a denominator counts 0. What is not there or failed stays null."""
    unknown = ("no report", "no reference", "no stored", "judge")
    kept = {metric: reason for metric, reason in why.items() if reason.startswith(unknown)}
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

"""The scores of a row: each group of metrics that applies to it, averaged over its predictions."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cxr_cli.answers.answer_key import row_answer
from cxr_cli.engines.conversations import Conversation
from cxr_cli.errors import CxrError, RowError
from cxr_cli.findings import Reader
from cxr_cli.records import ENGINE, Unmentioned, merge_reasons, unanswered
from cxr_cli.rows.mapping import mapping_advice
from cxr_cli.rows.signatures import in_use, listed
from cxr_cli.scoring.judges.judge_table import JUDGES, Empty, Judge, JudgeSettings
from cxr_cli.scoring.metrics.radrscore import Scores
from cxr_cli.scoring.scores import SCORES, Score, ScoreSettings
from cxr_cli.scoring.text_metrics.text_metric_table import TEXT_METRICS, text_metrics

if TYPE_CHECKING:
    from cxr_cli.engines.prompts.structured import Model


NO_PREDICTIONS = "no predictions"


class Scorer:
    """Scores rows with one judge of reasoning or two.

    empty: what a part of RadRScore with nothing to count is: "null", or "zero" as in the published evaluation.
    model: that the judge "llm" asks. statements: also sensitivity, specificity and consistency of the statements.
    grounding: also the overlap of boxes.
    metrics: also these of TEXT_METRICS, or functions of one's own, `my_module:function`.
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
        grounding: bool = False,
        metrics: Sequence[str] = (),
    ) -> None:
        judging = JudgeSettings(reader, unmentioned, empty, model)
        by_name: dict[str, Judge] = {name: JUDGES.load(name)(judging) for name in judges}
        asked_model = model if "llm" in judges else None
        texts = text_metrics(metrics)
        settings = ScoreSettings(reader, by_name, unmentioned, empty, statements, grounding, asked_model, texts)
        self.groups: list[Score] = [SCORES.load(name)(settings) for name in SCORES]
        other_names = {metric for group in self.groups for metric in group.metrics if metric not in TEXT_METRICS}
        if doubled := next((name for name in texts if name in other_names), None):
            raise CxrError(f"--metric: {doubled} is the name of another score: give the function a name of its own")
        versions = listed(f"{name}@{metric.version}" for name, metric in texts.items())
        signed = in_use(empty=empty, statements=statements, grounding=grounding, metric=versions)
        self.signature = " & ".join(judge.signature(**signed) for judge in by_name.values())

    def row(self, row: Mapping[str, Any]) -> Conversation[dict[str, Any]]:
        """The row with `scores`, `why` for each null, and `scored_by`. RowError: the row holds no prediction.

        A row with a question is scored on answer, format and reasoning; one without, as a report. `vote`, the answer of
        most samples, gives `vote_accuracy`. Where a model failed to answer, the scores of a reply are null.
        """
        texts = reply_texts(row)
        scores: dict[str, float | None] = {}
        why: dict[str, str] = {}
        for group in self.groups:
            if group.applies(row):
                means, nulls = mean_scores((yield from group.measure(row, texts)))
                scores |= means
                why |= nulls
        if unanswered(row):
            scores, why = dict.fromkeys(scores), dict.fromkeys(scores, NO_PREDICTIONS)
        metrics = scores.keys() | (row.get("scores") or {}).keys()
        return {**row, "scores": scores, "why": {}, "scored_by": self.signature} | merge_reasons(row, metrics, why)


def mean_scores(results: Sequence[Scores]) -> Scores:
    """The mean of each metric over the replies that have it; None with the first reason if no reply has it, or if an
    engine failed to give it for one of them."""
    if len(results) == 1 and not results[0][1] and None not in (scores := results[0][0]).values():
        return {metric: float(score or 0.0) for metric, score in scores.items()}, {}
    means: dict[str, float | None] = {}
    why: dict[str, str] = {}
    for metric in dict.fromkeys(metric for scores, _ in results for metric in scores):
        values = [value for scores, _ in results if (value := scores.get(metric)) is not None]
        nulls = [reasons[metric] for _, reasons in results if metric in reasons]
        failures = [reason for reason in nulls if reason.startswith(ENGINE)]
        means[metric] = sum(values) / len(values) if values and not failures else None
        if means[metric] is None:
            why[metric] = [*failures, *nulls][0]
    return means, why


def reply_texts(row: Mapping[str, Any]) -> list[str]:
    """The replies in a row: of `predictions`, else the one `prediction`. An empty reply, or null, is a reply."""
    if unanswered(row):
        return [""]
    if row.get("predictions"):
        return [prediction["text"] for prediction in row["predictions"]]
    if "prediction" not in row:
        advice = mapping_advice(("prediction", "answer", "question", "options"), row) or "--map prediction=COLUMN"
        raise RowError(
            "", f"field `predictions`: missing, so there is nothing to score (if it has another name: {advice})"
        )
    unknown = not row.get("report") and row_answer(row) is None and "answer" not in row
    if unknown and (advice := mapping_advice(("answer", "question", "report"), row)):
        raise RowError(
            "", f"field `answer`: missing, so there is nothing to compare with (if it has another name: {advice})"
        )
    return [row["prediction"] or ""]

"""Figure 3: RadRScore against GPT-4o's verdicts, sample by sample (Spearman), and rankings of reports: 30 hard ones
of CRIMSON, and pairs of our own."""

from typing import Any

import numpy as np

from cxr_cli.findings import reader
from cxr_cli.scoring.metrics.radrscore import PARTS
from cxr_cli.scoring.metrics.rank_correlation import spearman
from cxr_cli.scoring.report import ReportComparer
from cxr_cli.scoring.scorer import Scorer
from tests.engines.conversations import run_offline
from tests.shared import held_back, judged, ranking_cases, ranking_pairs

RANKED_BY = ("finding_errors", "finding_errors_weighted")
BARS = {"factuality": 0.35, "completeness": 0.52, "effectiveness": 0.40, "mean": 0.60}


def verdicts(row: dict[str, Any]) -> dict[str, float | None]:
    """GPT-4o's three parts, by the published formulas."""
    judge = row["judge"]
    predicted, reference = len(judge["predicted_findings"]), len(judge["reference_findings"])
    steps = judge["effective_count"] + judge["ineffective_count"]
    return {
        "factuality": judge["correct_count"] / predicted if predicted else None,
        "completeness": judge["recalled_count"] / reference if reference else None,
        "effectiveness": judge["effective_count"] / steps if steps else None,
    }


def as_is(row: dict[str, Any]) -> dict[str, Any]:
    """The model's answer and the reference steps as they were written."""
    return {
        "id": row["id"],
        "question": row["question"],
        "report": row["report"],
        "steps": row["reference_steps"],
        "prediction": row["prediction"],
    }


def as_judged(row: dict[str, Any]) -> dict[str, Any]:
    """The same, cut into the key findings to which GPT-4o gave its verdicts: "Pleural effusion: not present."."""

    def told(findings: list[dict[str, Any]]) -> list[str]:
        return [f"{finding['observation']}: {finding['status']}." for finding in findings]

    judge = row["judge"]
    prediction = "\n".join(told(judge["predicted_findings"]))
    return {**as_is(row), "steps": told(judge["reference_findings"]), "prediction": prediction}


def correlations(rows: list[dict[str, Any]], shape: Any) -> dict[str, float]:
    """Spearman of each part and of their mean; a part that one of the two leaves open counts 0 in the mean alone."""
    scorer = Scorer(reader())
    ours = [run_offline(scorer.row(shape(row)))["scores"] for row in rows]
    theirs = [verdicts(row) for row in rows]
    found = {}
    for part in PARTS:
        both = [
            (a[part], b[part]) for a, b in zip(ours, theirs, strict=True) if a[part] is not None and b[part] is not None
        ]
        found[part] = spearman(*zip(*both, strict=True)) or 0.0
    means = [[float(np.mean([scores[part] or 0.0 for part in PARTS])) for scores in side] for side in (ours, theirs)]
    found["mean"] = spearman(*means) or 0.0
    return found


def rankings(metric: str = "finding_errors") -> list[tuple[str, bool]]:
    """For each case: its id, and whether the metric (less is better) puts the candidates in the expected order."""
    comparer = ReportComparer(reader())
    results = []
    for case in ranking_cases():
        texts = {name: candidate["text"] for name, candidate in case["candidates"].items()}
        errors = {name: comparer.compare(case["ground_truth"], text)[0][metric] or 0.0 for name, text in texts.items()}
        expected = case["expected_ranking"]
        right = True
        for better, sign, worse in (e.split() for e in ([expected] if isinstance(expected, str) else expected)):
            lead = errors[worse] - errors[better]
            right = right and (lead > 1e-9 if sign == ">" else abs(lead) <= 1e-9)
        results.append((case["id"], right))
    return results


def pairs(metric: str) -> list[tuple[str, bool]]:
    """For each pair of our own: its id, and whether the metric (less is better) prefers the better report."""
    comparer = ReportComparer(reader())
    results = []
    for pair in ranking_pairs():
        better, worse = (comparer.compare(pair["report"], pair[side])[0][metric] for side in ("better", "worse"))
        results.append((pair["id"], better is not None and worse is not None and worse - better > 1e-9))
    return results


def main() -> None:
    rows = judged()
    halves = {
        "looked at": [row for row in rows if not held_back(row["uid"])],
        "held back": [row for row in rows if held_back(row["uid"])],
        "all": rows,
    }
    for title, shape in (("as GPT-4o cut them into key findings", as_judged), ("as they were written", as_is)):
        print(f"answers and reference steps {title}")
        for name, part in halves.items():
            found = correlations(part, shape)
            shown = "  ".join(f"{metric} {value:.3f} (bar {BARS[metric]:.2f})" for metric, value in found.items())
            print(f"  {name:9} n={len(part)}  {shown}")
    for metric in RANKED_BY:
        for title, bar, results in (("rankings", 27, rankings(metric)), ("own pairs", 100, pairs(metric))):
            wrong = ", ".join(id for id, right in results if not right)
            right = sum(right for _, right in results)
            print(f"{title} by {metric}: {right} of {len(results)} right (bar {bar}); wrong: {wrong}")

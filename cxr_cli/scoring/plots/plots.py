"""A comparison as the plots of a paper, PNG and SVG, to be printed at their own width.

accuracy_by_task, radrscore_by_task, finding_f1_by_task    bars with intervals
radrscore_parts                                            the three parts and their mean, with intervals
accuracy_radrscore                                         one against the other, a cross of intervals a model
findings                                                   findings x models; for a single model, findings x metrics
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cxr_cli.errors import CxrError
from cxr_cli.extras import need
from cxr_cli.scoring.metrics import radrscore
from cxr_cli.scoring.plots import charts
from cxr_cli.scoring.plots.style import STYLE
from cxr_cli.scoring.summaries.comparison import Comparison, ComparisonLine
from cxr_cli.scoring.summaries.per_finding import finding_means
from cxr_cli.scoring.summaries.summary import ALL_TASKS

with need("plot"):
    import matplotlib

BY_TASK = ("accuracy", "radrscore", "finding_f1")
METRIC_LABELS = {"radrscore": "RadRScore", "finding_f1": "F1 of findings"}
MOST_ROWS = 30  # in a heat map


def draw_plots(comparison: Comparison, folder: Path) -> list[Path]:
    """Draws what the scores allow: folder/NAME.png and .svg; their paths."""
    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with matplotlib.rc_context(STYLE):
            for name, figure in Figures(comparison).all():
                paths += [folder / f"{name}.png", folder / f"{name}.svg"]
                figure.savefig(paths[-2], dpi=300)
                figure.savefig(paths[-1], metadata={"Date": None})
    except OSError as error:
        raise CxrError(f"{error.filename or folder}: {error.strerror or 'could not be written'}") from error
    return paths


class Figures:
    """The figures of a comparison. lines: by task, metric, group of centres and model."""

    def __init__(self, comparison: Comparison) -> None:
        self.comparison, self.models = comparison, comparison.models
        self.lines = {line[:4]: line for line in comparison.lines if line.n}
        self.metrics = list(dict.fromkeys(metric for _, metric, _, _ in self.lines))
        centres = comparison.items.centres
        self.titles = {centre: centre if len(centres) > 1 else "" for centre in centres}

    def all(self) -> Iterator[tuple[str, Any]]:
        """Name and figure of each that there are scores for."""
        for metric in BY_TASK:
            if metric in self.metrics:
                yield f"{metric}_by_task", self.bars({task: (task, metric) for task in self.tasks(metric)}, metric)
        if "radrscore" in self.metrics:
            last = self.tasks("radrscore")[-1]
            parts = {METRIC_LABELS.get(metric, metric): (last, metric) for metric in radrscore.METRICS}
            yield "radrscore_parts", self.bars(parts, "score")
        if "radrscore" in self.metrics and "accuracy" in self.metrics:
            yield "accuracy_radrscore", self.crosses()
        metrics = [metric for metric in ("accuracy", *radrscore.METRICS) if metric in self.metrics]
        if findings := finding_means(self.comparison, metrics)[:MOST_ROWS] if metrics else []:
            rows = {
                f"{finding.finding} ({finding.questions})": {
                    METRIC_LABELS.get(column, column): mean for column, mean in finding.means.items()
                }
                for finding in findings
            }
            yield "findings", charts.heat_map(rows, metrics[0] if len(self.models) > 1 else "score")

    def tasks(self, metric: str) -> list[str]:
        return list(dict.fromkeys(task for task, name, _, _ in self.lines if name == metric))

    def bars(self, cells: dict[str, tuple[str, str]], measure: str) -> Any:
        """cells: label -> task and metric."""
        panels = {
            title: {label: {m: self.lines.get((*key, centre, m)) for m in self.models} for label, key in cells.items()}
            for centre, title in self.titles.items()
        }
        return charts.bars(panels, self.label(measure))

    def crosses(self) -> Any:
        """The models over all tasks, or in the largest task where some model with an accuracy has no RadRScore; for a
        single model its tasks.
        """
        tasks, items = self.tasks("radrscore"), self.comparison.items
        if (items.shared("accuracy") != items.shared("radrscore")).any():
            tasks = [task for task in tasks if task != ALL_TASKS]
        sizes = Counter({key[0]: line.n for key, line in self.lines.items() if key[1] == "radrscore"})
        largest = max(tasks, key=lambda task: sizes[task])
        several = len(self.models) > 1
        points = {m: (largest, m) for m in self.models} if several else {t: (t, self.models[0]) for t in tasks}

        def both(task: str, centre: str, model: str) -> tuple[ComparisonLine | None, ComparisonLine | None]:
            return self.lines.get((task, "accuracy", centre, model)), self.lines.get((task, "radrscore", centre, model))

        task_title = [largest] if several and largest != ALL_TASKS else []
        panels = {
            ", ".join(filter(None, [title, *task_title])): {n: both(t, centre, m) for n, (t, m) in points.items()}
            for centre, title in self.titles.items()
        }
        return charts.crosses(panels, self.label("accuracy"), self.label("radrscore"))

    def label(self, measure: str) -> str:
        """Of an axis: "RadRScore (95% interval)"."""
        return f"{METRIC_LABELS.get(measure, measure)} ({self.comparison.level * 100:g}% interval)"

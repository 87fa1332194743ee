"""A comparison as the pictures of a paper, PNG and SVG, to be printed at their own width.

accuracy_by_task, radrscore_by_task, finding_f1_by_task    bars with intervals
radrscore_parts                                            the three parts and their mean, with intervals
accuracy_radrscore                                         one against the other, a cross of intervals a model
findings                                                   findings x models; of one model, findings x metrics
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cxr_cli.errors import CxrError
from cxr_cli.extras import need
from cxr_cli.scoring.plots import charts
from cxr_cli.scoring.summaries.comparison import Comparison, Line
from cxr_cli.scoring.summaries.per_finding import by_finding
from cxr_cli.scoring.summaries.summary import ALL, JUDGED

with need("plot"):
    import matplotlib

BY_TASK = ("accuracy", "radrscore", "finding_f1")
NAMES = {"radrscore": "RadRScore", "finding_f1": "F1 of findings"}
FINDINGS = 30  # in a heat map, at most


def draw(comparison: Comparison, folder: Path) -> list[Path]:
    """Draws what the scores allow: folder/NAME.png and .svg; their paths."""
    drawn = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with matplotlib.rc_context(charts.STYLE):
            for name, figure in Scores(comparison).figures():
                drawn += [folder / f"{name}.png", folder / f"{name}.svg"]
                figure.savefig(drawn[-2], dpi=300)
                figure.savefig(drawn[-1], metadata={"Date": None})
    except OSError as error:
        raise CxrError(f"{error.filename or folder}: {error.strerror or 'could not be written'}") from error
    return drawn


class Scores:
    """What there is to draw. lines: by task, metric, group of centres and model."""

    def __init__(self, comparison: Comparison) -> None:
        self.comparison, self.models = comparison, comparison.models
        self.lines = {line[:4]: line for line in comparison.lines if line.n}
        self.metrics = list(dict.fromkeys(metric for _, metric, _, _ in self.lines))
        self.centres = {centre: centre if len(comparison.centres) > 1 else "" for centre in comparison.centres}

    def figures(self) -> Iterator[tuple[str, Any]]:
        for metric in BY_TASK:
            if metric in self.metrics:
                yield f"{metric}_by_task", self.bars({task: (task, metric) for task in self.tasks(metric)}, metric)
        if "radrscore" in self.metrics:
            last = self.tasks("radrscore")[-1]
            yield "radrscore_parts", self.bars({NAMES.get(part, part): (last, part) for part in JUDGED}, "score")
        if "radrscore" in self.metrics and "accuracy" in self.metrics:
            yield "accuracy_radrscore", self.crosses()
        metrics = [metric for metric in ("accuracy", *JUDGED) if metric in self.metrics]
        if told := by_finding(self.comparison, metrics)[:FINDINGS] if metrics else []:
            rows = {
                f"{one.finding} ({one.questions})": {NAMES.get(name, name): mean for name, mean in one.means.items()}
                for one in told
            }
            yield "findings", charts.heat(rows, metrics[0] if len(self.models) > 1 else "score")

    def tasks(self, metric: str) -> list[str]:
        return list(dict.fromkeys(task for task, name, _, _ in self.lines if name == metric))

    def bars(self, points: dict[str, tuple[str, str]], of: str) -> Any:
        """points: label -> task and metric."""
        panels = {
            title: {label: {m: self.lines.get((*at, centre, m)) for m in self.models} for label, at in points.items()}
            for centre, title in self.centres.items()
        }
        return charts.bars(panels, self.named(of))

    def crosses(self) -> Any:
        """The models over all tasks, or in the largest one where not all with an accuracy have a RadRScore; of one
        model its tasks.
        """
        tasks = self.tasks("radrscore")
        if (self.comparison.shared("accuracy") != self.comparison.shared("radrscore")).any():
            tasks = [task for task in tasks if task != ALL]
        size = Counter({key[0]: line.n for key, line in self.lines.items() if key[1] == "radrscore"})
        largest = max(tasks, key=lambda task: size[task])
        several = len(self.models) > 1
        points = {m: (largest, m) for m in self.models} if several else {t: (t, self.models[0]) for t in tasks}

        def both(task: str, centre: str, model: str) -> tuple[Line | None, Line | None]:
            return self.lines.get((task, "accuracy", centre, model)), self.lines.get((task, "radrscore", centre, model))

        where = [largest] if several and largest != ALL else []
        panels = {
            ", ".join(filter(None, [title, *where])): {name: both(t, centre, m) for name, (t, m) in points.items()}
            for centre, title in self.centres.items()
        }
        return charts.crosses(panels, self.named("accuracy"), self.named("radrscore"))

    def named(self, metric: str) -> str:
        """As axes name it."""
        return f"{NAMES.get(metric, metric)} ({self.comparison.level * 100:g}% interval)"

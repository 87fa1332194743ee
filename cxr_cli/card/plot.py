"""How many questions each split has, by task and by finding, as a plot for paper and screen."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cxr_cli.card.counts import Split
from cxr_cli.card.readme import findings_by_frequency
from cxr_cli.extras import not_installed
from cxr_cli.rows import note
from cxr_cli.rows.output.writing import errors_named
from cxr_cli.scoring.plots.style import COLOURS, HATCHES

MOST_FINDING_BARS, MOST_LETTERS = 30, 40
ANSWER_STYLES = {"yes": (COLOURS[0], HATCHES[0]), "no": (COLOURS[1], HATCHES[1]), "other": ("#bbbbbb", "")}
ANSWER_LABELS = {"yes": "binary: yes", "no": "binary: no", "other": "other tasks"}


def draw_counts(splits: Sequence[Split], stem: Path) -> str | None:
    """STEM.png and STEM.svg: a column of two panels for each split, the tasks above the findings. The PNG's name.

    Without matplotlib there is no plot: None, and a line on stderr.
    """
    try:
        import matplotlib
    except ModuleNotFoundError as error:
        note(f"the card has no plot: {not_installed(error, 'plot')}")
        return None
    style = {"svg.hashsalt": "cxr", "svg.fonttype": "path", "text.parse_math": False}  # a `$` in a name is a `$`
    with matplotlib.rc_context(style), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # letters that the font lacks are drawn as boxes
        figure = _counts(splits)
        with errors_named(png := stem.with_suffix(".png")):
            figure.savefig(png, dpi=160)
        with errors_named(svg := stem.with_suffix(".svg")):
            figure.savefig(svg, metadata={"Date": None})
    return f"{stem.name}.png"


def _bar_label(name: str) -> str:
    name = " ".join(name.split())
    return name if len(name) <= MOST_LETTERS else f"{name[: MOST_LETTERS - 1]}…"


def _counts(splits: Sequence[Split]) -> Any:
    """The figure."""
    from matplotlib.figure import Figure

    names = findings_by_frequency(splits)
    findings = names[:MOST_FINDING_BARS][::-1]
    tasks = sorted({task for split in splits for task in split.tasks}, reverse=True)
    heights = [max(1, len(tasks)), max(1, len(findings))]
    figure = Figure(figsize=(2.2 + 2.8 * len(splits), 1.8 + 0.22 * sum(heights)), layout="constrained")
    panels = figure.subplots(2, len(splits), squeeze=False, sharey="row", gridspec_kw={"height_ratios": heights})
    for split, above, below in zip(splits, *panels, strict=True):
        above.barh(range(len(tasks)), [split.tasks[task] for task in tasks], color="#555555")
        above.set_yticks(range(len(tasks)), [*map(_bar_label, tasks)])
        above.set_title(f"{_bar_label(split.name)}: {split.fingerprint.rows:,} questions", fontsize=10)
        starts = [0] * len(findings)
        for answer, (colour, hatch) in ANSWER_STYLES.items():
            counts = [split.findings[name, answer] for name in findings]
            below.barh(
                range(len(findings)),
                counts,
                left=starts,
                color=colour,
                hatch=hatch,
                edgecolor="white",
                lw=0,
                label=ANSWER_LABELS[answer],
            )
            starts = [start + count for start, count in zip(starts, counts, strict=True)]
        below.set_yticks(range(len(findings)), [*map(_bar_label, findings)])
        few = len(names) <= MOST_FINDING_BARS
        below.set_xlabel("questions" if few else f"questions; {MOST_FINDING_BARS} of {len(names)} findings", fontsize=9)
        for axes in (above, below):
            axes.tick_params(labelsize=8)
            axes.margins(y=0.02)
            axes.grid(axis="x", alpha=0.3)
            axes.set_axisbelow(True)
            axes.spines[["top", "right"]].set_visible(False)
    if findings:
        figure.legend(*panels[1, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8)
    return figure

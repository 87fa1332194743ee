"""What is asked, by task and by finding, as a picture for paper and screen."""

from collections.abc import Sequence
from pathlib import Path

from cxr_cli.card.counts import Split
from cxr_cli.card.page import asked
from cxr_cli.extras import need
from cxr_cli.scoring.plots.charts import COLOURS, HATCHES

with need("plot"):
    import matplotlib
    from matplotlib.figure import Figure

MOST = 30  # findings shown
BARS = {"yes": (COLOURS[0], HATCHES[0]), "no": (COLOURS[1], HATCHES[1]), "other": ("#bbbbbb", "")}
LABELS = {"yes": "binary: yes", "no": "binary: no", "other": "other tasks"}


def draw(splits: Sequence[Split], stem: Path) -> None:
    """STEM.png and STEM.svg: a row of panels, one for each split; above the tasks, below the findings."""
    named = asked(splits)
    findings = named[:MOST][::-1]
    tasks = sorted({task for split in splits for task in split.tasks}, reverse=True)
    heights = [max(1, len(tasks)), max(1, len(findings))]
    figure = Figure(figsize=(2.2 + 2.8 * len(splits), 1.8 + 0.22 * sum(heights)), layout="constrained")
    panels = figure.subplots(2, len(splits), squeeze=False, sharey="row", gridspec_kw={"height_ratios": heights})
    for split, above, below in zip(splits, *panels, strict=True):
        above.barh(tasks, [split.tasks[task] for task in tasks], color="#555555")
        above.set_title(f"{split.name}: {split.fingerprint.rows:,} questions", fontsize=10)
        left = [0] * len(findings)
        for said, (colour, hatch) in BARS.items():
            counts = [split.findings[name, said] for name in findings]
            below.barh(
                findings, counts, left=left, color=colour, hatch=hatch, edgecolor="white", lw=0, label=LABELS[said]
            )
            left = [start + count for start, count in zip(left, counts, strict=True)]
        below.set_xlabel(
            "questions" if len(named) <= MOST else f"questions; {MOST} of {len(named)} findings", fontsize=9
        )
        for axes in (above, below):
            axes.tick_params(labelsize=8)
            axes.margins(y=0.02)
            axes.grid(axis="x", alpha=0.3)
            axes.set_axisbelow(True)
            axes.spines[["top", "right"]].set_visible(False)
    if findings:
        figure.legend(*panels[1, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8)
    with matplotlib.rc_context({"svg.hashsalt": "cxr", "svg.fonttype": "path"}):
        figure.savefig(f"{stem}.png", dpi=160)
        figure.savefig(f"{stem}.svg", metadata={"Date": None})

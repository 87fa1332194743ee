"""Bars, crosses and a heat map, legible in print and to the colour-blind.

Letters are of 8 points at the picture's own width: 3.5 inches, a column, for one panel, and 7.2, a page, for two; a
heat map takes what it needs.
Models differ in colour (of Okabe and Ito, jfly.uni-koeln.de/color) and in hatch or marker, so that grey will do.
"""

import re
from collections.abc import Iterable, Mapping
from textwrap import wrap
from typing import Any

from cxr_cli.scoring.summaries.comparison import Line

COLUMN, PAGE = 3.5, 7.2  # inches
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")
HATCHES = ("", "////", "....", "xxxx", "----", "\\\\\\\\", "++++", "oooo", "||||")
MARKERS = "osD^vP<X>*"
STYLE = {
    "font.size": 8,
    **dict.fromkeys(("axes.titlesize", "axes.labelsize", "xtick.labelsize", "ytick.labelsize", "legend.fontsize"), 8),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "hatch.linewidth": 0.5,
    "legend.frameon": False,
    "svg.fonttype": "none",  # letters stay letters, to be searched and edited
    "svg.hashsalt": "cxr",  # the same picture is the same file
}
_LETTER = 0.065  # inches, about


def bars(panels: Mapping[str, Mapping[str, Mapping[str, Line | None]]], of: str) -> Any:
    """panels: title -> label -> model -> line; side by side, with the same labels and models. of: what is measured.

    A label has bars for the models that have a line there in any of the panels.
    """
    from matplotlib.patches import Patch

    first = next(iter(panels.values()))
    looks = {model: i for i, model in enumerate(next(iter(first.values())))}
    groups = {label: [m for m in looks if any(panel[label][m] for panel in panels.values())] for label in first}
    shown = {model: i for model, i in looks.items() if any(model in models for models in groups.values())}
    names = [_folded(label) for label in groups]
    heights = [max(len(m), 1 + name.count("\n")) + 0.8 for m, name in zip(groups.values(), names, strict=True)]
    middles = [sum(heights[:i]) + height / 2 for i, height in enumerate(heights)]
    figure, axes = _figure(len(panels), sum(heights) * (0.13 if len(shown) > 1 else 0.18), sharey=True)
    for place, (title, panel) in zip(axes, panels.items(), strict=True):
        for (label, models), middle in zip(groups.items(), middles, strict=True):
            for i, model in enumerate(models):
                line, y = panel[label][model], middle + i - (len(models) - 1) / 2
                if line and line.mean:
                    place.barh(y, line.mean, 1, **_bar(shown[model]))
                    place.errorbar(line.mean, y, xerr=_spread(line), color="black", linewidth=0.8, capsize=1.5)
                else:
                    place.text(0.01, y, "0" if line else "-", va="center_baseline")
        place.set(title=title, xlim=(0, 1), xlabel=of, ylim=(sum(heights), 0))
        place.set_yticks(middles, names)
        place.tick_params(axis="y", length=0)
        place.grid(axis="x", alpha=0.3)
    _legend(figure, {model: Patch(**_bar(i)) for model, i in shown.items()})
    return figure


def crosses(panels: Mapping[str, Mapping[str, tuple[Line | None, Line | None]]], x_of: str, y_of: str) -> Any:
    """panels: title -> name -> its two lines; side by side, with the same names. of: what is measured."""
    figure, axes = _figure(len(panels), 2.6, sharex=True, sharey=True)
    handles = {}
    for place, (title, pairs) in zip(axes, panels.items(), strict=True):
        for i, (name, (x, y)) in enumerate(pairs.items()):
            if x and y:
                ends = {"xerr": _spread(x), "yerr": _spread(y), "linewidth": 0.8}
                handles[name] = place.errorbar(x.mean, y.mean, **ends, **_marker(i))
        place.set(title=title, xlabel=x_of, ylabel=y_of if place is axes[0] else "")
        place.grid(alpha=0.3)
    _legend(figure, handles)
    return figure


def heat(rows: Mapping[str, Mapping[str, float | None]], of: str) -> Any:
    """rows: label -> column -> a value from 0 to 1, white where there is none. of: what they measure."""
    names = [_folded(name, 30) for name in next(iter(rows.values()))]
    beside = _LETTER * _longest(rows) + 0.34 * len(names)
    below = _LETTER * _longest(names)
    figure, [place] = _figure(1, 0.19 * len(rows) + below, width=max(COLUMN, beside))
    values = [[float("nan") if value is None else value for value in row.values()] for row in rows.values()]
    place.pcolormesh(values, cmap="viridis", vmin=0, vmax=1, edgecolors="white", linewidth=0.5)
    for i, line in enumerate(values):
        for j, value in enumerate(line):
            text, ink = ("-", "black") if value != value else (f"{value:.2f}", "white" if value < 0.5 else "black")
            place.text(j + 0.5, i + 0.5, text, ha="center", va="center", color=ink)
    place.set_xticks([j + 0.5 for j in range(len(names))], names, rotation=90)
    place.set_yticks([i + 0.5 for i in range(len(rows))], [*rows])
    place.tick_params(length=0)
    place.invert_yaxis()
    place.set_title(of)
    return figure


def _figure(panels: int, inches: float, width: float | None = None, **shared: Any) -> tuple[Any, list[Any]]:
    """inches: the height of the panels without what is around them."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width or (COLUMN if panels == 1 else PAGE), inches + 0.6), layout="constrained")
    return figure, [*figure.subplots(1, panels, squeeze=False, **shared)[0]]


def _legend(figure: Any, handles: Mapping[str, Any]) -> None:
    """Above the panels, in as many columns as fit; the picture grows by it. A single name needs none."""
    names = [_folded(name, 40) for name in handles]
    if len(names) == 1:
        return
    width, height = figure.get_size_inches()
    columns = max(1, min(len(names), int(width / (0.5 + _LETTER * _longest(names)))))
    lines = -(-len(names) // columns)
    figure.set_size_inches(width, height + 0.17 * lines + 0.1)
    figure.legend(handles.values(), names, loc="outside upper center", ncols=columns, handlelength=2)


def _bar(i: int) -> dict[str, Any]:
    look = {"facecolor": COLOURS[i % len(COLOURS)], "hatch": HATCHES[i % len(HATCHES)]}
    return {**look, "edgecolor": "black", "linewidth": 0.4}


def _marker(i: int) -> dict[str, Any]:
    look = {"color": COLOURS[i % len(COLOURS)], "marker": MARKERS[i % len(MARKERS)]}
    return {**look, "markeredgecolor": "black", "markeredgewidth": 0.4}


def _spread(line: Line) -> list[list[float]] | None:
    """The interval, as matplotlib takes it; None if there is none."""
    if line.mean is None or line.low is None or line.high is None:
        return None
    return [[line.mean - line.low], [line.high - line.mean]]


def _longest(names: Iterable[str]) -> int:
    return max(len(line) for name in names for line in name.splitlines() or [""])


def _folded(label: str, width: int = 18) -> str:
    """A long name on several lines, broken at its own signs: openi_multi_ / evaluation_res."""
    spaced = re.sub(r"(?<=[_/])", "\u200b ", label)
    return "\n".join(line.replace("\u200b ", "").rstrip("\u200b") for line in wrap(spaced, width))

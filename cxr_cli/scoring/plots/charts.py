"""Bars, crosses and a heat map, legible in print and for colour-blind readers.

Letters have 8 points at the plot's own width: 3.5 inches, a column, for one panel, and 7.2, a page, for two; a heat map
is as wide as it needs.
Models differ in colour (of Okabe and Ito, jfly.uni-koeln.de/color) and in hatch or marker, so that grey print will do.
"""

import re
from collections.abc import Iterable, Mapping
from textwrap import wrap
from typing import Any

from cxr_cli.scoring.plots.style import COLOURS, COLUMN, HATCHES, PAGE, POINT_SHAPES
from cxr_cli.scoring.summaries.comparison import ComparisonLine

_LETTER_WIDTH = 0.065  # inches, about


def bars(panels: Mapping[str, Mapping[str, Mapping[str, ComparisonLine | None]]], measure: str) -> Any:
    """panels: title -> label -> model -> line; side by side, with the same labels and models. measure: what bars show.

    A label has bars for the models that have a line there in any of the panels.
    """
    from matplotlib.patches import Patch

    first = next(iter(panels.values()))
    models = [*next(iter(first.values()))]
    groups = {label: [m for m in models if any(panel[label][m] for panel in panels.values())] for label in first}
    styles = {m: i for i, m in enumerate(models) if any(m in group for group in groups.values())}
    names = [_folded(label) for label in groups]
    heights = [max(len(m), 1 + name.count("\n")) + 0.8 for m, name in zip(groups.values(), names, strict=True)]
    middles = [sum(heights[:i]) + height / 2 for i, height in enumerate(heights)]
    figure, all_axes = _figure(len(panels), sum(heights) * (0.13 if len(styles) > 1 else 0.18), sharey=True)
    for axes, (title, panel) in zip(all_axes, panels.items(), strict=True):
        for (label, group), middle in zip(groups.items(), middles, strict=True):
            for i, model in enumerate(group):
                line, y = panel[label][model], middle + i - (len(group) - 1) / 2
                if line and line.mean:
                    axes.barh(y, line.mean, 1, **_bar_style(styles[model]))
                    axes.errorbar(line.mean, y, xerr=_error_lengths(line), color="black", linewidth=0.8, capsize=1.5)
                else:
                    axes.text(0.01, y, "0" if line else "-", va="center_baseline")
        axes.set(title=title, xlim=(0, 1), xlabel=measure, ylim=(sum(heights), 0))
        axes.set_yticks(middles, names)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x", alpha=0.3)
    _legend(figure, {model: Patch(**_bar_style(i)) for model, i in styles.items()})
    return figure


def crosses(
    panels: Mapping[str, Mapping[str, tuple[ComparisonLine | None, ComparisonLine | None]]], x_label: str, y_label: str
) -> Any:
    """panels: title -> name -> its lines on x and y; side by side, with the same names."""
    figure, all_axes = _figure(len(panels), 2.6, sharex=True, sharey=True)
    handles = {}
    for axes, (title, pairs) in zip(all_axes, panels.items(), strict=True):
        for i, (name, (x, y)) in enumerate(pairs.items()):
            if x and y:
                errors = {"xerr": _error_lengths(x), "yerr": _error_lengths(y), "linewidth": 0.8}
                handles[name] = axes.errorbar(x.mean, y.mean, **errors, **_marker_style(i))
        axes.set(title=title, xlabel=x_label, ylabel=y_label if axes is all_axes[0] else "")
        axes.grid(alpha=0.3)
    _legend(figure, handles)
    return figure


def heat_map(rows: Mapping[str, Mapping[str, float | None]], measure: str) -> Any:
    """rows: label -> column -> a value from 0 to 1; a cell without one is white. measure: what the values are."""
    names = [_folded(name, 30) for name in next(iter(rows.values()))]
    width = _LETTER_WIDTH * _longest(rows) + 0.34 * len(names)
    below = _LETTER_WIDTH * _longest(names)
    figure, [axes] = _figure(1, 0.19 * len(rows) + below, width=max(COLUMN, width))
    values = [[float("nan") if value is None else value for value in row.values()] for row in rows.values()]
    axes.pcolormesh(values, cmap="viridis", vmin=0, vmax=1, edgecolors="white", linewidth=0.5)
    for i, line in enumerate(values):
        for j, value in enumerate(line):
            text, ink = ("-", "black") if value != value else (f"{value:.2f}", "white" if value < 0.5 else "black")
            axes.text(j + 0.5, i + 0.5, text, ha="center", va="center", color=ink)
    axes.set_xticks([j + 0.5 for j in range(len(names))], names, rotation=90)
    axes.set_yticks([i + 0.5 for i in range(len(rows))], [*rows])
    axes.tick_params(length=0)
    axes.invert_yaxis()
    axes.set_title(measure)
    return figure


def _figure(panels: int, inches: float, width: float | None = None, **shared: Any) -> tuple[Any, list[Any]]:
    """A figure and its axes. inches: the height of the panels without title, labels and legend."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width or (COLUMN if panels == 1 else PAGE), inches + 0.6), layout="constrained")
    return figure, [*figure.subplots(1, panels, squeeze=False, **shared)[0]]


def _legend(figure: Any, handles: Mapping[str, Any]) -> None:
    """Above the panels, in as many columns as fit; the figure grows by it. A single name needs no legend."""
    names = [_folded(name, 40) for name in handles]
    if len(names) == 1:
        return
    width, height = figure.get_size_inches()
    columns = max(1, min(len(names), int(width / (0.5 + _LETTER_WIDTH * _longest(names)))))
    lines = -(-len(names) // columns)
    figure.set_size_inches(width, height + 0.17 * lines + 0.1)
    figure.legend(handles.values(), names, loc="outside upper center", ncols=columns, handlelength=2)


def _bar_style(i: int) -> dict[str, Any]:
    style = {"facecolor": COLOURS[i % len(COLOURS)], "hatch": HATCHES[i % len(HATCHES)]}
    return {**style, "edgecolor": "black", "linewidth": 0.4}


def _marker_style(i: int) -> dict[str, Any]:
    style = {"color": COLOURS[i % len(COLOURS)], "marker": POINT_SHAPES[i % len(POINT_SHAPES)]}
    return {**style, "markeredgecolor": "black", "markeredgewidth": 0.4}


def _error_lengths(line: ComparisonLine) -> list[list[float]] | None:
    """The interval as lengths below and above the mean, as matplotlib takes it; None without an interval."""
    if line.mean is None or line.low is None or line.high is None:
        return None
    return [[line.mean - line.low], [line.high - line.mean]]


def _longest(names: Iterable[str]) -> int:
    return max(len(line) for name in names for line in name.splitlines() or [""])


def _folded(label: str, width: int = 18) -> str:
    """A long name on several lines, broken at its own signs: openi_multi_ / evaluation_res."""
    spaced = re.sub(r"(?<=[_/])", "\u200b ", label)
    return "\n".join(line.replace("\u200b ", "").rstrip("\u200b") for line in wrap(spaced, width))

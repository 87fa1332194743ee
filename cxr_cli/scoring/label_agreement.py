"""Labels against gold labels: precision, recall, F1 and Cohen's kappa of each label, for each of its values.

Each value is a class of its own: "negative" asks how well 0 is found, and blank is another class. Intervals are
bootstrapped by patient, with the same draws for all labels.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from cxr_cli.scoring.summaries.intervals import Floats, group_numbers, group_totals, percentiles, resampled_totals
from cxr_cli.scoring.summaries.summary_table import mean_cells
from cxr_cli.scoring.tables.table import Document, Table
from cxr_cli.verifying.interrater import kappa

VALUES = {1: "positive", 0: "negative", -1: "uncertain"}
METRICS = ("precision", "recall", "f1", "kappa")
_CODES = {1: 0, 0: 1, -1: 2, None: 3}
MEAN = "mean"  # over labels


Estimate = tuple[float | None, float | None, float | None]
"""A value and its interval; None for what is unknown."""


class AgreementLine(NamedTuple):
    """How well one value of a label is found. gold, ours: how often each has it."""

    label: str
    value: str
    gold: int
    ours: int
    metrics: dict[str, Estimate]


class LabelAgreement:
    """Collects the labels of cases, and gold's. Memory: a byte for each label of a case.

    draws, seed, level: of the bootstrap intervals.
    """

    def __init__(self, names: Sequence[str], draws: int = 1000, seed: int = 0, level: float = 0.95) -> None:
        self.names, self.draws, self.seed, self.level = names, draws, seed, level
        self._pairs = bytearray()  # 4 * code of ours + code of gold's, case by case
        self._groups: list[Hashable] = []

    def add(self, labels: Mapping[str, int | None], gold: Mapping[str, int | None], group: Hashable) -> list[str]:
        """Takes in one case; group: its patient. The labels in which the two differ."""
        self._pairs += bytes(4 * _CODES[labels[name]] + _CODES[gold[name]] for name in self.names)
        self._groups.append(group)
        return [name for name in self.names if labels[name] != gold[name]]

    def __len__(self) -> int:
        return len(self._groups)

    def lines(self) -> list[AgreementLine]:
        """The values of each label that gold uses at all, then their means over the labels that have them in gold."""
        pairs = np.frombuffer(self._pairs, np.uint8).reshape(len(self), len(self.names))
        used = [(code, value) for code, value in enumerate(VALUES.values()) if np.any(pairs % 4 == code)]
        groups = group_numbers(self._groups)
        lines: list[AgreementLine] = []
        samples: dict[str, list[tuple[AgreementLine, Floats]]] = {value: [] for _, value in used}
        for name, column in zip(self.names, pairs.T, strict=True):
            rng = np.random.default_rng(self.seed)
            totals = group_totals(np.eye(16)[column], groups, rng)
            counts = totals.sum(axis=0).reshape(4, 4)
            draws = resampled_totals(totals, self.draws, rng) if len(totals) > 1 else totals[:0]
            for code, value in used:
                ours, gold = int(counts[code].sum()), int(counts[:, code].sum())
                if ours or gold:
                    metrics = _metrics(np.concatenate([counts.reshape(1, 16), draws]), code)
                    line = AgreementLine(name, value, gold, ours, self._estimates(metrics))
                    lines.append(line)
                    samples[value] += [(line, metrics)] if gold else []
        return lines + [self._mean(value, of_value) for value, of_value in samples.items()]

    def _mean(self, value: str, samples: Sequence[tuple[AgreementLine, Floats]]) -> AgreementLine:
        metrics = np.stack([metrics for _, metrics in samples])
        numbers = ~np.isnan(metrics)
        means = np.where(numbers, metrics, 0).sum(axis=0) / np.where(numbers.any(axis=0), numbers.sum(axis=0), np.nan)
        gold, ours = sum(line.gold for line, _ in samples), sum(line.ours for line, _ in samples)
        return AgreementLine(MEAN, value, gold, ours, self._estimates(means))

    def _estimates(self, metrics: Floats) -> dict[str, Estimate]:
        """metrics: a column each; the first row is of all cases, each other one of a draw."""
        estimates: dict[str, Estimate] = {}
        for name, (whole, *draws) in zip(METRICS, metrics.T, strict=True):
            numbers = np.array(draws)[~np.isnan(draws)]
            low, high = percentiles(numbers, self.level) if len(numbers) else (None, None)
            estimates[name] = (None, None, None) if np.isnan(whole) else (float(whole), low, high)
        return estimates


def _metrics(totals: Floats, code: int) -> Floats:
    """Rows of 16 counts of pairs -> rows of the four metrics of one value; NaN where there is nothing to count."""
    counts = totals.reshape(-1, 4, 4)
    both = counts[:, code, code]
    ours, gold, n = counts[:, code].sum(axis=1), counts[:, :, code].sum(axis=1), counts.sum(axis=(1, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        metrics = [both / ours, both / gold, 2 * both / np.where(gold, ours + gold, np.nan)]
    kappas = [_label_kappa(*row) for row in zip(both, ours - both, gold - both, n - ours - gold + both, strict=True)]
    return np.stack([*metrics, np.array(kappas)], axis=1)


def _label_kappa(both: float, ours: float, gold: float, neither: float) -> float:
    """both: given by both; ours, gold: by one of them alone."""
    pairs = {("yes", "yes"): both, ("yes", "no"): ours, ("no", "yes"): gold, ("no", "no"): neither}
    value = kappa({pair: int(count) for pair, count in pairs.items()})
    return float("nan") if value is None else value


def document(agreement: LabelAgreement, notes: Sequence[str], signature: str) -> Document:
    """A line a label and value. notes: sentences below the table."""
    lines = agreement.lines()
    interval = f"{agreement.level * 100:g}% interval"
    return Document(
        Table(
            head=["label", "value", "gold", "ours", *(cell for metric in METRICS for cell in (metric, interval))],
            body=[
                [line.label, line.value, str(line.gold), str(line.ours)]
                + [cell for metric in METRICS for cell in mean_cells(*line.metrics[metric])]
                for line in lines
            ],
            names=2,
            foot=[[*notes, f"intervals: {agreement.draws} bootstrap draws by patient, seed {agreement.seed}"]],
            signatures=[f"labelled_by: {signature}"],
            empty="no labels to compare",
        ),
    )

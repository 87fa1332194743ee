"""Reports against reports as a metric of torchmetrics, with the extra `torchmetrics`.

metric = ReportMetric()
metric.update(refs=["No edema."], hyps=["Edema."])      # each batch, in every process
metric.compute()["finding_f1"]                          # a tensor
"""

from collections.abc import Sequence
from typing import Any
from zlib import crc32

import torch
from torchmetrics import Metric

from cxr_cli.adapters.adapter_cases import rules_or_default
from cxr_cli.library.rules import Rules


class ReportMetric(Metric):  # type: ignore[misc]
    """The means of `Rules.score_reports` over all batches. options: those of torchmetrics' Metric."""

    full_state_update = False

    def __init__(self, rules: Rules | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.rules = rules_or_default(rules)
        self.names = [*self.rules.score_reports(refs=[""], hyps=[""])]
        for state in ("sums", "counts"):
            self.add_state(state, torch.zeros(len(self.names)), dist_reduce_fx="sum")
        # MetricCollection takes metrics whose states are equal for the same one, and updates the first alone
        identity = f"{self.rules.reader.lexicon.digest}{self.rules.unmentioned}".encode()
        self.add_state("identity", torch.tensor(crc32(identity)), dist_reduce_fx="max")

    def update(self, *, refs: Sequence[str | None], hyps: Sequence[str | None]) -> None:
        """refs: of radiologists; hyps: of a model, in the same order. CxrError: they are not as many."""
        samples = self.rules.score_reports(refs=refs, hyps=hyps, per_sample=True)
        values = [[torch.nan if sample[name] is None else sample[name] for name in self.names] for sample in samples]
        scores = torch.tensor(values, dtype=torch.float)
        self.sums += scores.nansum(0).to(self.sums)
        self.counts += (~scores.isnan()).sum(0).to(self.counts)

    def compute(self) -> dict[str, Any]:
        """Name -> mean over the pairs that have the score, NaN if none has."""
        return dict(zip(self.names, self.sums / self.counts, strict=True))

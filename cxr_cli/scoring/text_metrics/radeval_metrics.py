"""Metrics of reports by the package RadEval (Xu et al. 2025, EMNLP demos), with the extra `radeval`.

    GREEN, RadGraph F1 (entities and their relations in part), RaTEScore and CheXbert F1 (micro, of the 14 labels of one
    pair) are from 0 to 1, CRIMSON from -1 to 1; RadCliQ-v1 is a distance: lower is better.

Each has a model of its own, which RadEval downloads when it is first used. GREEN's runs code of its folder.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from cxr_cli.extras import installed_versions, need
from cxr_cli.scoring.text_metrics.metric_weights import weights_of

RADEVAL = "radeval"


class RadEvalMetric:
    """One of RadEval's. radeval_name: there. key: of its score. by_pair: is a score per report one of a single pair?"""

    name: ClassVar[str]
    radeval_name: ClassVar[str]
    key: ClassVar[str]
    by_pair: ClassVar[bool] = False
    of_reply = False

    def __init__(self) -> None:
        with need(RADEVAL):
            from radeval import RadEval
        self.version = installed_versions(RADEVAL).get(RADEVAL, "")
        with weights_of(self.name, RADEVAL):
            self._evaluate = RadEval(metrics=[self.radeval_name], per_sample=not self.by_pair, show_progress=False)

    def compare(
        self, references: Sequence[str], texts: Sequence[str], rows: Sequence[Mapping[str, Any]]
    ) -> list[float | None]:
        with weights_of(self.name, RADEVAL):
            if self.by_pair:
                pairs = zip(references, texts, strict=True)
                values = [self._evaluate(refs=[reference], hyps=[text])[self.key] for reference, text in pairs]
            else:
                values = self._evaluate(refs=[*references], hyps=[*texts])[self.key]
            return [None if value is None or value != value else float(value) for value in values]


class Green(RadEvalMetric):
    name = radeval_name = key = "green"


class RadGraphF1(RadEvalMetric):
    name, radeval_name, key = "radgraph_f1", "radgraph", "radgraph_partial"


class RaTEScore(RadEvalMetric):
    name = radeval_name = key = "ratescore"


class RadCliQ(RadEvalMetric):
    name, radeval_name, key = "radcliq", "radcliq", "radcliq_v1"


class CheXbertF1(RadEvalMetric):
    name, radeval_name, key, by_pair = "chexbert_f1", "f1chexbert", "f1chexbert_all_micro_f1", True


class Crimson(RadEvalMetric):
    name = radeval_name = key = "crimson"

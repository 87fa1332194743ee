"""The metrics that `--metric` names, and one's own.

bleu = text_metric("bleu")
bleu.compare(["The lungs are clear."], ["The lungs are clear."], [{}])      # [1.0]
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from cxr_cli.errors import CxrError
from cxr_cli.registry import Registry
from cxr_cli.suggestions import known_names

TEXT_METRICS = Registry(
    {
        "bleu": "cxr_cli.scoring.text_metrics.word_metrics:Bleu",
        "rouge_l": "cxr_cli.scoring.text_metrics.word_metrics:RougeL",
        "bertscore": "cxr_cli.scoring.text_metrics.word_metrics:BertScore",
        "green": "cxr_cli.scoring.text_metrics.radeval_metrics:Green",
        "radgraph_f1": "cxr_cli.scoring.text_metrics.radeval_metrics:RadGraphF1",
        "ratescore": "cxr_cli.scoring.text_metrics.radeval_metrics:RaTEScore",
        "radcliq": "cxr_cli.scoring.text_metrics.radeval_metrics:RadCliQ",
        "chexbert_f1": "cxr_cli.scoring.text_metrics.radeval_metrics:CheXbertF1",
        "crimson": "cxr_cli.scoring.text_metrics.radeval_metrics:Crimson",
    }
)


class TextMetric(Protocol):
    """Made once for all rows. version: of the package, or the digest of one's own code, for signatures. of_reply: does
    it get the whole reply, and need no reference?"""

    version: str
    of_reply: bool

    def compare(
        self, references: Sequence[str], texts: Sequence[str], rows: Sequence[Mapping[str, Any]]
    ) -> list[float | None]:
        """The score of each text. rows: which it belongs to. CxrError: the package, its weights or the code fail."""
        ...


def text_metrics(names: Sequence[str]) -> dict[str, TextMetric]:
    """Those that `--metric` names, by their names in rows. Raises CxrError."""
    metrics: dict[str, TextMetric] = {}
    for name in names:
        short, metric = text_metric(name)
        if short in metrics:
            raise CxrError(f"--metric: {short} is named twice")
        metrics[short] = metric
    return metrics


def text_metric(name: str) -> tuple[str, TextMetric]:
    """The metric's name in rows, and the metric: of the table, or `my_module:function`. Raises CxrError."""
    if name in TEXT_METRICS:
        return name, TEXT_METRICS.load(name)()
    if ":" in name:
        from cxr_cli.scoring.text_metrics.own_metric import OwnMetric

        metric = OwnMetric(name)
        return metric.name, metric
    listing = f"{', '.join(TEXT_METRICS)}, or my_module:function"
    raise CxrError(f"--metric: no metric is called {name}{known_names(name, TEXT_METRICS, listing)}")

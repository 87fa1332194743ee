"""BLEU, ROUGE-L and BERTScore, each by the package that defines it, with the extra `text-metrics`."""

from collections.abc import Mapping, Sequence
from typing import Any

from cxr_cli.extras import installed_versions, need
from cxr_cli.scoring.text_metrics.metric_weights import weights_of

_EXTRA = "text-metrics"


class Bleu:
    """Sentence BLEU of sacreBLEU with its default settings, from 0 to 1. BLEU of a corpus is no mean of it."""

    of_reply = False

    def __init__(self) -> None:
        with need(_EXTRA):
            from sacrebleu import BLEU
        self._bleu = BLEU(effective_order=True)
        self.version = installed_versions("sacrebleu")["sacrebleu"]

    def compare(
        self, references: Sequence[str], texts: Sequence[str], rows: Sequence[Mapping[str, Any]]
    ) -> list[float | None]:
        pairs = zip(references, texts, strict=True)
        scores = (self._bleu.sentence_score(text, [reference]).score for reference, text in pairs)
        return [min(score / 100, 1.0) for score in scores]  # of equal texts it may be 100.00000000000004


class RougeL:
    """The F-measure of ROUGE-L by rouge-score, without stemming."""

    of_reply = False

    def __init__(self) -> None:
        with need(_EXTRA):
            from rouge_score.rouge_scorer import RougeScorer
        self._scorer = RougeScorer(["rougeL"])
        self.version = installed_versions("rouge-score")["rouge-score"]

    def compare(
        self, references: Sequence[str], texts: Sequence[str], rows: Sequence[Mapping[str, Any]]
    ) -> list[float | None]:
        pairs = zip(references, texts, strict=True)
        return [float(self._scorer.score(reference, text)["rougeL"].fmeasure) for reference, text in pairs]


class BertScore:
    """F1 of BERTScore by bert-score, with its model for English and without rescaling."""

    of_reply = False

    def __init__(self) -> None:
        with need(_EXTRA):
            from bert_score import BERTScorer
        self.version = installed_versions("bert-score")["bert-score"]
        with weights_of("bertscore", _EXTRA):
            self._scorer = BERTScorer(lang="en")

    def compare(
        self, references: Sequence[str], texts: Sequence[str], rows: Sequence[Mapping[str, Any]]
    ) -> list[float | None]:
        f1 = self._scorer.score([*texts], [*references])[2]
        return [float(value) for value in f1]

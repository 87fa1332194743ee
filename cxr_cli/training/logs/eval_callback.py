"""At each evaluation, cases are answered as by `cxr infer` and scored as by `cxr score`."""

from collections import defaultdict
from typing import Any

from transformers import TrainerCallback

from cxr_cli.engines import Conversation, Sampling, run_conversations
from cxr_cli.engines.prompts.predictor import Predictor
from cxr_cli.engines.transformers import LocalEngine
from cxr_cli.errors import RowError
from cxr_cli.rows import Row, note
from cxr_cli.scoring.scorer import Scorer
from cxr_cli.training.data.dataset import load_images
from cxr_cli.training.data.row_store import RowStore
from cxr_cli.training.settings.job import Job

EVAL_BATCH, MAX_TOKENS = 8, 512  # answers at a time, tokens of one


class EvalCallback(TrainerCallback):  # type: ignore[misc]
    """Answers and scores the first `count` held-out cases, and logs eval_answered, the share that was answered, and
    eval_accuracy, eval_format and the parts of RadRScore, each a mean over the cases that have it.

    scorer: of the answers. max_tokens: of an answer. Under ZeRO-3 it only says that it cannot do this: no process has
    the whole model.
    """

    def __init__(
        self, trainer: Any, rows: RowStore, job: Job, scorer: Scorer, count: int, max_tokens: int = MAX_TOKENS
    ) -> None:
        self.trainer, self.rows, self.films, self.count = trainer, rows, job.films, min(count, len(rows))
        sampling = Sampling(max_tokens=max_tokens)
        self.engine = LocalEngine(self._model, sampling, EVAL_BATCH)
        self.predictor = Predictor(self.engine, sampling, self.films, instruction=job.instruction)
        self.scorer = scorer

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, **_: Any) -> None:
        plugin = self.trainer.accelerator.state.deepspeed_plugin
        if plugin is not None and plugin.zero_stage == 3:
            note("evaluation under ZeRO-3 gives the loss alone")
            return
        model = self.trainer.model
        training = model.training
        model.eval()
        values: dict[str, list[float]] = defaultdict(list)
        rows = (self.rows[index] for index in range(self.count))
        for _, row_scores in run_conversations(self.engine, ((row, self._conversation(row)) for row in rows)):
            scores = {} if isinstance(row_scores, RowError) else row_scores["scores"]
            values["answered"].append(float(scores.get("accuracy") is not None))
            for name, score in scores.items():
                if score is not None:
                    values[name].append(score)
        model.train(training)
        means = {f"eval_{name}": sum(scores) / len(scores) for name, scores in values.items()}
        self.trainer.log(means)
        if metrics is not None:
            metrics.update(means)

    def _model(self) -> tuple[Any, Any]:
        return self.trainer.accelerator.unwrap_model(self.trainer.model), self.trainer.processing_class

    def _conversation(self, row: Row) -> Conversation[Row]:
        answered_row = yield from self.predictor.conversation(row, load_images(row, self.films))
        return (yield from self.scorer.row(answered_row))

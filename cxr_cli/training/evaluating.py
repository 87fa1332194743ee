"""Answers generated at each evaluation, scored as `cxr score` scores them."""

from collections import defaultdict
from typing import Any

from transformers import TrainerCallback

from cxr_cli import layout
from cxr_cli.engines import converse
from cxr_cli.findings import reader
from cxr_cli.images import Films
from cxr_cli.rows import note
from cxr_cli.scoring.score import Scorer
from cxr_cli.training.examples import Rows, pictures, prompt

BATCH, TOKENS = 8, 512  # answers at a time, tokens of one


class Answering(TrainerCallback):  # type: ignore[misc]
    """Adds eval_accuracy, eval_format and the parts of RadRScore over the first `count` held-out cases, each over
    those that have it, and eval_answered, the share of cases that were answered at all."""

    def __init__(self, trainer: Any, rows: Rows, films: Films, count: int, tokens: int = TOKENS) -> None:
        self.tokens, self.trainer, self.rows, self.films, self.count = (
            tokens,
            trainer,
            rows,
            films,
            min(count, len(rows)),
        )
        self.scorer = Scorer(reader())

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, **_: Any) -> None:
        plugin = self.trainer.accelerator.state.deepspeed_plugin
        if plugin is not None and plugin.zero_stage == 3:
            note("evaluation under ZeRO-3 gives the loss alone")
            return
        values: dict[str, list[float]] = defaultdict(list)
        for begin in range(0, self.count, BATCH):
            rows = [self.rows[i] for i in range(begin, min(begin + BATCH, self.count))]
            said = [{**row, "prediction": text} for row, text in zip(rows, self._answers(rows), strict=True)]
            for _, scored in converse(None, ((row, self.scorer.row(row)) for row in said)):
                assert isinstance(scored, dict)
                values["answered"].append(float(scored["scores"]["accuracy"] is not None))
                for name, score in scored["scores"].items():
                    if score is not None:
                        values[name].append(score)
        means = {f"eval_{name}": sum(found) / len(found) for name, found in values.items()}
        self.trainer.log(means)
        if metrics is not None:
            metrics.update(means)

    def _answers(self, rows: list[dict[str, Any]]) -> list[str]:
        import torch

        processor, model = self.trainer.processing_class, self.trainer.accelerator.unwrap_model(self.trainer.model)
        films = [pictures(row, self.films) for row in rows]
        texts = []
        for row, shown in zip(rows, films, strict=True):
            content = [*({"type": "image"} for _ in shown), {"type": "text", "text": prompt(row, reasoned=True)}]
            messages = [{"role": "user", "content": content}]
            texts.append(processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))
        inputs = processor(text=texts, images=films, padding=True, padding_side="left", return_tensors="pt")
        inputs = inputs.to(model.device)
        training = model.training
        model.eval()
        with torch.no_grad():
            out = model.generate(**inputs, max_new_tokens=self.tokens, do_sample=False)
        model.train(training)
        said = out[:, inputs["input_ids"].shape[1] :]
        return [layout.reply(text) for text in processor.tokenizer.batch_decode(said, skip_special_tokens=True)]

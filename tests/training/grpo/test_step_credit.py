"""Credit per step in GRPO: which tokens get the advantage of a sentence."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cxr_cli.errors import CxrError
from cxr_cli.rewards.reward_mix import select
from tests.rewards.test_credit import CASE
from tests.training.small_trainings import rl

FOUND, MISSED = "There is a left pleural effusion.", "No pleural effusion is seen."
COMPLETIONS = [
    f"<think> {FOUND} No edema. So it is. </think><answer> A </answer>",
    f"<think> {MISSED} No edema. So it is. </think><answer> B </answer>",
    f"<think> {MISSED} Edema, é. So it is. </think><answer> A </answer>",
    f"<think> {FOUND} {FOUND} There",
]
CLEAR = {**CASE, "answer": "No", "report": "No pleural effusion. No edema. No pneumothorax.", "steps": [MISSED]}
ASKED = [  # film, case: one question of two films, and two questions of one film, whose reports differ
    ("effusion", {**CASE, "id": "a"}),
    ("clear", {**CLEAR, "id": "b"}),
    ("effusion", {**CASE, "id": "c", "question": "Is there edema in this film?", "steps": ["There is no edema."]}),
    ("clear", {**CLEAR, "id": "d", "question": "Is there edema in this film?", "report": "Pulmonary edema."}),
]


def test_credit_takes_factuality() -> None:
    from cxr_cli.training.rl import reward_weights

    assert reward_weights({}, select(["accuracy", "factuality:0.5"])) == ([1.0, 0.5], 0.0)
    assert reward_weights({"credit": "step"}, select(["accuracy", "factuality:0.5"])) == ([1.0, 0.0], 0.5)
    with pytest.raises(CxrError, match="it needs --reward"):
        reward_weights({"credit": "step"}, select(["accuracy"]))


def credited_trainer(model: Path, folder: Path, **settings: Any) -> Any:
    """A trainer with credit per step whose model writes COMPLETIONS for each prompt. It notes the advantages of each
    loss (`lookups`), and those that the same completions get where TRL makes its batch (`expected`)."""
    import torch
    from datasets import Dataset
    from PIL import Image
    from trl import GRPOConfig, GRPOTrainer

    from cxr_cli.rewards.sentence_credit import advantages, sentence_credits, token_spans
    from cxr_cli.training.grpo.step_credit import StepCredit
    from cxr_cli.training.models import load_trainable

    network, processor, _ = load_trainable(str(model), {})
    processor.tokenizer.padding_side = "left"  # as `cxr rl` sets it
    films = {"effusion": Image.new("RGB", (56, 56), "white"), "clear": Image.new("RGB", (56, 56), "gray")}
    data = Dataset.from_dict({"index": range(len(ASKED))}).with_transform(
        lambda batch: {
            "images": [[films[ASKED[i][0]]] for i in batch["index"]],
            "prompt": [[{"role": "user", "content": ASKED[i][1]["question"]}] for i in batch["index"]],
            "case": [json.dumps(ASKED[i][1]) for i in batch["index"]],
        }
    )
    ids = [processor.tokenizer(text)["input_ids"] for text in COMPLETIONS]
    ids = [[*row, processor.tokenizer.eos_token_id] for row in ids[:3]] + ids[3:]

    def rollout(prompts: Any, trainer: Any) -> dict[str, Any]:
        encoded = [
            processor.apply_chat_template(prompt, add_generation_prompt=True, tokenize=True, return_dict=True)
            for prompt in prompts
        ]
        asked = [one["input_ids"][0] for one in encoded]
        written = [ids[i % len(ids)] for i in range(len(prompts))]
        return {"prompt_ids": asked, "completion_ids": written, "logprobs": None}

    class Credited(StepCredit, GRPOTrainer):  # type: ignore[misc]
        step_weight = 2.0
        lookups: list[Any] = []  # noqa: RUF012 - of the one trainer of a test

        def _generate_and_score_completions(self, inputs: Any) -> Any:
            batch = super()._generate_and_score_completions(inputs)
            rows = [
                row[mask.bool()].tolist()
                for row, mask in zip(batch["completion_ids"], batch["completion_mask"], strict=True)
            ]
            decode = partial(processor.tokenizer.decode, skip_special_tokens=True)
            found = sentence_credits([decode(row) for row in rows], case=[one["case"] for one in inputs])
            paid = [values for start in range(0, len(rows), 4) for values in advantages(found[start : start + 4])]
            spread = torch.tensor([value for values in paid for value in values]).std(correction=0).item()
            batch["expected"] = batch["advantages"][:, None].repeat(1, batch["completion_ids"].shape[1])
            for row, tokens in enumerate(rows):
                for (start, end), value in zip(token_spans(tokens, found[row], decode), paid[row], strict=True):
                    batch["expected"][row, start:end] = 2.0 * value / (spread + 1e-4)
            return batch

        def compute_loss(self, model: Any, inputs: Any, *arguments: Any, **more: Any) -> Any:
            self.lookups.append((inputs["expected"], self._token_advantages(inputs), inputs))
            return super().compute_loss(model, inputs, *arguments, **more)

    return Credited(
        model=network,
        processing_class=processor,
        reward_funcs=[select(["accuracy"]).functions["accuracy"]],
        train_dataset=data,
        rollout_func=rollout,
        args=GRPOConfig(
            output_dir=str(folder),
            use_cpu=True,
            report_to="none",
            save_strategy="no",
            max_steps=4,
            num_generations=4,
            per_device_train_batch_size=4,
            gradient_accumulation_steps=2,
            steps_per_generation=4,
            **settings,
        ),
    )


@pytest.mark.parametrize("settings", [{}, {"num_iterations": 2}, {"mask_truncated_completions": True}])
def test_each_loss_gets_what_its_generation_was_credited(
    tiny_models: dict[str, Path], tmp_path: Path, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shuffled, split and used again, and though all prompts of a generation got the same completions."""
    import torch

    monkeypatch.setenv("TRL_EXPERIMENTAL_SILENCE", "1")
    trainer = credited_trainer(tiny_models["qwen2_vl"], tmp_path, **settings)
    trainer.train()
    assert len(trainer.lookups) == 8
    assert all(torch.equal(found, expected) for expected, found, _ in trainer.lookups)
    decode, told = trainer.processing_class.tokenizer.decode, set()
    for _, found, inputs in trainer.lookups:
        for ids, base, values in zip(inputs["completion_ids"], inputs["advantages"], found, strict=True):
            told.add(decode(ids[values != base]).replace(" ", ""))
    cut_off = {} if settings.get("mask_truncated_completions") else {f"{FOUND} {FOUND}"}
    sentences = {f"{FOUND} No edema.", f"{MISSED} No edema.", f"{MISSED} Edema, é.", *cut_off}
    assert told - {""} == {text.replace(" ", "") for text in sentences}


def test_a_completion_without_a_reward_is_an_error(tiny_models: dict[str, Path], tmp_path: Path) -> None:
    """TRL would have changed."""
    trainer = credited_trainer(tiny_models["qwen2_vl"], tmp_path)
    trainer.train()
    trainer.generation.clear()
    with pytest.raises(CxrError, match="TRL trains on a completion that no reward was asked about"):
        trainer._token_advantages(trainer.lookups[0][2])


def test_a_training_with_credit_per_step(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    history = rl(drawn, tiny_models["qwen2_vl"], tmp_path, select(["format", "factuality"]), credit="step", max_steps=2)
    assert [row["step"] for row in history if "loss" in row] == [1, 2]

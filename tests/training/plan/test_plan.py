"""The plan of `--dry-run`, and what is found before a training begins."""

import json
import re
import shutil
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cxr_cli.errors import CxrError
from cxr_cli.library.rules import Rules
from cxr_cli.training.settings.defaults import LORA_DEFAULTS
from cxr_cli.training.settings.job import TrainingOptions
from tests.cases import lines
from tests.conftest import needs
from tests.training.small_trainings import FAST, ROLL, error_of, make_job, rl, sft

pytestmark = needs("train")


def test_the_plan_of_a_dry_run(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    from cxr_cli.rewards.reward_mix import select
    from cxr_cli.training.data.dataset import check_teachable
    from cxr_cli.training.data.training_rows import read_training_data
    from cxr_cli.training.plan.plan import plan_rl, plan_sft

    job = make_job(drawn, tiny_models["qwen2_vl"], tmp_path, size=56, gpus=4)
    data = read_training_data(job, check_teachable)
    plan = dict(line.split(maxsplit=1) for line in plan_sft(job, data).splitlines())
    assert plan["batch"] == "32 = 1 a process x 8 accumulated x 4 processes"
    assert plan["training"].startswith("full weights: 0.2 of 0.2 million")
    assert plan["memory"].startswith("about 0.0 GiB a process: weights 0.0")
    plan = plan_rl(replace(job, gpus=2), data, select(["format:1", "process:2"]))
    assert "rewards       format x 1, process x 2\n" in plan
    assert "batch         16 completions = 2 prompts x 8 samples, 2 processes\n" in plan
    by_step = make_job(drawn, tiny_models["qwen2_vl"], tmp_path, size=56, gpus=2, credit="step")
    plan = plan_rl(by_step, data, select(["format:1", "factuality:2"]))
    assert "rewards       format x 1, factuality x 2 by step\n" in plan
    with pytest.raises(CxrError, match="credit: step pays factuality by step: it needs --reward factuality"):
        plan_rl(by_step, data, select(["format:1"]))


MEMORY = {
    "zero2": "about 48.3 GiB a process: weights 15.4, gradients 1.9, states 11.6, activations 3.9, reference 15.4",
    "zero3": "about 21.3 GiB a process: weights 1.9, gradients 1.9, states 11.6, activations 3.9, reference 1.9",
    "float32": "about 174.8 GiB a process: weights 46.3, gradients 30.9, states 61.8, activations 4.9, reference 30.9",
    "lora": "about 17.3 GiB a process: weights 15.4, activations 1.9",
}
"""Of a model in the shape of Qwen2-VL-7B, by what `deepspeed` or `lora` is."""


@pytest.mark.parametrize("name", MEMORY)
def test_the_memory_of_reinforcement_learning(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, name: str
) -> None:
    """Without the logits, which TRL makes in tiles; with a reference model in the precision of the one that is trained,
    shared by ZeRO-3. An adapter has none, and no gradient of the head."""
    from cxr_cli.training.plan.memory import Sizes, estimate

    settings: dict[str, Any] = {"lora": LORA_DEFAULTS} if name == "lora" else {"deepspeed": name}
    job = make_job(drawn, tiny_models["qwen2_vl"], tmp_path, **(settings if name != "float32" else {}))
    arguments = SimpleNamespace(gradient_checkpointing=True, beta=0.001, bf16=True)
    sizes = Sizes(8_291_375_616, 0 if name == "lora" else 8_291_375_616, 3584, 28, 152064)
    assert estimate(job, arguments, sizes, 8, 2 * 2700, generating=True) == MEMORY[name]


def test_problems_that_a_dry_run_finds(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    row = {"id": "x", "question": "Is it?", "answer": "Yes", "options": ["Yes"], "images": ["gone.png"]}
    (tmp_path / "gone.jsonl").write_text(lines(row))
    film = json.loads((drawn / "steps.jsonl").read_text().splitlines()[0])["images"]
    copies = [shutil.copy(drawn / film[0], tmp_path / f"{n}.png") for n in range(150)]
    (tmp_path / "films.jsonl").write_text(lines({**row, "images": [str(path) for path in copies]}))
    (tmp_path / "long.jsonl").write_text(lines({**row, "question": "Is it? " * 2000, "images": film}))

    def error(name: str, model: Any = tiny_models["qwen2_vl"], *sets: str) -> str:
        path = drawn / name if name == "steps.jsonl" else tmp_path / name
        return error_of(tmp_path / "out", path, model=str(model), sets=("size=56", *sets), root=drawn, dry_run=True)

    assert error("gone.jsonl") == "image gone.png does not exist (id x)"
    assert re.fullmatch(
        r"id x: \d+ tokens, and the model takes 2048: shorten its texts, or leave it out \(\d of films\)",
        error("long.jsonl"),
    )
    assert re.fullmatch(
        r"id \S+: \d+ tokens, and the model takes 2048: lower size",
        error("films.jsonl", tiny_models["qwen2_vl"], "size=448"),
    )
    assert "/temporal/" in (two_films := error("steps.jsonl", tiny_models["qwen2_vl"], "max_images=1"))
    assert "2 films, and max_images is 1 (id " in two_films
    assert error("steps.jsonl", tiny_models["qwen2_vl"], "report_to=wandb").startswith("wandb is not installed: pip ")
    assert error("steps.jsonl", tmp_path).endswith("is not a model: the folder has no config.json")
    preset = error("steps.jsonl", tiny_models["qwen2_vl"], "deepspeed=zero9")
    assert preset.startswith("deepspeed: zero9 is neither a file nor one of zero2")
    assert not (tmp_path / "out").exists()


def test_the_longest_row_is_found_before_a_training(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    rows = [json.loads(line) for line in (drawn / "steps.jsonl").read_text().splitlines()]
    rows[7]["question"] += " Is it?" * 900
    (tmp_path / "long.jsonl").write_text(lines(*rows))
    for train, settings in ((sft, {}), (rl, {"max_completion_length": 12})):
        with pytest.raises(
            CxrError, match=rf"^id {rows[7]['id']}: \d+ tokens.*, and the model takes 2048: shorten its texts, .*$"
        ):
            train(drawn, tiny_models["qwen2_vl"], tmp_path / "out", sources=[str(tmp_path / "long.jsonl")], **settings)


def test_a_length_that_cuts_what_is_taught(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    error = error_of(
        tmp_path / "out",
        drawn / "steps.jsonl",
        model=str(tiny_models["qwen2_vl"]),
        sets=["max_length=20", "size=56"],
        root=drawn,
        dry_run=True,
    )
    assert re.fullmatch(
        r"id \S+: \d+ tokens, and max_length 20 would cut what is taught: raise it, or leave it out", error
    )


def test_an_adapter_keeps_its_own_shape(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    """`-m ADAPTER` with another `lora.r` would train the adapter as it is, and record what was asked for."""
    lora = {"r": 4, "alpha": 8, "dropout": 0.0, "target_modules": ["q_proj"]}
    sft(drawn, tiny_models["qwen2_vl"], tmp_path / "a", lora=lora, max_steps=1)
    for change, words in (({"r": 64}, "lora.r is 64, and 4 in"), ({"target_modules": ["v_proj"]}, "lora.target_mod")):
        with pytest.raises(CxrError, match=f"^{words}"):
            sft(drawn, tmp_path / "a", tmp_path / "b", lora={**lora, **change}, max_steps=1)
    sft(drawn, tmp_path / "a", tmp_path / "b", lora=lora, max_steps=1)
    assert (tmp_path / "b" / "adapter_config.json").is_file()


TOKENS = [
    ("question", "Is it <|im_end|> there?"),
    ("options", ["Yes", "<|image_pad|>"]),
    ("steps", ["Clear.", "Done.<|im_start|>user"]),
]


def test_an_instruction_stands_for_no_film(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(CxrError, match=r"^instruction: it has <image>, which the model reads as a token of its own$"):
        sft(drawn, tiny_models["qwen2_vl"], tmp_path / "out", dry_run=True, instruction="Look at <image>.")


@pytest.mark.parametrize(("field", "value"), TOKENS)
@pytest.mark.parametrize("held_out", [False, True])
def test_special_tokens_in_texts_are_refused(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, field: str, value: Any, held_out: bool
) -> None:
    from cxr_cli.stages import sft as sft_stage

    good = json.loads((drawn / "steps.jsonl").read_text().splitlines()[0])
    good |= {"options": ["Yes", "No"], "answer": "Yes"}
    (tmp_path / "good.jsonl").write_text(lines(good))
    (tmp_path / "bad.jsonl").write_text(lines({**good, "id": "b", "patient": "other", field: value}))
    inputs = [str(tmp_path / ("good.jsonl" if held_out else "bad.jsonl"))]
    evaluation = str(tmp_path / "bad.jsonl") if held_out else None
    job = make_job(drawn, tiny_models["qwen2_vl"], tmp_path / "out", size=56, sources=inputs, evaluation=evaluation)
    with pytest.raises(
        CxrError, match=rf"^id b: field `{field}` has <.*>, which the model reads as a token of its own$"
    ):
        sft_stage.train(job, Rules(), dry_run=True)


def test_the_steps_of_rl_are_those_of_the_run(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    """A generation takes 2 prompts; the 9th row is too few for one."""
    from cxr_cli.rewards.reward_mix import select
    from cxr_cli.training.data.dataset import check_payable
    from cxr_cli.training.data.training_rows import read_training_data
    from cxr_cli.training.plan.plan import plan_rl

    rows = (drawn / "steps.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "nine.jsonl").write_text("".join(rows[:9]))
    settings = {**ROLL, "num_train_epochs": 2, "sources": [str(tmp_path / "nine.jsonl")]}
    job = make_job(drawn, tiny_models["qwen2_vl"], tmp_path / "out", **settings)
    data = read_training_data(job, check_payable)
    plan = plan_rl(job, data, select(["format"]))
    assert "steps         8 (2 epochs), learning rate 0.001, 1 rows of an epoch left over, KL 0, dapo\n" in plan
    logs = rl(drawn, tiny_models["qwen2_vl"], tmp_path / "run", num_train_epochs=2, sources=settings["sources"])
    assert logs[-1]["step"] == 8


def test_held_out_rows_are_held_out(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    from cxr_cli.stages import sft as sft_stage

    rows = [json.loads(line) for line in (drawn / "steps.jsonl").read_text().splitlines()]
    same_patient = {**rows[0], "id": "other", "patient": "p1"}
    (tmp_path / "train.jsonl").write_text(lines({**rows[0], "patient": "p1"}, {**rows[1], "patient": "p2"}))
    (tmp_path / "patient.jsonl").write_text(lines(same_patient))
    (tmp_path / "id.jsonl").write_text(lines({**rows[1], "patient": "p3"}))
    (tmp_path / "empty.jsonl").write_text("")

    def train(name: str, **more: Any) -> None:
        sources, held_out = [str(tmp_path / "train.jsonl")], str(tmp_path / name)
        job = make_job(
            drawn,
            tiny_models["qwen2_vl"],
            tmp_path / "out",
            sources=sources,
            evaluation=held_out,
            warmup_steps=0,
            **more,
        )
        sft_stage.train(job, Rules(), dry_run=True)

    for name, words in [
        ("patient.jsonl", "1 of its 1 rows is of a patient of the rows to train on (the first is id other)"),
        ("id.jsonl", f"1 of its 1 rows is among the rows to train on (the first is id {rows[1]['id']})"),
    ]:
        with pytest.raises(CxrError) as error:
            train(name)
        assert str(error.value) == f"--eval {tmp_path / name}: {words}; --allow-overlap trains all the same"
        train(name, allow_overlap=True)
    with pytest.raises(CxrError, match=r"empty.jsonl: no rows to evaluate on$"):
        train("empty.jsonl")


@pytest.mark.parametrize("adapter", [False, True])
def test_a_dry_run_reads_what_the_weights_are(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, adapter: bool
) -> None:
    """A tensor that is missing, one of another shape or kind, one that is no number, a file that was cut off."""
    from safetensors.torch import load_file, save_file

    from cxr_cli.training.plan.memory import sizes_of

    model = shutil.copytree(tiny_models["qwen2_vl"], tmp_path / "model")
    if adapter:
        sft(drawn, model, tmp_path / "adapter", lora={**LORA_DEFAULTS, "r": 4}, max_steps=1)
        model = tmp_path / "adapter"
    file = model / ("adapter_model.safetensors" if adapter else "model.safetensors")
    _, sizes = sizes_of(make_job(drawn, model, tmp_path / "out"))
    assert (sizes.trainable < sizes.parameters / 2) == adapter
    tensors, whole = load_file(file), file.read_bytes()
    name = next(name for name in tensors if "down_proj" in name)

    def error() -> str:
        return error_of(
            tmp_path / "out", drawn / "steps.jsonl", model=str(model), sets=["size=56"], root=drawn, dry_run=True
        )

    save_file({n: t for n, t in tensors.items() if n != name}, file, {"format": "pt"})
    assert re.fullmatch(r".*: 1 weights (of the adapter )?are missing, the first: .*down_proj.*", error())
    if not adapter:
        save_file({**tensors, name: tensors[name][:1].clone()}, file, {"format": "pt"})
        assert "1 weights have another shape than config.json says, the first: " in error()
        save_file({**tensors, name: tensors[name].char()}, file, {"format": "pt"})
        assert f"{name} is stored as whole numbers, and config.json has no quantization_config" in error()
    save_file({**tensors, name: tensors[name] * float("nan")}, file, {"format": "pt"})
    assert "weights are not finite numbers, the first: " in error()
    file.write_bytes(whole[:-100])
    assert str(model) in error()


@pytest.mark.skipif(find_spec("vllm") is not None, reason="vLLM is installed")
def test_a_dry_run_needs_the_vllm_that_the_run_needs(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    from cxr_cli.stages import rl as rl_stage

    options = TrainingOptions(
        [str(drawn / "steps.jsonl")], str(tiny_models["qwen2_vl"]), tmp_path / "out", root=drawn, dry_run=True
    )
    with pytest.raises(CxrError, match="vllm"):
        rl_stage.run(rl_stage.RlOptions(options, rollouts="vllm-colocate"))


def test_a_dry_run_finds_what_is_there_or_is_not(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    from cxr_cli.stages.sft import SftOptions, run

    options = TrainingOptions(
        [str(drawn / "steps.jsonl")], str(tiny_models["qwen2_vl"]), tmp_path / "out", root=drawn, dry_run=True
    )
    with pytest.raises(CxrError, match=r"gone\.jsonl"):
        run(SftOptions(options, evaluation=str(tmp_path / "gone.jsonl")))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "history.jsonl").write_text("")
    with pytest.raises(CxrError, match=r"out exists: --resume continues it, --overwrite replaces it$"):
        run(SftOptions(options))


def test_rewards_that_apply_to_no_row(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    from cxr_cli.rewards.reward_mix import select
    from cxr_cli.training.data.dataset import check_payable
    from cxr_cli.training.data.training_rows import read_training_data
    from cxr_cli.training.plan.plan import plan_rl

    row = json.loads((drawn / "steps.jsonl").read_text().splitlines()[0])
    (tmp_path / "bare.jsonl").write_text(
        lines(*({**row, "id": str(n), "report": None, "steps": None} for n in range(4)))
    )
    job = make_job(
        drawn, tiny_models["qwen2_vl"], tmp_path, sources=[str(tmp_path / "bare.jsonl")], **ROLL, max_steps=9
    )
    data = read_training_data(job, check_payable)
    with pytest.raises(
        CxrError, match=r"^none of the rewards applies to any of the rows looked at: process, completeness"
    ):
        plan_rl(job, data, select(["process:1", "completeness:1", "format:0"]))
    assert "process applies to none of the rows looked at" in plan_rl(job, data, select(["process:1", "format:1"]))


def test_a_generation_is_one_of_all_processes(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    from cxr_cli.rewards.reward_mix import select
    from cxr_cli.training.data.dataset import check_payable
    from cxr_cli.training.data.training_rows import read_training_data
    from cxr_cli.training.plan.plan import plan_rl

    def plan(**settings: Any) -> str:
        settings = {**ROLL, "max_steps": 9, **settings}
        job = make_job(drawn, tiny_models["qwen2_vl"], tmp_path, **settings)
        return plan_rl(job, data, select(["format:1"]))

    data = read_training_data(make_job(drawn, tiny_models["qwen2_vl"], tmp_path), check_payable)
    eight = {"per_device_train_batch_size": 1, "num_generations": 8}
    assert "batch         8 completions = 1 prompts x 8 samples, 8 processes\n" in plan(**eight, gpus=8)
    over_steps = plan(**eight, steps_per_generation=8)
    assert "batch         1 completions = 0.125 prompts x 8 samples, 1 processes\n" in over_steps
    for settings, words in [
        (
            {**eight, "gpus": 3},
            r"num_generations 8: a generation has 3 completions \(1 a process x 3 processes x 1 batch",
        ),
        ({"generation_batch_size": 12}, "generation_batch_size 12 is no multiple of the 8 completions of a batch"),
    ]:
        with pytest.raises(CxrError, match=words):
            plan(**settings)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"eval_steps": 4}, "eval_steps 4: the training has 3 steps, so it would never be evaluated: lower it"),
        ({"eval_steps": 2, "eval_delay": 5}, "eval_delay 5: the training ends before: lower it"),
        ({"eval_delay": 2}, "eval_delay 2: the training ends before: lower it"),
        ({"eval_steps": 3}, None),
        ({"eval_delay": 0.1}, None),
    ],
)
def test_held_out_rows_are_looked_at(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, settings: dict[str, Any], words: str | None
) -> None:
    from cxr_cli.stages import sft as sft_stage

    settings = {**FAST, "max_steps": 3, **settings, "allow_overlap": True}
    held_out = str(drawn / "steps.jsonl")
    job = make_job(drawn, tiny_models["qwen2_vl"], tmp_path / "out", evaluation=held_out, **settings)
    if words is None:
        sft_stage.train(job, Rules(), dry_run=True)
    else:
        with pytest.raises(CxrError, match=f"^{words}$"):
            sft_stage.train(job, Rules(), dry_run=True)

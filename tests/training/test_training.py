"""`cxr sft` and `cxr rl` with tiny models: they learn, resume bit for bit, and report what is wrong."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cxr_cli import rewards
from cxr_cli.errors import CxrError, RowError
from cxr_cli.rewards.reward_mix import RewardMix
from cxr_cli.training.data.dataset import completion, prompt
from cxr_cli.training.data.row_store import Mixture, RowStore
from cxr_cli.training.models import FAMILIES
from cxr_cli.training.settings.job import Job, TrainingOptions
from tests.cases import Row, lines
from tests.conftest import Cxr, needs

FAST = {
    "size": 56,
    "per_device_train_batch_size": 4,
    "gradient_accumulation_steps": 1,
    "learning_rate": 1e-3,
    "warmup_steps": 0,
    "logging_steps": 1,
    "save_strategy": "no",
}
ROLL = {**FAST, "num_generations": 4, "per_device_train_batch_size": 8, "max_completion_length": 12, "beta": 0.0}


def make_job(drawn: Path, model: Path, out: Path, **settings: Any) -> Job:
    out.mkdir(exist_ok=True)
    more = {name: settings.pop(name) for name in ("resume", "evaluation", "weights", "sources") if name in settings}
    more = {"sources": [str(drawn / "steps.jsonl")], **more}
    return Job(model=str(model), out=out, settings=settings, root=drawn, **more)


def sft(drawn: Path, model: Path, out: Path, **settings: Any) -> list[Row]:
    """Trains and returns the history."""
    from cxr_cli.training import sft

    sft.train(make_job(drawn, model, out, **{**FAST, **settings}))
    return history(out)


def rl(drawn: Path, model: Path, out: Path, chosen: RewardMix | None = None, **settings: Any) -> list[Row]:
    from cxr_cli.training import rl

    rl.train(make_job(drawn, model, out, **{**ROLL, **settings}), chosen or letter_reward())
    return history(out)


def history(out: Path) -> list[Row]:
    return [json.loads(line) for line in (out / "history.jsonl").read_text().splitlines()]


def weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    [file] = folder.glob("*.safetensors")
    return load_file(file)


def same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    import torch

    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def letter_reward() -> RewardMix:
    """The share of letters in a completion, a reward that a model with random weights can increase."""

    def letters(completions: Any, **_: Any) -> list[float | None]:
        texts = [completion[-1]["content"] for completion in completions]
        return [sum(c.isascii() and c.isalpha() for c in text) / max(1, len(text)) for text in texts]

    return RewardMix({"letters": letters, "process": rewards.process}, [1.0, 0.0])


# Rows and examples


def test_the_completion_and_the_prompt_of_a_row() -> None:
    row = {"question": "Is it?", "options": ["Yes", "No"], "answer": "No", "steps": ["I look.", {"text": "Clear."}]}
    assert completion(row) == "<think> I look. Clear. </think><answer> B </answer>"
    assert completion({**row, "steps": None}) == "<answer> B </answer>"
    assert completion({**row, "answer": ["Yes", "No"], "steps": []}) == "<answer> A, B </answer>"
    assert completion({"question": "Which?", "answer": ["Edema", "Nodule"]}) == "<answer> Edema, Nodule </answer>"
    assert prompt(row, reasoned=False) == "Is it? Options:\nA) Yes\nB) No"
    assert prompt(row, reasoned=True).startswith("Is it? Options:\nA) Yes\nB) No\nThink step by step.")
    with pytest.raises(RowError, match="none of the options"):
        completion({**row, "answer": "Maybe"})
    with pytest.raises(RowError, match="none to teach"):
        completion({**row, "answer": None})


def stored(*ids: str) -> RowStore:
    rows = RowStore()
    for id in ids:
        rows.add({"id": id, "question": "?", "report": "x" * 100, "extra": 1})
    rows.flush()
    return rows


def test_rows_are_stored_with_the_fields_that_training_needs() -> None:
    rows = stored("a", "b", "c")
    assert [rows[i]["id"] for i in range(3)] == ["a", "b", "c"]
    assert rows[1] == {"id": "b", "question": "?", "report": "x" * 100, "steps": []}
    assert str(rows.fingerprint) == str(stored("c", "b", "a").fingerprint) != str(stored("a", "b").fingerprint)


def test_a_mixture_takes_each_part_by_its_weight() -> None:
    few, many = stored(*"ab"), stored(*(f"m{i}" for i in range(98)))
    assert [Mixture([few, many])[i]["id"] for i in (0, 1, 2, 99)] == ["a", "b", "m0", "m97"]
    mixed = Mixture([few, many], [1, 3], seed=1)
    drawn = [mixed[i]["id"] for i in range(len(mixed))]
    assert (len(drawn), *sorted((drawn.count("a"), drawn.count("b")))) == (100, 12, 13)
    assert len(set(drawn)) == 77
    again = Mixture([few, many], [1, 3], seed=1)
    assert [again[i]["id"] for i in range(100)] == drawn
    with pytest.raises(CxrError, match="is empty"):
        Mixture([few, stored()], [1, 1])
    with pytest.raises(CxrError, match="no rows"):
        Mixture([stored()])


# Learning


@pytest.mark.parametrize("seed", [1, 2])
def test_sft_learns(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, seed: int) -> None:
    trained = sft(drawn, tiny_models["qwen2_vl"], tmp_path / "out", max_steps=12, seed=seed)
    untrained = sft(drawn, tiny_models["qwen2_vl"], tmp_path / "still", max_steps=12, seed=seed, learning_rate=0.0)
    assert trained[11]["loss"] < untrained[11]["loss"] - 0.5
    assert abs(untrained[11]["loss"] - untrained[0]["loss"]) < 0.3
    assert same(weights(tmp_path / "still"), weights(tiny_models["qwen2_vl"]))


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_grpo_learns(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, seed: int) -> None:
    settings = {"max_steps": 24, "seed": seed, "lr_scheduler_type": "constant", "learning_rate": 2e-3}
    trained = rl(drawn, tiny_models["qwen2_vl"], tmp_path / "out", **settings)
    untrained = rl(drawn, tiny_models["qwen2_vl"], tmp_path / "still", **{**settings, "learning_rate": 0.0})

    def late(logs: list[Row]) -> float:
        return sum(log["rewards/letters/mean"] for log in logs[16:24]) / 8

    assert late(trained) > late(untrained) + 0.05
    assert {"rewards/process/mean", "statements", "entropy", "frac_reward_zero_std"} <= trained[0].keys()


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_trains_and_answers(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, family: str
) -> None:
    from cxr_cli.engines import Request, Sampling, Spec, open_engine
    from tests.conversations import generate

    sft(drawn, tiny_models[family], tmp_path / "sft", max_steps=2)
    rl(drawn, tmp_path / "sft", tmp_path / "rl", max_steps=1, beta=0.1)
    assert sorted(p.name for p in (tmp_path / "rl").glob("*.bin")) == []
    for name in ("config.json", "model.safetensors", "processor_config.json", "training.json", "README.md", "curves"):
        assert (tmp_path / "rl" / name).exists()
    spec = Spec(str(tmp_path / "rl"), "transformers", Sampling(max_tokens=3), cached=False)
    with open_engine(spec) as engine:
        [reply] = generate(engine, [Request("a", [{"role": "user", "content": "Is it?"}])])
    assert (reply.error, reply.completion_tokens is not None) == (None, True)


def test_lora_trains_an_adapter_and_continues_it(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    lora = {"r": 4, "alpha": 8, "dropout": 0.0, "target_modules": ["q_proj", "v_proj"]}
    sft(drawn, tiny_models["qwen2_vl"], tmp_path / "sft", max_steps=3, lora=lora, freeze_vision=True)
    adapter = weights(tmp_path / "sft")
    assert len(adapter) == 8
    assert all("visual" not in name for name in adapter)
    rl(drawn, tmp_path / "sft", tmp_path / "rl", max_steps=2, beta=0.1)
    assert not same(weights(tmp_path / "rl"), adapter)
    with pytest.raises(CxrError, match="lora: the model has no module called w_proj"):
        sft(drawn, tiny_models["qwen2_vl"], tmp_path / "no", lora={**lora, "target_modules": ["w_proj"]})


def test_answers_are_scored_at_each_evaluation(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    settings = {"eval_cases": 3, "eval_tokens": 8, "eval_strategy": "steps", "eval_steps": 2}
    settings["evaluation"] = str(drawn / "steps.jsonl")
    logs = sft(drawn, tiny_models["qwen2_vl"], tmp_path / "out", max_steps=2, **settings)
    assert any("eval_loss" in log for log in logs)
    assert [log["eval_answered"] for log in logs if "eval_answered" in log] == [0.0]


# Resuming


LORA = {"r": 4, "alpha": 8, "dropout": 0.0, "target_modules": ["q_proj"]}
EVERY = [(stage, family, None) for stage in (sft, rl) for family in FAMILIES]
EVERY += [(sft, "qwen3_vl", LORA), (rl, "qwen2_vl", LORA)]
QUICK = [(sft, "qwen2_vl", None), (rl, "qwen2_5_vl", None), (sft, "qwen3_vl", LORA), (rl, "qwen2_vl", LORA)]


@pytest.mark.parametrize(
    ("stage", "family", "lora"),
    [case if case in QUICK else pytest.param(*case, marks=pytest.mark.slow) for case in EVERY],
)
def test_a_resumed_training_equals_an_uninterrupted_one(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, stage: Any, family: str, lora: Any
) -> None:
    settings = {"max_steps": 4, "save_strategy": "steps", "save_steps": 2, "lora": lora}
    whole = stage(drawn, tiny_models[family], tmp_path / "whole", **settings)
    (tmp_path / "stopped").mkdir()
    shutil.copytree(tmp_path / "whole" / "checkpoint-2", tmp_path / "stopped" / "checkpoint-2")
    (tmp_path / "stopped" / "checkpoint-3").mkdir()  # one that was being written
    shutil.copy(tmp_path / "whole" / "history.jsonl", tmp_path / "stopped")
    resumed = stage(drawn, tiny_models[family], tmp_path / "stopped", **settings, resume=True)
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "stopped"))
    assert not same(weights(tmp_path / "whole"), weights(tmp_path / "whole" / "checkpoint-2"))
    assert [log["step"] for log in resumed] == [log["step"] for log in whole]
    name = "loss" if stage is sft else "reward"
    assert [log.get(name) for log in resumed] == [log.get(name) for log in whole]


def test_a_full_disk_leaves_the_last_checkpoint(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    sets = {**FAST, "max_steps": 4, "save_strategy": "steps", "save_steps": 2}
    words = [sys.executable, "-m", "cxr_cli", "sft", drawn / "steps.jsonl", "-m", tiny_models["qwen2_vl"]]
    words += ["-o", "out", "--images", drawn, *(w for n, v in sets.items() for w in ("--set", f"{n}={v}"))]
    line = shlex.join(map(str, words))
    full = subprocess.run(["bash", "-c", f"ulimit -f 1000; {line}"], cwd=tmp_path, capture_output=True, text=True)
    assert full.returncode == 1
    assert full.stderr.splitlines()[-1].endswith("no checkpoint was whole yet")
    assert "Traceback" not in full.stderr
    done = subprocess.run(["bash", "-c", f"{line} --resume"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "checkpoint-2 is not whole; it is set aside" in full.stderr + done.stderr


def test_a_checkpoint_of_another_model_is_refused(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    sft(drawn, tiny_models["qwen2_5_vl"], tmp_path / "out", max_steps=1, save_strategy="steps", save_steps=1)
    with pytest.raises(CxrError, match="checkpoint-1 is of another model than the one that is trained"):
        sft(drawn, tiny_models["qwen2_vl"], tmp_path / "out", max_steps=2, resume=True)


def test_a_film_that_goes_missing_while_workers_read(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    row = {"id": "x", "question": "Is it?", "answer": "Yes", "options": ["Yes"], "images": ["gone.png"]}
    good = json.loads((drawn / "steps.jsonl").read_text().splitlines()[0])
    (tmp_path / "gone.jsonl").write_text(lines(good, row))
    with pytest.raises(CxrError, match=r"^image gone.png does not exist \(id x\)$"):
        sft(
            drawn,
            tiny_models["qwen2_vl"],
            tmp_path / "out",
            sources=[str(tmp_path / "gone.jsonl")],
            dataloader_num_workers=1,
        )


# Errors and warnings


@needs("train")
def test_each_problem_is_warned_of_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from types import SimpleNamespace

    from cxr_cli.training.logs.log_callback import LogCallback

    callback = LogCallback(tmp_path)
    args = SimpleNamespace(train_batch_size=1, gradient_accumulation_steps=1, world_size=1)
    for step in range(1, 9):
        state = SimpleNamespace(is_world_process_zero=True, global_step=step, max_steps=8)
        logs = {"loss": float("nan") if step == 3 else 0.5, "frac_reward_zero_std": 1.0, "kl": 11.0}
        callback.on_log(args, state, None, logs={**logs, "completions/clipped_ratio": 1.0 if step > 2 else 0.0})
    warnings = [line for line in capsys.readouterr().err.splitlines() if "WARNING" in line]
    assert [line.partition("WARNING: ")[2].split(":")[0] for line in warnings] == [
        "the loss is not a number",
        "all completions of a prompt are paid the same, so nothing is learned",
        "the model runs away from where it started (KL above 10)",
        "all completions are cut off",
    ]


@needs("train")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"answer": None},
            "field `answer`: there is none to teach",
        ),
        (
            {"images": []},
            "field `images`: missing or empty",
        ),
        (
            {"question": ""},
            "field `question`: missing or empty",
        ),
        ({"answer": "Maybe"}, "field `answer`: it is none of the options"),
        ({"id": "a"}, "field `id`: doubled, first at rows.jsonl:1"),
    ],
)
def test_a_row_that_cannot_be_taught_stops_the_run(tmp_path: Path, change: Row, reason: str) -> None:
    row = {"id": "a", "question": "Is it?", "options": ["Yes", "No"], "answer": "No", "images": ["a.png"]}
    (tmp_path / "rows.jsonl").write_text(lines(row, {**row, "id": "b", **change}))
    error = error_of(tmp_path / "out", tmp_path / "rows.jsonl").replace(f"{tmp_path}/", "")
    assert error.startswith(f"rows.jsonl:2: {reason}")
    assert "\n" not in error


def error_of(out: Path, *inputs: Path, sets: Any = (), model: Any = "x", mix: Any = (), **more: Any) -> str:
    """The error with which `cxr sft` refuses to train."""
    from cxr_cli.stages import sft

    options = TrainingOptions([str(path) for path in inputs], model, out, sets=sets, **more)
    with pytest.raises(CxrError) as error:
        sft.run(sft.SftOptions(options, mix))
    return str(error.value)


def test_the_plan_of_a_dry_run(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    from cxr_cli.rewards.reward_mix import select
    from cxr_cli.training.plan.plan import plan_rl, plan_sft

    job = make_job(drawn, tiny_models["qwen2_vl"], tmp_path, size=56)
    plan = dict(line.split(maxsplit=1) for line in plan_sft(job, gpus=4, nodes=1).splitlines())
    assert plan["batch"] == "32 = 1 a process x 8 accumulated x 4 processes"
    assert plan["training"].startswith("full weights: 0.2 of 0.2 million")
    assert plan["memory"].startswith("about 0.0 GiB a process: weights 0.0")
    plan = plan_rl(job, select(["format:1", "process:2"]), gpus=2, nodes=1)
    assert "rewards       format x 1, process x 2\n" in plan
    assert "batch         16 completions = 2 prompts x 8 samples, 2 processes\n" in plan
    by_step = make_job(drawn, tiny_models["qwen2_vl"], tmp_path, size=56, credit="step")
    plan = plan_rl(by_step, select(["format:1", "factuality:2"]), gpus=2, nodes=1)
    assert "rewards       format x 1, factuality x 2 by step\n" in plan
    with pytest.raises(CxrError, match=r"credit: step pays factuality by step; it takes --reward \.\. factuality"):
        plan_rl(by_step, select(["format:1"]), gpus=2, nodes=1)


def test_problems_that_a_dry_run_finds(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    row = {"id": "x", "question": "Is it?", "answer": "Yes", "options": ["Yes"], "images": ["gone.png"]}
    (tmp_path / "gone.jsonl").write_text(lines(row))
    film = json.loads((drawn / "steps.jsonl").read_text().splitlines()[0])["images"]
    (tmp_path / "long.jsonl").write_text(lines({**row, "question": "Is it? " * 2000, "images": film}))

    def error(name: str, model: Any = tiny_models["qwen2_vl"], *sets: str) -> str:
        path = drawn / name if name == "steps.jsonl" else tmp_path / name
        return error_of(tmp_path / "out", path, model=str(model), sets=("size=56", *sets), root=drawn, dry_run=True)

    assert error("gone.jsonl") == "image gone.png does not exist (id x), and 0 rows more are without a film"
    assert re.fullmatch(r"id x: \d+ tokens, and the model takes 2048: lower size", error("long.jsonl"))
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
            CxrError, match=rf"^id {rows[7]['id']}: \d+ tokens.*, and the model takes 2048: lower size$"
        ):
            train(drawn, tiny_models["qwen2_vl"], tmp_path / "out", sources=[str(tmp_path / "long.jsonl")], **settings)


@needs("train")
def test_settings_are_checked(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("learning_rate: 1\n  x: [\n")
    (tmp_path / "list.yaml").write_text("- 1\n")
    (tmp_path / "typo.yaml").write_text("learning_rat: 2e-6\n")

    def error(*sets: str, config: str | None = None, inputs: Any = ("a.jsonl",), **given: Any) -> str:
        where = None if config is None else str(tmp_path / config)
        given = {"out": tmp_path, **given}
        return error_of(given.pop("out"), *inputs, sets=sets, config=where, **given).replace(f"{tmp_path}/", "")

    assert error("learnin_rate=1") == "--set: learnin_rate is no setting of SFTConfig; did you mean learning_rate?"
    assert error(config="typo.yaml").startswith("typo.yaml: learning_rat is no setting of SFTConfig; did you mean")
    assert error(config="bad.yaml") == "bad.yaml:2: not YAML"
    assert error(config="list.yaml") == "list.yaml: not a list of `name: value`"
    assert error("learning_rate=fast") == "--set: learning_rate takes a number, not 'fast'"
    assert error("output_dir=x") == "--set: output_dir is not to be set: -o OUT says where"
    assert error("trust_remote_code=true").endswith("no code that comes with weights is run")
    assert error("lora.rank=8") == "--set: lora takes r, alpha, dropout, target_modules"
    assert error("x") == "--set x: not NAME=VALUE"
    assert error(mix=("a.jsonl:1",)) == "name the rows to train on: INPUT, or --mix FILE:WEIGHT .."
    assert error(inputs=(), mix=("a.jsonl",)) == "--mix a.jsonl: not FILE:WEIGHT with a weight above 0"
    assert error(model=None).startswith("name the model to train")
    assert error(out=None).startswith("name the folder of the trained model")
    assert error().endswith("exists: --resume continues it, --overwrite replaces it")


@needs("train")
def test_texts_of_yaml_become_numbers() -> None:
    from trl import SFTConfig

    from cxr_cli.training.settings import config

    settings = config.read(None, ["learning_rate=2e-6", "max_steps=7", "lora.r=8", "bf16=false", "size=112"])
    checked = config.check(settings, SFTConfig, "--set")
    assert checked["learning_rate"] == 2e-6
    assert checked["lora"] == {"r": 8, "alpha": 32, "dropout": 0.0, "target_modules": None}
    assert (checked["max_steps"], checked["bf16"], checked["size"]) == (7, False, 112)


RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*/*.yaml"))


@needs("train")
@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_recipe_has_valid_settings(recipe: Path) -> None:
    from trl import GRPOConfig, SFTConfig

    from cxr_cli.rewards.reward_mix import select
    from cxr_cli.training.rl import rollout_backend
    from cxr_cli.training.settings import config
    from cxr_cli.training.settings.trainer_arguments import deepspeed_preset

    settings = config.check(config.read(recipe, []), SFTConfig if recipe.stem == "sft" else GRPOConfig, str(recipe))
    assert Path(deepspeed_preset(settings.get("deepspeed")) or recipe).is_file()
    if recipe.stem == "rl":
        select(settings.get("rewards", ()))
        rollout_backend(settings)
    first = recipe.read_text().splitlines()[0]
    assert first.startswith(f"# cxr {recipe.stem} ")
    assert str(recipe.relative_to(RECIPES[0].parents[2])) in first


def test_the_audit_on_the_command_line(cxr: Cxr, drawn: Path) -> None:
    done = cxr("rl", drawn / "steps.jsonl", "--audit", "--reward=format:1", "--reward=accuracy", "--reward=process:1")
    assert (done.returncode, done.stderr) == (0, "cxr: no cheat is paid as well as the honest chains\n")
    assert "hedging on all" in done.stdout
    done = cxr("rl", drawn / "steps.jsonl", "--audit", "--reward", "length")
    assert done.returncode == 1
    assert "cheats are paid as well as the honest chains: " in done.stderr


def test_prompts_that_do_not_vary_are_left_out(
    cxr: Cxr, drawn: Path, tiny_models: dict[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(
        "def odd(completions, case, **_):\n"
        "    import json\n"
        "    rows = [c if isinstance(c, dict) else json.loads(c) for c in case]\n"
        "    return [float(ord(t[0]) % 5) if t and 'binary' in r['id'] else 0.0\n"
        "            for t, r in zip((c if isinstance(c, str) else c[-1]['content'] for c in completions), rows)]\n"
    )
    flags = ("-m", tiny_models["qwen2_vl"], "-o", "out", "--images", drawn, "--limit", 8, "--reward", "mine:odd")
    sets = [f"{name}={value}" for name, value in {**ROLL, "max_steps": 1, "warmup_steps": 0}.items()]
    more = [word for text in sets for word in ("--set", text)]
    done = cxr("rl", drawn / "steps.jsonl", *flags, "--filter-variance", 4, *more)
    assert done.returncode == 0, done.stderr
    kept = json.loads((tmp_path / "out" / "varied.json").read_text())
    assert kept["rows"] == 8
    assert kept["kept"]
    assert all("binary" in id for id in kept["kept"])
    assert f"cxr: {len(kept['kept'])} of 8 prompts vary in 4 answers" in done.stderr
    assert json.loads((tmp_path / "out" / "training.json").read_text())["rows"] == len(kept["kept"])

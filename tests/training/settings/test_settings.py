"""Settings of a training: YAML files, `--set`, and those of the recipes."""

from pathlib import Path
from typing import Any

import pytest

from cxr_cli.errors import CxrError
from tests.conftest import needs
from tests.training.small_trainings import error_of


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
    assert error("output_dir=x") == "--set: output_dir cannot be set: -o OUT says where"
    assert error("trust_remote_code=true").endswith("no code that comes with weights is run")
    assert error("lora.rank=8") == "--set: lora takes r, alpha, dropout, target_modules"
    assert error("x") == "--set x: not NAME=VALUE"
    assert error(mix=("a.jsonl:1",)) == "name the rows to train on: INPUT, or --mix FILE:WEIGHT .."
    assert error(inputs=(), mix=("a.jsonl",)) == "--mix a.jsonl: not FILE:WEIGHT with a weight above 0"
    assert error(model=None).startswith("name the model to train")
    assert error(out=None).startswith("name the folder of the trained model")
    assert error().endswith("exists: --resume continues it, --overwrite replaces it")


@needs("train")
@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("learning_rate=nan", "learning_rate takes a number above 0, at most 1, not nan"),
        ("learning_rate=.inf", "learning_rate takes a number above 0, at most 1, not inf"),
        ("learning_rate=inf", "learning_rate takes a number above 0, at most 1, not inf"),
        ("learning_rate=-1e-5", "learning_rate takes a number above 0"),
        ("learning_rate=0", "learning_rate takes a number above 0"),
        ("learning_rate=[1]", "learning_rate takes a number, not a list"),
        ("learning_rate=true", "learning_rate takes a number, not true"),
        ("learning_rate=", "learning_rate takes a value"),
        ("per_device_train_batch_size=0", "per_device_train_batch_size takes a number of at least 1, not 0"),
        ("per_device_train_batch_size=1.5", "per_device_train_batch_size takes a whole number, not 1.5"),
        ("gradient_accumulation_steps=-1", "gradient_accumulation_steps takes a number of at least 1"),
        ("max_steps=0", "max_steps takes a number of at least 1, or -1, not 0"),
        ("max_steps=-2", "max_steps takes a number of at least 1, or -1"),
        ("num_train_epochs=0", "num_train_epochs takes a number above 0"),
        ("warmup_steps=-1", "warmup_steps takes a number of at least 0"),
        ("weight_decay=nan", "weight_decay takes a number of at least 0"),
        ("adam_beta1=1.5", "adam_beta1 takes a number of at least 0, at most 1"),
        ("save_steps=0", "save_steps takes a number above 0"),
        ("seed=-1", "seed takes a number of at least 0"),
        ("seed=x", "seed takes a number, not 'x'"),
        ("bf16=flase", "bf16 takes true or false, not flase; did you mean false?"),
        ("bf16=1", "bf16 takes true or false, not 1"),
        ("gradient_checkpointing=ture", "gradient_checkpointing takes true or false, not ture; did you mean true?"),
        ("freeze_vision=maybe", "freeze_vision takes true or false, not maybe"),
        ("lr_scheduler_type=cosin", "lr_scheduler_type: cosin is none of linear, cosine"),
        ("save_strategy=step", "save_strategy: step is none of no, steps, epoch, best; did you mean steps?"),
        ("optim=adam", "optim: adam is none of "),
        ("attn_implementation=flash", "attn_implementation: flash is none of sdpa, eager"),
        ("attn_implementation=flash_attention_2", "attn_implementation: flash attention is not installed"),
        ("size=abc", "size takes a number, not 'abc'"),
        ("size=0", "size takes a number of at least 28"),
        ("size=56..112", "size takes a number, not '56..112'"),
        ("max_images=0", "max_images takes a number of at least 1"),
        ("lora.r=0", "lora.r takes a number of at least 1, not 0"),
        ("lora.r=2.5", "lora.r takes a whole number"),
        ("lora.dropout=1", "lora.dropout takes a number of at least 0, at most 0.99"),
        ("lora.target_modules=q_proj", "lora.target_modules takes a list of names"),
        ("lora=3", "lora takes r, alpha, dropout, target_modules"),
        ("packing=true", "packing cannot be set: rows have films"),
        ("fsdp=full_shard", "fsdp cannot be set: deepspeed: zero3 shares"),
        ("eval_strategy=steps", "eval_strategy: there are no rows to evaluate on: --eval FILE"),
        ("report_to=wandbb", "report_to: wandbb is none of none, "),
        ("rewards=[format:1]", "rewards is a setting of `cxr rl`"),
        ("credit=step", "credit is a setting of `cxr rl`"),
        ("num_generations=4", "num_generations is no setting of SFTConfig"),
        ("deepspeed=zero9", "deepspeed: zero9 is neither a file nor one of zero2"),
        ("model=[a]", "model takes a text, not a list"),
    ],
)
def test_values_that_would_ruin_a_training_are_refused(drawn: Path, tmp_path: Path, setting: str, words: str) -> None:
    error = error_of(tmp_path / "out", drawn / "steps.jsonl", sets=[setting], model=None if "model" in setting else "x")
    assert error.removeprefix("--set: ").startswith(words), error
    assert "\n" not in error
    assert not (tmp_path / "out").exists()


@needs("train")
@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("num_generations=1", "num_generations takes a number of at least 2"),
        ("temperature=0", "temperature takes a number above 0"),
        ("temperature=nan", "temperature takes a number above 0"),
        ("top_p=2", "top_p takes a number above 0, at most 1"),
        ("max_completion_length=0", "max_completion_length takes a number of at least 1"),
        ("beta=-1", "beta takes a number of at least 0"),
        ("scale_rewards=groups", "scale_rewards: groups is none of group, batch, none; did you mean group?"),
        ("credit=steps", "credit: steps is none of completion, step; did you mean step?"),
        ("rewards=3", "rewards takes names with weights: [format:1, process:2]"),
        ("max_length=5", "max_length is no setting of GRPOConfig"),
    ],
)
def test_values_that_would_ruin_rl_are_refused(setting: str, words: str) -> None:
    from trl import GRPOConfig

    from cxr_cli.training.settings.config import check_settings, read_settings

    with pytest.raises(CxrError) as error:
        check_settings(read_settings(None, [setting]), GRPOConfig, "--set")
    assert str(error.value).startswith(f"--set: {words}")


@needs("train")
@pytest.mark.parametrize("text", ["[format:1, process:5]", "{format: 1, process: 5}", "format:1 process:5"])
def test_rewards_keep_their_weights_in_every_form(text: str) -> None:
    from trl import GRPOConfig

    from cxr_cli.rewards.reward_mix import select
    from cxr_cli.training.settings.config import check_settings, read_settings

    rewards = check_settings(read_settings(None, [f"rewards={text}"]), GRPOConfig, "--set")["rewards"]
    assert select(rewards).weights == [1.0, 5.0]


@needs("train")
def test_a_key_that_stands_twice_is_refused(drawn: Path, tmp_path: Path) -> None:
    (tmp_path / "twice.yaml").write_text("learning_rate: 1e-5\nseed: 1\nlearning_rate: 2e-5\n")
    error = error_of(tmp_path / "out", drawn / "steps.jsonl", config=str(tmp_path / "twice.yaml"))
    assert error == f"{tmp_path}/twice.yaml:3: the key learning_rate occurs twice"


@needs("train")
def test_texts_of_yaml_become_numbers() -> None:
    from trl import SFTConfig

    from cxr_cli.training.settings import config

    settings = config.read_settings(None, ["learning_rate=2e-6", "max_steps=7", "lora.r=8", "bf16=false", "size=112"])
    checked = config.check_settings(settings, SFTConfig, "--set")
    assert checked["learning_rate"] == 2e-6
    assert checked["lora"] == {"r": 8, "alpha": 32, "dropout": 0.0, "target_modules": None}
    assert (checked["max_steps"], checked["bf16"], checked["size"]) == (7, False, 112)


RECIPES = sorted((Path(__file__).parents[3] / "recipes").glob("*/*.yaml"))


@needs("train")
@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_recipe_has_valid_settings(recipe: Path) -> None:
    from trl import GRPOConfig, SFTConfig

    from cxr_cli.rewards.reward_mix import select
    from cxr_cli.training.rl import rollout_backend
    from cxr_cli.training.settings import config
    from cxr_cli.training.settings.requirements import deepspeed_preset

    settings = config.check_settings(
        config.read_settings(recipe, []), SFTConfig if recipe.stem == "sft" else GRPOConfig, str(recipe)
    )
    assert Path(deepspeed_preset(settings.get("deepspeed")) or recipe).is_file()
    if recipe.stem == "rl":
        select(settings.get("rewards", ()))
        rollout_backend(settings)
    first = recipe.read_text().splitlines()[0]
    assert first.startswith(f"# cxr {recipe.stem} ")
    assert str(recipe.relative_to(RECIPES[0].parents[2])) in first

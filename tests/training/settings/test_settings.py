"""Settings of a training: YAML files, `--set`, and those of the recipes."""

from pathlib import Path
from typing import Any

import pytest

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
    from cxr_cli.training.settings.trainer_arguments import deepspeed_preset

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

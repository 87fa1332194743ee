"""Settings of a training: YAML files, `--set`, and those of the recipes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cxr_cli.errors import CxrError
from cxr_cli.training.settings.job import TrainingOptions
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
    assert error(config="typo.yaml").startswith("typo.yaml:1: learning_rat is no setting of SFTConfig; did you mean")
    assert error(config="bad.yaml") == "bad.yaml:2: not YAML (mapping values are not allowed here)"
    assert error(config="list.yaml") == "list.yaml: not a list of `name: value`"
    assert error("learning_rate=fast") == "--set: learning_rate takes a number, not 'fast'"
    assert error("output_dir=x") == "--set: output_dir cannot be set: -o OUT says where"
    assert error("trust_remote_code=true").endswith("no code that comes with weights is run")
    assert error("lora.rank=8") == "--set: lora takes r, alpha, dropout, target_modules"
    assert error("x") == "--set x: not NAME=VALUE"
    assert error(mix=("a.jsonl:1",)) == "name the rows to train on: INPUT, or --mix FILE:WEIGHT .."
    assert error(inputs=(), mix=("a.jsonl",)) == "--mix a.jsonl: not FILE:WEIGHT with a weight from 0.001 to 1,000"
    twice = error(inputs=(), mix=("a.jsonl:1", "./a.jsonl:2"))
    assert twice == "--mix ./a.jsonl:2: this file is named twice; one weight says how often its rows come"
    assert error(model=None).startswith("name the model to train")
    assert error(out=None).startswith("name the folder of the trained model")
    assert error().endswith("exists: --resume continues it, --overwrite replaces it")


@needs("train")
@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("learning_rate=nan", "learning_rate takes a number, not 'nan'"),
        ("learning_rate=.inf", "learning_rate takes a number above 0, at most 1, not inf"),
        ("learning_rate=.nan", "learning_rate takes a number above 0, at most 1, not nan"),
        ("learning_rate=-1e-5", "learning_rate takes a number above 0"),
        ("learning_rate=0", "learning_rate takes a number above 0"),
        ("learning_rate=2020-01-01", "learning_rate takes a number, not '2020-01-01'"),
        ("run_name=7", "run_name takes a text, not the number 7: write it in quotes"),
        ("learning_rate=[1]", "learning_rate takes a number, not a list"),
        ("learning_rate=true", "learning_rate takes a number, not true"),
        ("learning_rate=", "learning_rate takes a value"),
        ("per_device_train_batch_size=0", "per_device_train_batch_size takes a number of at least 1, at most"),
        ("per_device_train_batch_size=1.5", "per_device_train_batch_size takes a whole number, not 1.5"),
        ("gradient_accumulation_steps=-1", "gradient_accumulation_steps takes a number of at least 1"),
        ("max_steps=0", "max_steps takes a number of at least 1, at most 1,000,000,000, or -1, not 0"),
        ("max_steps=-2", "max_steps takes a number of at least 1, at most 1,000,000,000, or -1, not -2"),
        ("num_train_epochs=0", "num_train_epochs takes a number above 0"),
        ("warmup_steps=-1", "warmup_steps takes a whole number of steps or a share below 1, of at least 0"),
        ("weight_decay=.nan", "weight_decay takes a number of at least 0"),
        ("adam_beta1=1.5", "adam_beta1 takes a number of at least 0, at most 0.9999"),
        ("save_steps=0", "save_steps takes a whole number of steps or a share below 1, above 0"),
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
        ("lora.r=0", "lora.r takes a number of at least 1, at most"),
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
        ("num_generations=4", "num_generations is a setting of `cxr rl`"),
        ("deepspeed=zero9", "deepspeed: zero9 is neither a file nor one of zero2"),
        ("model=[a]", "model takes a text, not a list"),
        ("seed=", "seed takes a value"),
        ("fsdp_config=x", "fsdp_config cannot be set: deepspeed: zero3 shares"),
        ("padding_free=true", "padding_free cannot be set: rows have films"),
        ("assistant_only_loss=true", "assistant_only_loss cannot be set: the loss is on completions alone"),
        ("hub_model_id=x", "hub_model_id cannot be set: models trained on patients' data are not published"),
        ("auto_find_batch_size=true", "auto_find_batch_size cannot be set: it would change the batch"),
        ("ignore_data_skip=true", "ignore_data_skip cannot be set: a training that is resumed goes on at its place"),
        ("chat_template_path=x", "chat_template_path cannot be set: this setting of SFTConfig is not let through"),
        ("eval_on_start=true", "eval_on_start: there are no rows to evaluate on: --eval FILE"),
        ("eval_cases=3", "eval_cases: there are no rows to evaluate on: --eval FILE"),
        ("load_best_model_at_end=true", "load_best_model_at_end: there are no rows to evaluate on: --eval FILE"),
        ("report_to=[none, wandb]", "wandb is not installed: pip install wandb"),
        ("report_to=[wandbb]", "report_to: wandbb is none of none, "),
        ("report_to=mlflow", "mlflow is not installed: pip install mlflow"),
        ("use_liger_kernel=true", "use_liger_kernel: it is not installed: pip install liger-kernel"),
        ("lr_scheduler_kwargs=x", "lr_scheduler_kwargs takes a mapping: {name: value}"),
        ("gradient_checkpointing_kwargs=x", "gradient_checkpointing_kwargs takes a mapping"),
        ("dataloader_prefetch_factor=0", "dataloader_prefetch_factor takes a number of at least 1"),
        ("loss_type=grpo", "loss_type: grpo is none of nll, dft"),
        ("optim=3", "optim takes adamw_torch or "),
    ],
)
def test_values_that_would_ruin_a_training_are_refused(drawn: Path, tmp_path: Path, setting: str, words: str) -> None:
    error = error_of(
        tmp_path / "out", drawn / "steps.jsonl", sets=[setting], model=None if setting.startswith("model") else "x"
    )
    assert error.removeprefix("--set: ").startswith(words), error
    assert "\n" not in error
    assert not (tmp_path / "out").exists()


@needs("train")
@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("num_generations=1", "num_generations takes a number of at least 2"),
        ("temperature=0", "temperature takes a number of at least 0.001"),
        ("temperature=.nan", "temperature takes a number of at least 0.001"),
        ("top_p=2", "top_p takes a number above 0, at most 1"),
        ("max_completion_length=0", "max_completion_length takes a number of at least 1"),
        ("beta=-1", "beta takes a number of at least 0"),
        ("scale_rewards=groups", "scale_rewards: groups is none of group, batch, none; did you mean group?"),
        ("credit=steps", "credit: steps is none of completion, step; did you mean step?"),
        ("rewards=3", "rewards takes names with weights: [format:1, process:2]"),
        ("rewards=[]", "rewards takes names with weights: [format:1, process:2]"),
        ("rewards={format:1}", "rewards takes names with weights: [format:1, process:2]"),
        ("adam_beta1=1", "adam_beta1 takes a number of at least 0, at most 0.9999, not 1"),
        ("max_completion_length=", "max_completion_length takes a value"),
        ("num_generations=", "num_generations takes a value"),
        ("loss_type=foo", "loss_type: foo is none of grpo, bnpo, "),
        ("eval_strategy=steps", "eval_strategy cannot be set: `cxr rl` has no rows to evaluate on"),
        ("eval_cases=4", "eval_cases is a setting of `cxr sft`"),
        ("log_completions_hub_repo=a/b", "log_completions_hub_repo cannot be set: what a model writes about patients"),
        ("use_adaptive_entropy=true", "use_adaptive_entropy cannot be set: its state is in no checkpoint"),
        ("sync_ref_model=true", "sync_ref_model cannot be set: its state is in no checkpoint"),
        ("use_transformers_paged=true", "use_transformers_paged cannot be set: it takes no films"),
        ("generation_kwargs={a: 1}", "generation_kwargs cannot be set: temperature, top_p"),
        ("vllm_server_port=0", "vllm_server_port takes a number of at least 1, at most 65,535"),
        ("max_length=5", "max_length is a setting of `cxr sft`"),
    ],
)
def test_values_that_would_ruin_rl_are_refused(setting: str, words: str) -> None:
    from trl import GRPOConfig

    from cxr_cli.training.settings.config import check_settings, read_settings

    with pytest.raises(CxrError) as error:
        check_settings(read_settings(None, [setting]), GRPOConfig)
    assert str(error.value).startswith(f"--set: {words}")


COMBINATIONS = [
    (["optim=adamw_8bit"], "optim: adamw_8bit: You need to install `bitsandbytes`"),
    (["lr_scheduler_type=cosine_with_min_lr"], "lr_scheduler_kwargs: cosine_with_min_lr: "),
    (["lr_scheduler_kwargs={foo: 1}"], "lr_scheduler_kwargs: cosine: "),
    (["lr_scheduler_type=reduce_lr_on_plateau"], "the settings do not go together: lr_scheduler_type reduce_lr"),
    (["lr_scheduler_type=polynomial", "lr_scheduler_kwargs={lr_end: 1}"], "lr_scheduler_kwargs: polynomial: lr_end"),
    (["lr_scheduler_kwargs={num_cycles: .nan}"], "lr_scheduler_kwargs: num_cycles takes a finite number"),
    (["lr_scheduler_type=inverse_sqrt", "lr_scheduler_kwargs={timescale: 0}"], "lr_scheduler_kwargs: inverse_sqrt: "),
    (["max_steps=1"], "warmup_steps 0.1: the warm-up takes all steps, and there are 1: lower it"),
    (["lora.target_modules=[qproj]"], "lora: the language model has no linear layer called qproj; did you mean q_p"),
    (["lora.target_modules=[lm_head]"], "lora: the language model has no linear layer called lm_head"),
    (["lora.target_modules=['']"], "lora: the language model has no linear layer called ''"),
    (
        ["dataloader_persistent_workers=true", "dataloader_num_workers=0"],
        "dataloader_num_workers 0: persistent_workers option needs",
    ),
    (["save_strategy=best"], "save_strategy: best needs metric_for_best_model"),
    (["warmup_steps=1000", "max_steps=9"], "warmup_steps 1000: the warm-up takes all steps, and there are 9: lower it"),
    (["dataloader_drop_last=true", "per_device_train_batch_size=512"], "dataloader_drop_last: a batch takes 512 rows"),
    (["bf16=true", "fp16=true"], "the settings do not go together: At most one of fp16 and bf16 can be True"),
]


@needs("train")
@pytest.mark.parametrize(("sets", "words"), COMBINATIONS, ids=str)
def test_settings_that_do_not_go_together(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, sets: list[str], words: str
) -> None:
    """`--dry-run` says what the run would."""
    for dry_run in (True, False):
        how = {"model": str(tiny_models["qwen2_vl"]), "root": drawn, "dry_run": dry_run}
        error = error_of(tmp_path / "out", drawn / "steps.jsonl", sets=["size=56", *sets], **how)
        assert error.startswith(words)
        assert "\n" not in error
        assert not (tmp_path / "out").exists()


@needs("train")
def test_the_best_checkpoint_is_chosen_by_what_is_logged(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path
) -> None:
    from cxr_cli.stages import sft as sft_stage

    sets = ["size=56", "load_best_model_at_end=true", "save_strategy=epoch", "metric_for_best_model=accuracy"]
    held_out = str(drawn / "steps.jsonl")
    options = TrainingOptions(
        [held_out], str(tiny_models["qwen2_vl"]), tmp_path / "out", sets=sets, root=drawn, dry_run=True
    )
    with pytest.raises(CxrError, match=r"^metric_for_best_model: accuracy is none of loss: eval_cases gives more$"):
        sft_stage.run(sft_stage.SftOptions(options, evaluation=held_out, allow_overlap=True))
    sft_stage.run(
        sft_stage.SftOptions(replace(options, sets=[*sets, "eval_cases=2"]), evaluation=held_out, allow_overlap=True)
    )


@needs("train")
@pytest.mark.parametrize("text", ["[format:1, process:5]", "{format: 1, process: 5}", "format:1 process:5"])
def test_rewards_keep_their_weights_in_every_form(text: str) -> None:
    from trl import GRPOConfig

    from cxr_cli.rewards.reward_mix import select
    from cxr_cli.training.settings.config import check_settings, read_settings

    rewards = check_settings(read_settings(None, [f"rewards={text}"]), GRPOConfig)["rewards"]
    assert select(rewards).weights == [1.0, 5.0]


@needs("train")
def test_a_key_that_stands_twice_is_refused(drawn: Path, tmp_path: Path) -> None:
    (tmp_path / "twice.yaml").write_text("learning_rate: 1e-5\nseed: 1\nlearning_rate: 2e-5\n")
    (tmp_path / "list.yaml").write_text("seed: 1\n? [a]\n: 2\n")
    error = error_of(tmp_path / "out", drawn / "steps.jsonl", config=str(tmp_path / "list.yaml"))
    assert error == f"{tmp_path}/list.yaml:2: a key is no name"
    error = error_of(tmp_path / "out", drawn / "steps.jsonl", config=str(tmp_path / "twice.yaml"))
    assert error == f"{tmp_path}/twice.yaml:3: the key learning_rate occurs twice"


@needs("train")
def test_texts_of_yaml_become_numbers() -> None:
    from trl import SFTConfig

    from cxr_cli.training.settings import config

    settings = config.read_settings(None, ["learning_rate=2e-6", "max_steps=7", "lora.r=8", "bf16=false", "size=112"])
    checked = config.check_settings(settings, SFTConfig)
    assert checked["learning_rate"] == 2e-6
    assert checked["lora"] == {"r": 8, "alpha": 32, "dropout": 0.0, "target_modules": None}
    assert (checked["max_steps"], checked["bf16"], checked["size"]) == (7, False, 112)


RECIPES = sorted((Path(__file__).parents[3] / "recipes").glob("*/*.yaml"))


@needs("train")
@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_recipe_has_valid_settings(recipe: Path) -> None:
    from trl import GRPOConfig, SFTConfig

    from cxr_cli.rewards.reward_mix import select
    from cxr_cli.training.settings import config
    from cxr_cli.training.settings.combinations import consistent_settings
    from cxr_cli.training.settings.requirements import deepspeed_preset

    config_class = SFTConfig if recipe.stem == "sft" else GRPOConfig
    origins = config.read_settings(recipe, [])
    settings = config.check_settings(origins, config_class)
    assert consistent_settings(settings, origins, config_class) == settings
    assert Path(deepspeed_preset(settings.get("deepspeed")) or recipe).is_file()
    if recipe.stem == "rl":
        select(settings.get("rewards", ()))
    first = recipe.read_text().splitlines()[0]
    assert first.startswith(f"# cxr {recipe.stem} ")
    assert str(recipe.relative_to(RECIPES[0].parents[2])) in first

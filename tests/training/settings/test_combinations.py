"""Settings that have no effect beside others, or contradict them."""

from pathlib import Path

import pytest

from cxr_cli.errors import CxrError
from cxr_cli.training.settings.names import Settings
from tests.conftest import needs

pytestmark = needs("train")


def combined(stage: str, *sets: str, recipe: Path | None = None) -> Settings:
    from trl import GRPOConfig, SFTConfig

    from cxr_cli.training.settings import combinations
    from cxr_cli.training.settings.config import check_settings, read_settings

    config_class = SFTConfig if stage == "sft" else GRPOConfig
    origins = read_settings(recipe, sets)
    return combinations.consistent_settings(check_settings(origins, config_class), origins, config_class)


@pytest.mark.parametrize(
    ("stage", "sets", "words"),
    [
        ("rl", ["vllm_server_port=8001"], "--set: vllm_server_port has no effect without rollouts: vllm-server"),
        (
            "rl",
            ["vllm_gpu_memory_utilization=0.5", "rollouts=vllm-server"],
            "--set: vllm_gpu_memory_utilization has no",
        ),
        (
            "rl",
            ["vllm_importance_sampling_clip_max=2"],
            "--set: vllm_importance_sampling_clip_max has no effect without",
        ),
        ("rl", ["sapo_temperature_neg=2"], "--set: sapo_temperature_neg has no effect without loss_type: sapo"),
        ("rl", ["vespo_k_pos=2", "loss_type=sapo"], "--set: vespo_k_pos has no effect without loss_type: vespo"),
        ("rl", ["delta=2", "loss_type=cispo"], "--set: delta has no effect without loss_type: grpo or bnpo or"),
        ("rl", ["epsilon=0.3", "epsilon_high=0.1"], "epsilon_high 0.1 is below epsilon 0.3"),
        ("rl", ["epsilon_high=0.1"], "epsilon_high 0.1 is below epsilon 0.2"),
        ("rl", ["loss_type=cispo"], "loss_type: cispo cuts ratios off at epsilon_high itself"),
        ("rl", ["generation_batch_size=8", "steps_per_generation=2"], "--set: generation_batch_size and steps_per"),
        ("sft", ["size=112", "max_pixels=20000"], "--set: size and max_pixels exclude each other: leave one out"),
        ("sft", ["label_smoothing_factor=0.1", "loss_type=dft"], "--set: label_smoothing_factor has no effect without"),
        ("sft", ["eval_tokens=9"], "--set: eval_tokens has no effect without eval_cases above 0"),
        (
            "sft",
            ["eval_steps=9", "eval_strategy=epoch"],
            "--set: eval_steps has no effect without eval_strategy: steps",
        ),
        (
            "sft",
            ["load_best_model_at_end=true"],
            "load_best_model_at_end: save_strategy is steps and eval_strategy epoch",
        ),
        ("sft", ["gradient_checkpointing_kwargs={foo: 1}"], "gradient_checkpointing_kwargs takes use_reentrant"),
        ("sft", ["gradient_checkpointing_kwargs={use_reentrant: 1}"], "gradient_checkpointing_kwargs takes use_reent"),
    ],
)
def test_what_has_no_effect_is_refused(stage: str, sets: list[str], words: str) -> None:
    with pytest.raises(CxrError) as error:
        combined(stage, *sets)
    assert str(error.value).startswith(words)


def test_a_setting_of_the_file_lapses_where_the_command_line_makes_it_idle(tmp_path: Path) -> None:
    recipe = tmp_path / "rl.yaml"
    recipe.write_text("rollouts: vllm-colocate\nvllm_enable_sleep_mode: true\nsize: 112\n")
    assert combined("rl", recipe=recipe) == {"rollouts": "vllm-colocate", "vllm_enable_sleep_mode": True, "size": 112}
    settings = combined("rl", "rollouts=transformers", "max_pixels=20000", recipe=recipe)
    assert settings == {"rollouts": "transformers", "max_pixels": 20000}
    recipe.write_text("seed: 1\nvllm_enable_sleep_mode: true\n")
    with pytest.raises(CxrError, match=r"rl\.yaml:2: vllm_enable_sleep_mode has no effect without rollouts: vllm-colo"):
        combined("rl", recipe=recipe)


def test_rows_that_are_held_out_are_looked_at(tmp_path: Path) -> None:
    from trl import SFTConfig

    from cxr_cli.training.settings.job import TrainingOptions, make_job

    def settings(*sets: str) -> Settings:
        options = TrainingOptions([], "model", tmp_path, sets=sets)
        return make_job(options, SFTConfig, sources=[], evaluation="held-out.jsonl").settings

    with pytest.raises(CxrError, match=r"^--eval held-out.jsonl: with eval_strategy no it would never be looked at"):
        settings("eval_strategy=no")
    assert settings("eval_strategy=no", "eval_on_start=true")["eval_on_start"]


def test_what_goes_together_is_kept() -> None:
    settings = combined("sft", "eval_steps=9", "save_strategy=steps", "save_steps=9", "load_best_model_at_end=true")
    assert settings["eval_steps"] == 9
    assert combined("rl", "loss_type=cispo", "epsilon_high=5")["epsilon_high"] == 5
    assert combined("rl", "size=", "max_pixels=20000") == {"size": None, "max_pixels": 20000}


@pytest.mark.parametrize(
    ("stage", "name", "hint"),
    [
        ("sft", "lr", "; did you mean learning_rate?"),
        ("sft", "epochs", "; did you mean num_train_epochs?"),
        ("sft", "bs", "; did you mean per_device_train_batch_size?"),
        ("sft", "lora_r", "; did you mean lora.r?"),
        ("rl", "kl_coef", "; did you mean beta?"),
        ("rl", "group_size", "; did you mean num_generations?"),
        ("sft", "group_size", ""),
    ],
)
def test_names_of_other_tools(stage: str, name: str, hint: str) -> None:
    with pytest.raises(CxrError) as error:
        combined(stage, f"{name}=1")
    assert str(error.value).endswith(f" is no setting of {'SFT' if stage == 'sft' else 'GRPO'}Config{hint}")

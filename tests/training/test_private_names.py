"""What is called and overridden of TRL and transformers that they do not promise to keep: an upgrade that takes a
name or changes its parameters fails here, by name."""

import ast
import inspect
import re
from collections.abc import Iterator
from functools import reduce
from importlib import import_module
from pathlib import Path

import pytest

import cxr_cli
from tests.conftest import needs

pytestmark = needs("train")
HOUSE = Path(cxr_cli.__file__).parent
TRAINER, GRPO = "transformers.trainer:Trainer", "trl.trainer.grpo_trainer:GRPOTrainer"
VLLM = "trl.generation.vllm_generation:VLLMGeneration"
FUNCTIONS = {
    f"{TRAINER}._load_from_checkpoint": ("self", "resume_from_checkpoint", "model"),
    f"{TRAINER}._load_best_model": ("self",),
    f"{GRPO}._get_train_sampler": ("self", "dataset"),
    f"{GRPO}._get_per_token_logps_and_entropies": ("self", "model", "input_ids", "attention_mask", "logits_to_keep"),
    f"{GRPO}.compute_loss": ("self", "model", "inputs", "return_outputs", "num_items_in_batch"),
    f"{VLLM}._iter_named_params": ("self",),
    f"{VLLM}.generate": ("self", "prompts", "images", "num_generations", "profiler"),
    "trl.trainer.utils:split_pixel_values_by_grid": ("batch",),
    "trl.data_utils:apply_chat_template": ("example", "processing_class"),
    "trl.data_utils:prepare_multimodal_messages": ("messages", "images"),
    "transformers.core_model_loading:revert_weight_conversion": ("model", "state_dict"),
    "transformers.core_model_loading:Transpose": ("dim0", "dim1", "check_dims"),
    "transformers.processing_utils:ProcessorMixin.get_attributes": (),
    "transformers.processing_utils:ProcessorMixin.from_args_and_dict": ("args", "processor_dict", "kwargs"),
}
"""With the parameters that they begin with."""
WORDS = {
    f"{GRPO}._get_per_token_logps_and_entropies": ("num_images", "pixel_values", "image_grid_thw"),
    f"{GRPO}.__init__": ("self.vllm_generation", "self.num_generations_eval", "self.eos_token_ids", "rollout_func"),
    f"{GRPO}._prepare_inputs": ("self._step % ", "steps_per_generation", "num_iterations"),
    "trl.trainer.grpo_trainer": ('"sampling/sampling_logp_difference/mean"', "fused_lm_head=True"),
    "trl.trainer.utils:FusedCausalLMOutput": ("log_probs: ",),
    "trl.trainer.utils:RepeatSampler": ("self.shuffle", "self.generator"),
    "transformers.core_model_loading:revert_weight_conversion": ("_weight_conversions",),
    "transformers.configuration_utils:PreTrainedConfig": ("_attn_implementation",),
}
"""What their code has: attributes, metrics."""
STANDARD = {"_asdict", "_replace", "_exit", "_inheriting"}  # of Python


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_there_with_its_parameters(name: str) -> None:
    parameters = (*inspect.signature(_object(name)).parameters,)
    assert parameters[: len(FUNCTIONS[name])] == FUNCTIONS[name]


@pytest.mark.parametrize("name", WORDS)
def test_its_code_has_what_is_read(name: str) -> None:
    code = inspect.getsource(_object(name))
    assert [word for word in WORDS[name] if word not in code] == []


def test_no_other_private_name_is_used() -> None:
    trees = [ast.parse(path.read_text()) for path in HOUSE.rglob("*.py")]
    ours = {name for tree in trees for name in _defined(tree)}
    words = re.findall(r"\w+", " ".join(word for words in WORDS.values() for word in words))
    listed = {*words, *(name.rpartition(".")[2] for name in FUNCTIONS)}
    assert {name for tree in trees for name in _used(tree, ours)} - listed - STANDARD == set()


def _object(name: str) -> object:
    module, _, path = name.partition(":")
    return reduce(getattr, filter(None, path.split(".")), import_module(module))


def _defined(tree: ast.Module) -> Iterator[str]:
    """The names that a module of ours defines, methods that override aside."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and _is_self(node.value):
            yield node.attr


def _used(tree: ast.Module, ours: set[str]) -> Iterator[str]:
    """The private names of other objects that it uses: those that are not ours, and those of a base class."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _is_private(node.attr):
            of_base = isinstance(node.value, ast.Call) and getattr(node.value.func, "id", "") == "super"
            if of_base or (node.attr not in ours and not _is_self(node.value)):
                yield node.attr
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("getattr", "hasattr", "setattr"):
            name = node.args[1].value if isinstance(node.args[1], ast.Constant) else ""
            if isinstance(name, str) and _is_private(name) and name not in ours:
                yield name


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "cls")

"""The parts of a model are found by its structure: what is frozen, what an adapter is put on, what is no text."""

from pathlib import Path
from typing import Any

import pytest

from recipes.tiny_model import FAMILIES
from tests.conftest import needs
from tests.training.small_trainings import make_job

pytestmark = needs("train")

TOWER = ["model.vision_tower", "model.multi_modal_projector"]
VISION = {
    "gemma3": TOWER,
    "internvl": TOWER,
    "llava_onevision": ["model.image_newline", *TOWER],
    "smolvlm": ["model.vision_model", "model.connector"],
}
DENSE = ["down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"]
ADAPTED = {
    "qwen3_vl_moe": ["k_proj", "o_proj", "q_proj", "v_proj"],
    "qwen3_5": [
        *("down_proj", "gate_proj", "in_proj_a", "in_proj_b", "in_proj_qkv", "in_proj_z", "k_proj", "o_proj"),
        *("out_proj", "q_proj", "up_proj", "v_proj"),
    ],
}
QWEN = ["<|image_pad|>", "<|video_pad|>", "<|vision_end|>", "<|vision_start|>"]
OF_FILMS = {
    "gemma3": ["<end_of_image>", "<image_soft_token>", "<start_of_image>"],
    "internvl": ["</img>", "<IMG_CONTEXT>", "<img>"],
    "llava_onevision": ["<image>", "<video>"],
    "smolvlm": ["<image>"],
}
LORA = {"r": 4, "alpha": 8, "dropout": 0.0, "target_modules": None}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_frozen_vision_tower(tiny_models: dict[str, Path], family: str) -> None:
    """All but the language model keeps still, parameters that stand alone too."""
    from cxr_cli.engines.model_files import vision_parts
    from cxr_cli.training.models import load_trainable

    model, _, _ = load_trainable(str(tiny_models[family]), {"freeze_vision": True})
    paths = vision_parts(model)
    assert paths == VISION.get(family, ["model.visual"])
    still = {name for name, parameter in model.named_parameters() if not parameter.requires_grad}
    assert still == {
        name for name, _ in model.named_parameters() if f"{name}.".startswith(tuple(f"{p}." for p in paths))
    }
    moved = {name.split("layers.")[0] for name, p in model.named_parameters() if p.requires_grad}
    language = "text_model" if family == "smolvlm" else "language_model"
    head = set() if family == "gemma3" else {"lm_head.weight"}  # Gemma's is its embedding
    inner = {"", "embed_tokens.weight", "norm.weight"}
    assert moved == head | {f"model.{language}.{name}" for name in inner}


@pytest.mark.parametrize("family", FAMILIES)
def test_what_an_adapter_is_put_on(tiny_models: dict[str, Path], family: str) -> None:
    """By default on every linear layer of the language model, of which some bear the names of those of the tower."""
    from peft import get_peft_model

    from cxr_cli.training.models import load_trainable

    model, _, lora = load_trainable(str(tiny_models[family]), {"lora": LORA})
    assert sorted(lora.target_modules) == ADAPTED.get(family, DENSE)
    names = [name for name, p in get_peft_model(model, lora).named_parameters() if p.requires_grad]
    language = "text_model" if family == "smolvlm" else "language_model"
    assert names
    assert all(name.startswith(f"base_model.model.model.{language}.layers.") for name in names)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("settings", [{}, {"freeze_vision": True}, {"lora": LORA}])
def test_the_plan_counts_what_is_trained(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, family: str, settings: Any
) -> None:
    from peft import get_peft_model

    from cxr_cli.training.models import load_trainable
    from cxr_cli.training.plan.memory import sizes_of

    model, _, lora = load_trainable(str(tiny_models[family]), settings)
    network = get_peft_model(model, lora) if lora else model
    name, sizes = sizes_of(make_job(drawn, tiny_models[family], tmp_path, **settings))
    assert name.endswith(f"({family})")
    assert sizes.trainable == sum(p.numel() for p in network.parameters() if p.requires_grad)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_completion_has_a_token_of_a_film(tiny_models: dict[str, Path], family: str) -> None:
    from cxr_cli.engines.model_files import film_tokens, load_config, load_processor

    processor, config = load_processor(str(tiny_models[family])), load_config(str(tiny_models[family]))
    found = processor.tokenizer.convert_ids_to_tokens(film_tokens(processor, config))
    assert sorted(found) == OF_FILMS.get(family, QWEN)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_text_of_a_row_has_one(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, family: str) -> None:
    from cxr_cli.engines.model_files import load_processor
    from cxr_cli.errors import CxrError
    from cxr_cli.training.data.row_store import RowStore
    from cxr_cli.training.data.special_tokens import check_special_tokens

    processor = load_processor(str(tiny_models[family]))
    for token in OF_FILMS.get(family, QWEN):
        rows = RowStore()
        rows.add({"id": "a", "question": f"Is {token} there?", "images": ["a.png"], "answer": "No"})
        rows.flush()
        with pytest.raises(CxrError, match="id a: field `question` has "):
            check_special_tokens(rows, processor, "Think.")


NO_PARTS = {"git", "idefics", "mistral4"}
"""Families whose vision tower is within what `get_decoder()` gives, or that have none."""


@pytest.mark.slow
def test_the_parts_of_every_family_of_transformers() -> None:
    """Of each that can be made without weights by its default configuration, and whose configuration has a tower."""
    from transformers import AutoConfig
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

    from cxr_cli.engines.model_files import empty_model, vision_parts
    from cxr_cli.errors import CxrError

    found, without = {}, set()
    for family in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES:
        try:
            config = AutoConfig.for_model(family)
            model = empty_model(config)
        except Exception:  # its default configuration is of no model, or it needs a package
            continue
        try:
            found[family] = vision_parts(model)
        except (CxrError, NotImplementedError):
            if getattr(config, "vision_config", "of another name") is not None:
                without.add(family)
    assert len(found) > 60
    assert without <= NO_PARTS | {"pp_formulanet"}
    assert found["llava"] == TOWER
    assert found["mllama"] == ["model.vision_model", "model.multi_modal_projector"]
    assert found["qwen2_5_omni_thinker"] == ["model.audio_tower", "model.visual"]

"""How large the checks are: on a GPU with the shape of Qwen2-VL-2B, on a CPU with a tiny model."""

from typing import Any, NamedTuple

from recipes.tiny_model import Size
from tests.bench.speed import training

Settings = dict[str, Any]


class Shape(NamedTuple):
    """What a Qwen2-VL has in the place of the tiny one's: settings of its language model and of its vision tower, which
    takes films of `side` x `side` pixels."""

    text: Settings
    vision: Settings
    side: int


class Scale(NamedTuple):
    """shape: of the model whose speed is measured. questions: of one round of inference, each with a reply of `tokens`,
    `batch` at a time. sft, rl, steps: settings and steps of the trainings that are timed. rounds: at most. small: the
    model that is stopped and resumed. demo: variables of recipes/demo.mk in the place of its own."""

    shape: Shape
    questions: int
    tokens: int
    batch: int
    sft: Settings
    rl: Settings
    steps: dict[str, int]
    rounds: int
    small: Size
    demo: dict[str, str]


_TEXT = {"hidden_size": 1536, "intermediate_size": 8960, "num_hidden_layers": 28, "num_attention_heads": 12}
_TEXT |= {"num_key_value_heads": 2, "vocab_size": 151936, "max_position_embeddings": 32768, "tie_word_embeddings": True}
_ROPE = {"rope_type": "default", "mrope_section": [16, 24, 24], "rope_theta": 1000000.0}
_VISION = {"depth": 32, "embed_dim": 1280, "hidden_size": 1536, "num_heads": 16, "mlp_ratio": 4}
QWEN2_VL_2B = Shape({**_TEXT, "rope_parameters": _ROPE}, _VISION, side=448)
TINY = Shape({"vocab_size": 512}, {}, side=112)

_RL_OF_TWO = {**training.RL, "per_device_train_batch_size": 16}
GPU = Scale(
    shape=QWEN2_VL_2B,
    questions=128,
    tokens=128,
    batch=32,
    sft=training.SFT,
    rl=_RL_OF_TWO,
    steps={"sft": 20, "rl": 6},
    rounds=3,
    small=Size(width=512, layers=8, feed=1024, vision=256, depth=4),
    demo={},
)
CPU = GPU._replace(
    shape=TINY,
    questions=24,
    tokens=32,
    batch=8,
    rl={**_RL_OF_TWO, "max_completion_length": 24},
    steps={"sft": 8, "rl": 4},
    rounds=1,
    small=Size(),
    demo={"FILMS": "100", "TEST": "2", "SEE": "2", "TELL": "2", "SFT": "2", "RL": "1", "OMP_NUM_THREADS": "1"},
)

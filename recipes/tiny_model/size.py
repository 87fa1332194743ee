"""How large a tiny model is."""

from typing import NamedTuple


class Size(NamedTuple):
    """width: of the language model, in heads of 32 (which vLLM's CPU kernels know). vision: width of the vision tower,
    `depth` layers deep. spread: standard deviation of the language model's weights at the start."""

    width: int = 64
    layers: int = 2
    feed: int = 128
    vision: int = 32
    depth: int = 2
    vocabulary: int = 400
    spread: float = 0.02

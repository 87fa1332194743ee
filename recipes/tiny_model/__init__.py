"""Tiny vision-language models with random weights, built in a second: `python -m recipes.tiny_model OUT [FAMILY]`."""

from recipes.tiny_model.build import CORPUS, build
from recipes.tiny_model.families import FAMILIES
from recipes.tiny_model.size import Size

__all__ = ["CORPUS", "FAMILIES", "Size", "build"]

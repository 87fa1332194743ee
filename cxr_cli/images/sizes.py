"""The size of the images that a model sees."""

import math
from dataclasses import dataclass

from PIL import Image


@dataclass(frozen=True)
class Square:
    """side x side pixels, whatever the film's shape: 448 x 448 in the paper."""

    side: int = 448

    def of(self, width: int, height: int) -> tuple[int, int]:
        return self.side, self.side

    def __str__(self) -> str:
        return f"{self.side}x{self.side}"


@dataclass(frozen=True)
class Budget:
    """The film's own shape, never enlarged: at most `pixels` pixels, sides that are multiples of `step`."""

    pixels: int
    step: int = 28

    def of(self, width: int, height: int) -> tuple[int, int]:
        scale = min(1.0, math.sqrt(self.pixels / (width * height)))
        wide, high = (max(self.step, round(side * scale / self.step) * self.step) for side in (width, height))
        while wide * high > self.pixels and max(wide, high) > self.step:
            wide, high = (wide - self.step, high) if wide >= high else (wide, high - self.step)
        return wide, high

    def __str__(self) -> str:
        return f"{self.pixels}px"


Size = Square | Budget


def fit(image: Image.Image, size: Size | None) -> Image.Image:
    """The image in that size; the same image when it has that size, or for None."""
    if size is None or (extent := size.of(*image.size)) == image.size:
        return image
    return image.resize(extent, Image.Resampling.BICUBIC, reducing_gap=2.0)

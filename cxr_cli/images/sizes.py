"""How large a model wants its pictures."""

import math
from dataclasses import dataclass

from PIL import Image


@dataclass(frozen=True)
class Square:
    """side x side pixels, whatever the film's shape was: the paper's 448 x 448."""

    side: int = 448

    def of(self, width: int, height: int) -> tuple[int, int]:
        return self.side, self.side

    def __str__(self) -> str:
        return f"{self.side}x{self.side}"


@dataclass(frozen=True)
class Budget:
    """The film's own shape with at most `pixels` pixels, and sides that are multiples of `step`; it is not enlarged."""

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


def fit(picture: Image.Image, size: Size | None) -> Image.Image:
    """The picture in that size; itself when it has it already, or for None."""
    if size is None or (wanted := size.of(*picture.size)) == picture.size:
        return picture
    return picture.resize(wanted, Image.Resampling.BICUBIC, reducing_gap=2.0)

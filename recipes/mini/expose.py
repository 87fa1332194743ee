"""Films as other machines would take them: `python -m recipes.mini.expose CASES --images FILMS -o OUT`.

Each film of the cases is written to OUT, under its own path, with a gamma, contrast, brightness, grain and darkening of
the corners that are drawn by its path.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cxr_cli.rows.rng import Rng


def expose(film: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    """A film from 0 black to 1 white, of shape (height, width), as another machine would take it."""
    down, across = (np.linspace(-0.5, 0.5, length) for length in film.shape)
    film = film ** rng.uniform(0.75, 1.35)
    film = (film - 0.5) * rng.uniform(0.75, 1.2) + 0.5 + rng.normal(0, 0.03)
    film = film * (1 - rng.uniform(0, 0.3) * (down[:, None] ** 2 + across**2))
    film = film + rng.normal(0, rng.uniform(0, 0.02), film.shape)
    return np.clip(film, 0, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path)
    parser.add_argument("--images", type=Path, required=True, help="the folder that the paths of films start from")
    parser.add_argument("-o", "--out", type=Path, required=True)
    given = parser.parse_args()
    for path in {path for line in given.cases.read_text().splitlines() for path in json.loads(line)["images"]}:
        film = np.asarray(Image.open(given.images / path).convert("L")) / 255
        exposed = expose(film, np.random.default_rng(Rng(path).below(2**31)))
        (given.out / path).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((255 * exposed).round().astype(np.uint8)).save(given.out / path)


if __name__ == "__main__":
    main()

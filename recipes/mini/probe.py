"""What is to be seen at home and away: `python -m recipes.mini.probe STUDIES -m MODEL --images FILMS`.

A linear classifier for each finding is fitted to the mean of a film's tokens, on every second film of the hospitals at
home. For the other films and for those of AWAY it prints the area under the ROC curve (what the language model could
know), the accuracy (what it would know with a threshold from home), and the shares that are called
positive and that are. With `--exposed` the films that it is fitted to are exposed anew (`recipes.mini.expose`).
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from cxr_cli.engines.model_files import load_model, load_processor, locate
from recipes.mini.expose import expose
from recipes.mini.warm_up import LabelledFilms, area_under_curve, binary_loss

MEASURES = {
    "area": area_under_curve,
    "accuracy": lambda scores, labels: float(((scores > 0) == labels).float().mean()),
    "called": lambda scores, labels: float((scores > 0).float().mean()),
    "true": lambda scores, labels: float(labels.mean()),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("studies", type=Path)
    parser.add_argument("-m", "--model", required=True)
    parser.add_argument("--images", type=Path, required=True, help="the folder that the paths of films start from")
    parser.add_argument("--away", default="phantom-ward")
    parser.add_argument("--exposed", action="store_true")
    given = parser.parse_args()
    torch.manual_seed(0)
    studies = [json.loads(line) for line in given.studies.read_text().splitlines()]
    films = LabelledFilms(studies, given.images, load_processor(given.model), 0)
    away = np.array([study["source"] == given.away for study in films.studies])
    home = np.flatnonzero(~away)
    fitted, shown = home[::2], {"home": home[1::2], "away": np.flatnonzero(away)}
    if given.exposed:
        for i in fitted:
            films.images[i] = _exposed(films.images[i], films.rng)
    tokens = films.all_tokens(load_model(locate(given.model), dtype="float32").model.visual).mean(1)
    tokens = (tokens - tokens[fitted].mean(0)) / tokens[fitted].std(0)
    scores = _fit(tokens[fitted], films.labels[fitted])(tokens).detach()
    heads = [f"{measure}, {place}" for measure in MEASURES for place in shown]
    print(f"| finding | {' | '.join(heads)} |\n|{'---|' * (1 + len(heads))}")
    columns = [
        [measure(scores[chosen, i], films.labels[chosen, i]) for i in range(len(films.names))]
        for measure in MEASURES.values()
        for chosen in shown.values()
    ]
    for name, *values in [*zip(films.names, *columns, strict=True), ("mean", *map(np.mean, columns))]:
        print(f"| {name} | {' | '.join(f'{value:.3f}' for value in values)} |")


def _exposed(film: Any, rng: np.random.Generator) -> Any:
    pixels = 255 * expose(np.asarray(film.convert("L")) / 255, rng)
    return Image.fromarray(pixels.round().astype(np.uint8)).convert("RGB")


def _fit(tokens: torch.Tensor, labels: torch.Tensor) -> nn.Linear:
    head = nn.Linear(tokens.shape[1], labels.shape[1])
    optimizer = torch.optim.LBFGS(head.parameters(), max_iter=100)

    def loss() -> float:
        optimizer.zero_grad()
        value = binary_loss(head(tokens), labels) + 1e-3 * head.weight.square().sum()
        value.backward()
        return float(value)

    optimizer.step(loss)
    return head


if __name__ == "__main__":
    main()

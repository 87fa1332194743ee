"""A tiny Qwen2-VL whose vision tower has seen films: `python -m recipes.mini.warm_up CASES.. -o MODEL --images FILMS`.

It stands in for the pretraining that a real model brings: from random weights, fine-tuning learns nothing in minutes.
The vision tower learns the `labels` of the cases' films (binary cross-entropy over their findings), through a head that
is thrown away. The language model stays as it was drawn; its tokenizer is made from the words of the cases.

Adds warm-up.json to the model's folder: the losses, and the mean area under the ROC curve on films held out.
"""

import argparse
import json
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from cxr_cli.models import load_model, load_processor, locate
from cxr_cli.rows import Row, note
from cxr_cli.training.examples import completion, prompt
from tests import tiny

SIZE = tiny.Size(width=128, layers=4, feed=384, vision=128, depth=4, vocabulary=768, spread=0.07)
BATCH, RATE, HELD_OUT = 64, 1e-3, 0.05


class Films:
    """The films of some cases, each once, and their labels, (films, findings) of 0 and 1."""

    def __init__(self, cases: Iterable[Row], root: Path, processor: Any) -> None:
        by_film = {case["images"][0]: case["labels"] for case in cases}
        shown = [name for name in next(iter(by_film.values())) if any(labels[name] for labels in by_film.values())]
        self.pictures = [Image.open(root / path).convert("RGB") for path in by_film]
        self.labels = torch.tensor([[float(labels[name]) for name in shown] for labels in by_film.values()])
        self.processor = processor

    def tokens(self, tower: Any, chosen: Sequence[int]) -> Any:
        """(films, tokens x width): what the language model will see of them."""
        given = self.processor.image_processor([self.pictures[i] for i in chosen], return_tensors="pt")
        seen = tower(given["pixel_values"].to(tower.device), given["image_grid_thw"].to(tower.device))
        return seen.pooler_output.reshape(len(chosen), -1)


def learn(tower: Any, films: Films, steps: int, seed: int) -> dict[str, Any]:
    """Trains the vision tower; how well it went."""
    draw = np.random.default_rng(seed)
    order = draw.permutation(len(films.pictures))
    held_out, seen = np.split(order, [max(BATCH, round(HELD_OUT * len(order)))])
    labels = films.labels.to(tower.device)
    with torch.no_grad():
        width = films.tokens(tower, order[:1]).shape[1]
    head = nn.Linear(width, labels.shape[1]).to(tower.device)
    weights = [*tower.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(weights, lr=RATE, betas=(0.9, 0.95))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps, pct_start=0.1)
    losses = []
    for step in range(steps):
        chosen = draw.choice(seen, BATCH)
        loss = nn.functional.binary_cross_entropy_with_logits(head(films.tokens(tower, chosen)), labels[chosen])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        if step % 50 == 0:
            note(f"warm-up, step {step}/{steps}: loss {losses[-1]:.3f}")
    with torch.no_grad():
        parts = np.array_split(held_out, -(-len(held_out) // BATCH))
        scores = torch.cat([head(films.tokens(tower, part)) for part in parts])
    areas = [_area(*both) for both in zip(scores.T, labels[held_out].T, strict=True)]
    return {"films": len(seen), "steps": steps, "losses": losses, "areas": areas, "area": float(np.nanmean(areas))}


def _area(scores: Any, labels: Any) -> float:
    """Under the ROC curve: how often a film with the finding is scored above one without; NaN if all are alike."""
    there, gone = scores[labels == 1], scores[labels == 0]
    return float((there[:, None] > gone[None, :]).float().mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="+", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--images", type=Path, required=True, help="the folder that the paths of films start from")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    torch.manual_seed(given.seed)
    cases = [json.loads(line) for path in given.cases for line in path.read_text().splitlines()]
    corpus = [text for case in islice(cases, 0, None, 7) for text in (prompt(case, reasoned=True), completion(case))]
    tiny.build(given.out, seed=given.seed, size=SIZE, corpus=corpus)
    model = load_model(locate(str(given.out)), dtype="float32")
    films = Films(cases, given.images, load_processor(str(given.out)))
    done = learn(model.model.visual, films, given.steps, given.seed)
    model.save_pretrained(given.out)
    note(f"warm-up: area under the ROC curve {done['area']:.3f} on films held out")
    (given.out / "warm-up.json").write_text(json.dumps(done) + "\n")


if __name__ == "__main__":
    main()

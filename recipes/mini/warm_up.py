"""A tiny Qwen2-VL whose vision tower has seen films: `python -m recipes.mini.warm_up STUDIES CASES -o MODEL`.

It stands in for the pretraining of a real model. From random weights nothing is learned by fine-tuning in minutes, so
the vision tower learns first to tell the findings of the study's `labels` apart (binary cross-entropy); the head that
does so is thrown away. The language model stays as it was drawn; its tokenizer is made from the cases' words.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from cxr_cli.models import load_processor
from cxr_cli.rows import Row, note
from cxr_cli.training.examples import completion, prompt
from tests import tiny

SIZE = tiny.Size(width=128, layers=4, feed=384, vision=128, depth=4, vocabulary=440, spread=0.07)
BATCH, RATE = 64, 1e-3


class Films:
    """The films of some studies, in memory, and their labels: (studies, findings) of 0 and 1."""

    def __init__(self, studies: Sequence[Row], names: Sequence[str], root: Path, processor: Any) -> None:
        self.pictures = [Image.open(root / study["images"][0]).convert("RGB") for study in studies]
        self.labels = torch.tensor([[study["labels"][name] for name in names] for study in studies], dtype=torch.float)
        self.processor = processor

    def batch(self, chosen: Sequence[int]) -> tuple[dict[str, Any], Any]:
        pictures = [self.pictures[i] for i in chosen]
        return self.processor.image_processor(pictures, return_tensors="pt"), self.labels[list(chosen)]


def warm_up(model: Any, films: Films, held_out: Films, steps: int, seed: int) -> float:
    """Trains `model.model.visual`; the mean area under the ROC curve of the findings on held-out films."""
    torch.manual_seed(seed)
    tower, count = model.model.visual, films.labels.shape[1]
    tokens = _features(tower, films, range(1)).shape[1:]
    head = nn.Sequential(nn.Flatten(), nn.Linear(tokens.numel(), count))
    weights = [*tower.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(weights, lr=RATE, betas=(0.9, 0.95))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps, pct_start=0.1)
    draw = np.random.default_rng(seed)
    tower.train()
    began = time.monotonic()
    for step in range(1, steps + 1):
        chosen = draw.choice(len(films.pictures), BATCH)
        loss = nn.functional.binary_cross_entropy_with_logits(head(_features(tower, films, chosen)), films.labels[chosen])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        schedule.step()
        if step % 25 == 0 or step == steps:
            print(step, float(loss), time.monotonic()-began, area(tower, head, held_out))
    return area(tower, head, held_out)


def _features(tower: Any, films: Films, chosen: Sequence[int]) -> Any:
    """(films, tokens, width): what the language model would see."""
    given, _ = films.batch(chosen)
    return tower(given["pixel_values"], given["image_grid_thw"]).pooler_output.reshape(len(chosen), -1, SIZE.width)


def area(tower: Any, head: nn.Module, films: Films) -> float:
    tower.eval()
    with torch.no_grad():
        parts = [head(_features(tower, films, range(i, min(i + BATCH, len(films.pictures))))) for i in range(0, len(films.pictures), BATCH)]
    tower.train()
    scores = torch.cat(parts)
    areas = []
    for s, l in zip(scores.T, films.labels.T, strict=True):
        a, b = s[l == 1], s[l == 0]
        areas.append(float((a[:, None] > b[None, :]).float().mean()))
    print([round(a,2) for a in areas])
    return sum(areas) / len(areas)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("studies"); parser.add_argument("cases"); parser.add_argument("--held-out")
    parser.add_argument("-o"); parser.add_argument("--images"); parser.add_argument("--steps", type=int); parser.add_argument("--seed", type=int, default=0)
    a = parser.parse_args()
    read = lambda p: [json.loads(l) for l in open(p)]
    cases = read(a.cases)
    corpus = [t for c in cases[:3000] for t in (prompt(c, reasoned=True), completion(c))]
    out = tiny.build(Path(a.o), seed=a.seed, size=SIZE, corpus=corpus)
    from transformers import AutoModelForImageTextToText
    model = AutoModelForImageTextToText.from_pretrained(out)
    pr = load_processor(str(out))
    st, ho = read(a.studies), read(a.held_out)
    names = [n for n in st[0]["labels"] if any(s["labels"][n] for s in st)]
    f, h = Films(st, names, Path(a.images), pr), Films(ho, names, Path(a.images), pr)
    print(warm_up(model, f, h, a.steps, a.seed))
    model.save_pretrained(out)

main()

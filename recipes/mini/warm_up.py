"""Pretrains a tiny Qwen2-VL on films: `python -m recipes.mini.warm_up CASES.. -o MODEL --images FILMS`.

This stands in for the pretraining of a real model: fine-tuning from random weights learns to write in minutes, but not
to look. There are two lessons, both from films without questions:

    see   the vision tower learns to classify findings by their `labels`, through heads that are thrown away
    tell  the language model learns to describe some findings, in the order in which they are asked for

The tokenizer is made from the texts of the cases. OUT/warm-up.json says how well the model sees (area under the ROC
curve) and tells (its loss, and its loss with another film in place of the right one) on films held out.
"""

import argparse
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from cxr_cli.answers.replies import reply_format
from cxr_cli.engines.model_files import load_model, load_processor, locate
from cxr_cli.errors import enable_notes
from cxr_cli.findings import Lexicon
from cxr_cli.mining.cases import Miner
from cxr_cli.rows import Row, note
from cxr_cli.training.data.dataset import prompt, target_text
from cxr_cli.training.logs.quiet_libraries import quiet_libraries
from recipes import tiny_model

SIZES = {
    "mini": tiny_model.Size(width=128, layers=4, feed=384, vision=128, depth=4, vocabulary=768, spread=0.07),
    "demo": tiny_model.Size(width=128, layers=2, feed=256, vision=64, depth=3, vocabulary=512, spread=0.07),
}
BATCH, RATE, HELD_OUT = 64, 1e-3, 0.05
DESCRIBED = 5  # findings in one example
QUESTION = "What is seen of these in this chest X-ray?"


class LabelledFilms:
    """The films of some cases, each once, and their labels, (films, findings) of 0 and 1."""

    def __init__(self, cases: Iterable[Row], root: Path, processor: Any, seed: int, batch: int = BATCH) -> None:
        self.studies = list({case["images"][0]: case for case in cases}.values())
        labels = [study["labels"] for study in self.studies]
        self.names = [name for name in labels[0] if any(row[name] for row in labels)]
        self.images = [Image.open(root / study["images"][0]).convert("RGB") for study in self.studies]
        self.labels = torch.tensor([[float(row[name]) for name in self.names] for row in labels])
        self.processor, self.rng, self.batch = processor, np.random.default_rng(seed), batch
        order = self.rng.permutation(len(self.images))
        self.held_out, self.train = np.split(order, [max(batch, round(HELD_OUT * len(order)))])

    def tokens(self, tower: Any, chosen: Any) -> Any:
        """(films, tokens, width): the embeddings of these films that the language model gets."""
        inputs = self.processor.image_processor([self.images[i] for i in chosen], return_tensors="pt")
        embedded = tower(inputs["pixel_values"].to(tower.device), inputs["image_grid_thw"].to(tower.device))
        return embedded.pooler_output.reshape(len(chosen), -1, tower.config.hidden_size)

    def descriptions(self) -> Iterator[dict[str, str]]:
        """For each film a sentence on each finding: {"edema": "There is no pulmonary edema."}"""
        mine = Miner(Lexicon.load(), tasks=["binary"], findings=self.names, brief=True)
        for study in self.studies:
            cases = mine({key: study[key] for key in ("id", "report", "labels")})
            steps = ([step["text"] for step in case["steps"] if step["kind"] == "observe"] for case in cases)
            yield {case["findings"][0]: " ".join(texts) for case, texts in zip(cases, steps, strict=True)}

    def all_tokens(self, tower: Any) -> Any:
        """The embeddings of all films, without gradients."""
        with torch.no_grad():
            parts = np.array_split(np.arange(len(self.images)), -(-len(self.images) // self.batch))
            return torch.cat([self.tokens(tower, part) for part in parts])


def see(tower: Any, films: LabelledFilms, steps: int) -> float:
    """Trains the vision tower; returns the area under the ROC curve on films held out, the mean over findings.

    One head classifies all of a film's tokens, with which the tower learns faster, the other their mean, in which a
    language model finds it without knowing where to look. The area is that of the second.
    """
    labels = films.labels.to(tower.device)
    (_, tokens, width), findings = films.tokens(tower, films.held_out[:1]).shape, labels.shape[1]
    whole = nn.Linear(tokens * width, findings).to(tower.device)
    mean = nn.Linear(width, findings).to(tower.device)
    weights = [*tower.parameters(), *whole.parameters(), *mean.parameters()]
    for step, update in _updates(weights, RATE, steps):
        chosen = films.rng.choice(films.train, films.batch)
        embedded = films.tokens(tower, chosen)
        loss = binary_loss(whole(embedded.flatten(1)), labels[chosen]) + binary_loss(
            mean(embedded.mean(1)), labels[chosen]
        )
        update(loss)
        if step % 50 == 0:
            note(f"see, step {step}/{steps}: loss {loss.item() / 2:.3f}")
    with torch.no_grad():
        scores = mean(films.all_tokens(tower)[films.held_out].mean(1))
    return float(np.nanmean([area_under_curve(*both) for both in zip(scores.T, labels[films.held_out].T, strict=True)]))


def tell(model: Any, films: LabelledFilms, processor: Any, steps: int) -> tuple[float, float]:
    """Trains the language model alone; returns its loss on films held out, and its loss with their films exchanged.

    The difference is what the model tells by looking.
    """
    embedded, descriptions = films.all_tokens(model.model.visual), list(films.descriptions())
    language, token = model.model.language_model, processor.tokenizer.convert_tokens_to_ids
    user = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "?"}]}]
    before, after = processor.apply_chat_template(user, add_generation_prompt=True).split("?")
    film = processor(text=[before], images=films.images[:1], return_tensors="pt").to(embedded.device)
    is_image = film["input_ids"][0] == token("<|image_pad|>")
    positions = model.model.get_rope_index(film["input_ids"], film["mm_token_type_ids"], film["image_grid_thw"])[0]

    def example(chosen: Any) -> tuple[list[int], int]:
        """The tokens after the film, and how many of them are the question's."""
        names = films.rng.permutation(sorted(descriptions[chosen]))[:DESCRIBED]
        asked = reply_format.prompt_text(QUESTION, [name.capitalize() for name in names])
        texts = (f"{asked}{after}", " ".join(descriptions[chosen][name] for name in names))
        question, answer = (processor.tokenizer(text)["input_ids"] for text in texts)
        return [*question, *answer], len(question)

    def loss_of(shown: Any, chosen: Any) -> Any:
        """shown: the films that the model sees. chosen: those that the examples describe."""
        rows, question_lengths = zip(*map(example, chosen), strict=True)
        tokens = nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True, padding_value=-100)
        tokens = tokens.to(embedded.device)
        prefix = language.embed_tokens(film["input_ids"]).repeat(len(chosen), 1, 1)
        prefix[:, is_image] = embedded[shown]
        after_film = positions.max() + 1 + torch.arange(tokens.shape[1], device=embedded.device)
        states = language(
            inputs_embeds=torch.cat([prefix, language.embed_tokens(tokens.clamp_min(0))], dim=1),
            position_ids=torch.cat([positions, after_film.expand(3, 1, -1)], dim=2).expand(-1, len(chosen), -1),
        ).last_hidden_state[:, len(is_image) - 1 : -1]
        for row, length in zip(tokens, question_lengths, strict=True):
            row[:length] = -100
        return nn.functional.cross_entropy(model.lm_head(states).flatten(0, 1), tokens.flatten())

    weights = [weight for path, weight in model.named_parameters() if "visual" not in path]
    for step, update in _updates(weights, 1.5 * RATE, steps):
        chosen = films.rng.choice(films.train, films.batch // 2)
        loss = loss_of(chosen, chosen)
        update(loss)
        if step % 50 == 0:
            note(f"tell, step {step}/{steps}: loss {loss.item():.3f}")
    with torch.no_grad():
        own, other = (loss_of(shown, films.held_out) for shown in (films.held_out, np.roll(films.held_out, 1)))
    return own.item(), other.item()


def _updates(weights: Sequence[Any], rate: float, steps: int) -> Iterator[tuple[int, Callable[[Any], None]]]:
    """For each step its number and a function that takes its loss."""
    optimizer = torch.optim.AdamW(weights, lr=rate, betas=(0.9, 0.95))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps, pct_start=0.1)

    def update(loss: Any) -> None:
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        schedule.step()

    return ((step, update) for step in range(steps))


def binary_loss(scores: Any, labels: Any) -> Any:
    return nn.functional.binary_cross_entropy_with_logits(scores, labels)


def area_under_curve(scores: Any, labels: Any) -> float:
    """Under the ROC curve: how often a film with the finding scores above one without; NaN if one kind is missing."""
    present, absent = scores[labels == 1], scores[labels == 0]
    return float((present[:, None] > absent[None, :]).float().mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="+", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--images", type=Path, required=True, help="the folder that the paths of films start from")
    parser.add_argument("--size", choices=SIZES, default="mini", help="how large the model is")
    parser.add_argument("--see", type=int, default=450, help="steps of the first lesson")
    parser.add_argument("--tell", type=int, default=400, help="steps of the second")
    parser.add_argument("--batch", type=int, default=BATCH, help="films in each step of lesson one; half in lesson two")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    enable_notes()
    torch.manual_seed(given.seed)
    cases = [json.loads(line) for path in given.cases for line in path.read_text().splitlines()]
    corpus = [
        text
        for case in islice(cases, 0, None, 7)
        for text in (prompt(case, reply_format.INSTRUCTION), target_text(case))
    ]
    tiny_model.build(given.out, seed=given.seed, size=SIZES[given.size], corpus=corpus)
    model = load_model(locate(str(given.out)), dtype="float32")
    processor = load_processor(str(given.out))
    films = LabelledFilms(cases, given.images, processor, given.seed, given.batch)
    area = see(model.model.visual, films, given.see)
    own, other = tell(model, films, processor, given.tell)
    model.save_pretrained(given.out)
    note(f"on films held out: area under the ROC curve {area:.3f}; loss {own:.3f}, with another film {other:.3f}")
    summary = {"films": len(films.train), "area": area, "loss": own, "loss with another film": other}
    (given.out / "warm-up.json").write_text(json.dumps(summary) + "\n")


if __name__ == "__main__":
    with quiet_libraries():
        main()

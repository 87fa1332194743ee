"""What a model must have, in one line where it lacks it; how long a row is, in every family."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cxr_cli.errors import CxrError
from recipes.tiny_model import FAMILIES
from tests.conftest import needs
from tests.training.small_trainings import make_job, sft

pytestmark = needs("train")
SHAPES = [(64, 64), (120, 60), (60, 130), (100, 80)]


@pytest.fixture(scope="module")
def shapes(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cases of phantoms, on films of noise in four shapes."""
    from cxr_cli.images import films_of

    folder = tmp_path_factory.mktemp("shapes")
    shutil.copy(drawn / "steps.jsonl", folder)
    noise = np.random.default_rng(0)
    films = {path for line in (drawn / "steps.jsonl").read_text().splitlines() for path in films_of(json.loads(line))}
    for number, path in enumerate(sorted(films)):
        wide, high = SHAPES[number % 4]
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise.integers(0, 255, (high, wide), dtype=np.uint8)).save(folder / path)
    return folder


@pytest.mark.parametrize("family", FAMILIES)
def test_the_tokens_of_a_row_are_those_of_its_batch(
    shapes: Path, tiny_models: dict[str, Path], tmp_path: Path, family: str
) -> None:
    """With those of the chat template, whatever the shape of its films, and however many they are."""
    from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

    from cxr_cli.engines.model_files import load_processor
    from cxr_cli.images import films_of
    from cxr_cli.training.data.dataset import sft_example
    from cxr_cli.training.data.token_counts import TokenCounter

    job = make_job(shapes, tiny_models[family], tmp_path, max_pixels=112 * 112)
    rows = [json.loads(line) for line in (shapes / "steps.jsonl").read_text().splitlines()]
    rows = [*rows[:8], *(row for row in rows if len(films_of(row)) > 1), {**rows[0], "steps": []}]
    counter = TokenCounter(job, supervised=True)
    processor = load_processor(str(tiny_models[family]))
    collate = DataCollatorForVisionLanguageModeling(processor, completion_only_loss=True)
    for row in rows:
        batch = collate([sft_example(row, job.films, job.instruction)])
        in_completion = int((batch["labels"] != -100).sum())
        assert counter.count(row) == (batch["input_ids"].shape[1] - in_completion, in_completion)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_taught_is_never_cut(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, family: str) -> None:
    from cxr_cli.library.rules import Rules
    from cxr_cli.stages.sft import train
    from cxr_cli.training.data.token_counts import TokenCounter

    rows = [json.loads(line) for line in (drawn / "steps.jsonl").read_text().splitlines()]
    counter = TokenCounter(make_job(drawn, tiny_models[family], tmp_path, size=56), supervised=True)
    tokens = {row["id"]: sum(counter.count(row)) for row in rows}
    longest = max(tokens.values())
    settings: dict[str, Any] = {"size": 56, "max_steps": 1, "warmup_steps": 0}
    train(make_job(drawn, tiny_models[family], tmp_path / "out", max_length=longest, **settings), Rules(), dry_run=True)
    with pytest.raises(CxrError) as error:
        train(
            make_job(drawn, tiny_models[family], tmp_path / "out", max_length=longest - 1, **settings),
            Rules(),
            dry_run=True,
        )
    found = str(error.value).split()
    assert found[:4] == ["id", found[1], str(longest), "tokens,"]
    assert tokens[found[1].rstrip(":")] == longest
    assert not (tmp_path / "out").exists()


def test_a_row_that_no_dry_run_looked_at_is_not_cut_either(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path
) -> None:
    """It stops the training."""
    from cxr_cli.training.data.whole_batches import WholeBatches

    collate = WholeBatches(lambda examples: {"attention_mask": np.ones((len(examples), 9), int)}, 8)
    with pytest.raises(CxrError, match="id b: 9 tokens, and max_length 8 would cut what is taught"):
        collate([{"id": "b"}])
    assert sft(drawn, tiny_models["qwen2_vl"], tmp_path / "out", max_steps=1, max_length=2000)[0]["loss"] > 0


def test_what_trl_does_not_score() -> None:
    """Llama 3.2 Vision's processor makes the shape of each film, too."""
    from cxr_cli.training.data.token_counts import check_scored

    check_scored(["input_ids", "attention_mask", "pixel_values", "batch_num_images"])
    with pytest.raises(CxrError, match="TRL does not hand aspect_ratio_ids to the model when it scores completions"):
        check_scored(["input_ids", "attention_mask", "pixel_values", "aspect_ratio_ids"])


TEXT = "{% for m in messages %}{{ m.content[-1].text }}{% endfor %}"
FILMS = (
    "{% for m in messages %}{% for p in m.content %}{% if p.type == 'image' %}FILM{% endif %}{% endfor %}{% endfor %}"
)
TEMPLATES = {
    TEXT: "its chat template leaves films out",
    FILMS.replace("FILM", "<|image_pad|>"): "its chat template leaves questions out",
    "{{ raise_exception('no films') }}": r"its chat template takes no films \(TemplateError\)",
    TEXT + FILMS.replace("FILM", "<|image_pad|><|image_pad|>"): "its processor does not take a film with a text",
    TEXT + FILMS.replace("FILM", "an image"): "its processor (does not take a film|makes no tokens)",
}


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_chat_template_that_takes_no_films(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, template: str
) -> None:
    model = shutil.copytree(tiny_models["qwen2_vl"], tmp_path / "model")
    (model / "chat_template.jinja").write_text(template)
    with pytest.raises(CxrError, match=f"the model family qwen2_vl: {TEMPLATES[template]}"):
        sft(drawn, model, tmp_path / "out", max_steps=1, dry_run=True)


def test_a_forward_that_does_not_take_what_the_processor_makes(tiny_models: dict[str, Path]) -> None:
    from cxr_cli.engines.model_files import empty_model, load_config, load_processor
    from cxr_cli.training.plan.model_requirements import check_model

    model = empty_model(load_config(str(tiny_models["internvl"])))
    with pytest.raises(
        CxrError, match="family internvl: its forward does not take token_type_ids, which its processor"
    ):
        check_model(model, load_processor(str(tiny_models["gemma3"])))


def test_a_processor_that_needs_a_package(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers.models.smolvlm import processing_smolvlm

    model = tiny_models["smolvlm"]
    monkeypatch.setattr(processing_smolvlm, "num2words", None)
    with pytest.raises(
        CxrError, match="its processor cannot be loaded: Package `num2words` is required to run SmolVLM"
    ):
        sft(drawn, model, tmp_path / "out", max_steps=1)


def test_a_thought_that_the_prompt_opens(tiny_models: dict[str, Path]) -> None:
    """The reply that is shown, and paid, has its beginning."""
    from cxr_cli import rewards
    from cxr_cli.engines.model_files import load_processor, reply_opening
    from cxr_cli.training.grpo.openings import with_opening

    opening = {family: reply_opening(load_processor(str(tiny_models[family]))) for family in ("qwen3_5", "gemma3")}
    assert opening == {"qwen3_5": "<think>", "gemma3": ""}
    written = [[{"role": "assistant", "content": "\nThe lungs are clear.\n</think>\n\n<answer> A </answer>"}]]
    paid = {
        text: with_opening({"format": rewards.format}, text)["format"](completions=written, case=["{}"])
        for text in opening.values()
    }
    assert paid == {"<think>": [1.0], "": [0.0]}


def test_no_text_begins_twice(tiny_models: dict[str, Path]) -> None:
    """Gemma's tokenizer writes <bos>, and so does its chat template."""
    from cxr_cli.engines.model_files import load_processor

    processor = load_processor(str(tiny_models["gemma3"]))
    assert processor.tokenizer("Clear.")["input_ids"][0] == processor.tokenizer.bos_token_id
    message = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "Is it?"}]}
    text = processor.apply_chat_template([message], tokenize=False, add_generation_prompt=True)
    ids = processor(text=[text], images=[[Image.new("RGB", (56, 56))]])["input_ids"][0]
    assert ids.count(processor.tokenizer.bos_token_id) == 1

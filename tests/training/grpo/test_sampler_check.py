"""What is sampled is what is scored: by ids, by log-probabilities, and as `cxr infer` asks."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from cxr_cli.answers.replies.reply_format import INSTRUCTION
from cxr_cli.errors import CxrError
from tests.training.small_trainings import make_job, rl

FAMILIES = ("qwen2_vl", "qwen2_5_vl", "qwen3_vl")
SAMPLED = "sampler and trainer differ by "


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """A folder with rows of one and two films of different shapes, in steps.jsonl."""
    rows = []
    for number, shapes in enumerate([[(56, 112)], [(112, 56), (84, 84)], [(84, 56)], [(140, 56), (56, 56)]]):
        names = [f"{number}-{film}.png" for film in range(len(shapes))]
        for shade, (name, shape) in enumerate(zip(names, shapes, strict=True)):
            Image.linear_gradient("L").resize(shape).rotate(90 * (number + shade)).save(tmp_path / name)
        rows.append(
            {
                "id": str(number),
                "question": f"Is there edema in film {'and ' * number}?",
                "options": ["Yes", "No"],
                "answer": "No",
                "images": names,
                "steps": ["There is no edema."],
            }
        )
    (tmp_path / "steps.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("settings", [{}, {"steps_per_generation": 2, "temperature": 0.7}], ids=["plain", "in parts"])
def test_the_trainer_scores_what_it_sampled(
    films: Path,
    tiny_models: dict[str, Path],
    capsys: pytest.CaptureFixture[str],
    family: str,
    settings: dict[str, Any],
) -> None:
    rl(films, tiny_models[family], films / "out", max_steps=1, max_pixels=7000, max_sampler_gap=1e-4, **settings)
    [line] = [line for line in capsys.readouterr().err.splitlines() if SAMPLED in line]
    assert float(line.split(SAMPLED)[1].split()[0]) < 1e-5


def test_films_that_are_scored_for_another_row_stop_the_training(
    films: Path, tiny_models: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from transformers import Qwen2VLModel as Model

    forward = Model.forward

    def turned(self: Any, *args: Any, pixel_values: Any = None, **more: Any) -> Any:
        values = -pixel_values if torch.is_grad_enabled() and pixel_values is not None else pixel_values
        return forward(self, *args, pixel_values=values, **more)

    monkeypatch.setattr(Model, "forward", turned)
    with pytest.raises(CxrError, match=r"differs by .* between sampler and trainer, and max_sampler_gap is"):
        rl(films, tiny_models["qwen2_vl"], films / "out", max_steps=1, max_pixels=7000, max_sampler_gap=1e-5)


def test_a_prompt_that_was_not_sampled_from_stops_the_training(
    films: Path, tiny_models: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from cxr_cli.training.grpo.sampler_check import SamplerCheck

    take_samples = SamplerCheck.take_samples

    def longer(self: Any, prompts: Any, *more: Any) -> None:
        take_samples(self, [[*prompt, 7] for prompt in prompts], *more)

    monkeypatch.setattr(SamplerCheck, "take_samples", longer)
    with pytest.raises(CxrError, match=r"a prompt of \d+ tokens is scored that was not sampled from: trl \d.*, transf"):
        rl(films, tiny_models["qwen2_vl"], films / "out", max_steps=1)


def test_a_gap_that_grows_later_stops_the_training() -> None:
    from cxr_cli.training.grpo.sampler_check import VLLM_GAP, SamplerCheck

    check = SamplerCheck(max_gap=0.1, temperature=1.0)
    check.on_log(None, None, None, {VLLM_GAP: 0.02})
    for gap in (0.2, float("nan")):
        with pytest.raises(CxrError, match=r"max_sampler_gap is 0\.1"):
            check.on_log(None, None, None, {VLLM_GAP: gap})


def test_vllm_is_given_placeholders_and_must_see_what_is_scored(films: Path, tiny_models: dict[str, Path]) -> None:
    """A server takes all tokens, vLLM in the process one placeholder a film."""
    from trl.data_utils import prepare_multimodal_messages

    from cxr_cli.engines.model_files import load_processor
    from cxr_cli.training.data.dataset import rl_example
    from cxr_cli.training.grpo.vllm_rollouts import VllmRollouts

    processor = load_processor(str(tiny_models["qwen2_vl"]))
    row = json.loads((films / "steps.jsonl").read_text().splitlines()[1])
    example = rl_example(row, make_job(films, tiny_models["qwen2_vl"], films, max_pixels=7000).films, INSTRUCTION)
    prompts = [prepare_multimodal_messages(example["prompt"], images=example["images"])]
    asked: list[Any] = []
    reported: list[Any] = []

    def trainer(mode: str, seen: Any) -> Any:
        def generate(prompts: Any, images: Any, num_generations: int, profiler: Any) -> Any:
            asked.append((prompts, [len(some) for some in images], num_generations))
            return seen(prompts), [[5, 6]], [[[-1.0], [-2.0]]], None

        return SimpleNamespace(
            args=SimpleNamespace(vllm_mode=mode),
            vllm_generation=SimpleNamespace(generate=generate),
            model=SimpleNamespace(training=True),
            num_generations=4,
        )

    rollouts = VllmRollouts(processor, lambda *values: reported.append(values))
    image = processor.tokenizer.convert_tokens_to_ids("<|image_pad|>")
    result = rollouts(prompts, trainer("server", lambda prompts: prompts))
    assert result == {"prompt_ids": asked[0][0], "completion_ids": [[5, 6]], "logprobs": [[-1.0, -2.0]]}
    assert reported == [(result["prompt_ids"], [[5, 6]], [[-1.0, -2.0]])]
    assert rollouts(prompts, trainer("colocate", lambda _: result["prompt_ids"])) == result
    assert [(ids[0].count(image), films, count) for ids, films, count in asked] == [(14, [2], 4), (2, [2], 4)]
    with pytest.raises(
        CxrError, match=r"cannot sample from this model \(KeyError: 'x'\); --rollouts transformers does"
    ):
        rollouts(prompts, trainer("colocate", lambda _: {}["x"]))
    with pytest.raises(CxrError, match=r"from a prompt of \d+ tokens, and one of \d+ tokens would be scored"):
        rollouts(prompts, trainer("colocate", lambda prompts: prompts))


@pytest.mark.parametrize("family", FAMILIES)
def test_the_prompts_of_training_are_those_of_infer(films: Path, tiny_models: dict[str, Path], family: str) -> None:
    """By ids and by what the films become, and so by the likeliest text."""
    import torch
    from trl.data_utils import prepare_multimodal_messages

    from cxr_cli.engines import Sampling, Spec, open_engine
    from cxr_cli.engines.model_files import load_model, load_processor, locate
    from cxr_cli.engines.prompts.predictor import Predictor
    from cxr_cli.training.data.dataset import load_images, rl_example
    from tests.engines.conversations import generate

    model = str(tiny_models[family])
    films_of_job = make_job(films, tiny_models[family], films, max_pixels=7000).films
    rows = [json.loads(line) for line in (films / "steps.jsonl").read_text().splitlines()]
    sampling = Sampling(max_tokens=8)
    trained = []
    processor, network = load_processor(model), load_model(locate(model), None)
    for row in rows:
        example = rl_example(row, films_of_job, INSTRUCTION)
        prompt = prepare_multimodal_messages(example["prompt"], images=example["images"])
        inputs = processor.apply_chat_template(
            [prompt], add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt"
        )
        with torch.no_grad():
            sequences = network.generate(**inputs, max_new_tokens=8, do_sample=False)
        new = sequences[:, inputs["input_ids"].shape[1] :]
        trained += processor.batch_decode(new, skip_special_tokens=True)
    with open_engine(Spec(model, name="transformers", sampling=sampling, cached=False)) as engine:
        predictor = Predictor(engine, sampling, films_of_job)
        requests = [
            request for row in rows for request in next(predictor.conversation(row, load_images(row, films_of_job)))
        ]
        replies = {reply.id: reply.text for reply in generate(engine, requests)}
    assert [replies[request.id] for request in requests] == [
        text.rstrip("\N{REPLACEMENT CHARACTER}").strip() for text in trained
    ]

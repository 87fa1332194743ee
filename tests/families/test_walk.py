"""Every family trains, in full and as an adapter, by both stages; it is stopped and resumed, and answers."""

from pathlib import Path
from typing import Any

import pytest

from recipes.tiny_model import FAMILIES
from tests.conftest import needs
from tests.engines.conversations import generate
from tests.families.test_parts import LORA
from tests.families.test_requirements import shapes  # noqa: F401 - a fixture
from tests.training.small_trainings import check_resumed, rl, sft

pytestmark = needs("train")


@pytest.mark.slow
@pytest.mark.parametrize("lora", [None, LORA], ids=["full", "lora"])
@pytest.mark.parametrize("family", FAMILIES)
def test_it_trains_resumes_and_answers(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, family: str, lora: Any
) -> None:
    """Bit for bit; `cxr rl` goes on with what `cxr sft` made."""
    from cxr_cli.engines import Request, Sampling, Spec, open_engine

    check_resumed(sft, drawn, tiny_models[family], tmp_path / "sft", lora=lora)
    check_resumed(rl, drawn, tmp_path / "sft" / "whole", tmp_path / "rl", beta=0.1)
    trained = tmp_path / "rl" / "whole"
    weights = "adapter_model.safetensors" if lora else "model.safetensors"
    assert {weights, "processor_config.json", "training.json", "README.md"} <= {path.name for path in trained.iterdir()}
    spec = Spec(str(trained), "transformers", Sampling(max_tokens=3), cached=False)
    with open_engine(spec) as engine:
        [reply] = generate(engine, [Request("a", [{"role": "user", "content": "Is it?"}])])
    assert (reply.error, reply.completion_tokens is not None) == (None, True)


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_films_of_several_shapes_in_a_batch(
    shapes: Path,  # noqa: F811
    tiny_models: dict[str, Path],
    tmp_path: Path,
    family: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Rows with one film and with two, shuffled between the batches of a generation: what is sampled is what is
    scored, or the run would stop."""
    settings: dict[str, Any] = {"max_steps": 3, "max_pixels": 112 * 112}
    sft(shapes, tiny_models[family], tmp_path / "sft", **settings)
    rl(shapes, tiny_models[family], tmp_path / "rl", steps_per_generation=2, **settings)
    assert "sampler and trainer differ by" in capsys.readouterr().err

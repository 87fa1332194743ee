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

pytestmark = [needs("train"), pytest.mark.slow]
FILES = {"processor_config.json", "training.json", "README.md"}


@pytest.fixture(scope="module")
def few(shapes: Path) -> dict[str, Any]:  # noqa: F811
    """Settings for eight rows with one film or two, of four shapes."""
    rows = (shapes / "steps.jsonl").read_text().splitlines(keepends=True)
    (shapes / "few.jsonl").write_text("".join([*rows[:5], *[row for row in rows if "/temporal/" in row][:3]]))
    return {"sources": [str(shapes / "few.jsonl")], "max_pixels": 112 * 112}


@pytest.mark.parametrize("family", FAMILIES)
def test_it_trains_resumes_and_answers(
    shapes: Path,  # noqa: F811
    few: dict[str, Any],
    tiny_models: dict[str, Path],
    tmp_path: Path,
    family: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Bit for bit. `cxr rl` goes on with what `cxr sft` made, and shuffles rows between the batches of a generation:
    what is sampled is what is scored, or it would stop."""
    from cxr_cli.engines import Request, Sampling, Spec, open_engine

    check_resumed(sft, shapes, tiny_models[family], tmp_path / "sft", max_steps=2, **few)
    check_resumed(rl, shapes, tmp_path / "sft" / "whole", tmp_path / "rl", beta=0.1, steps_per_generation=2, **few)
    assert "sampler and trainer differ by" in capsys.readouterr().err
    sft(shapes, tiny_models[family], tmp_path / "taught", lora=LORA, max_steps=1, **few)
    rl(shapes, tmp_path / "taught", tmp_path / "adapter", max_steps=1, **few)
    files = {path.name for path in (tmp_path / "adapter").iterdir()}
    assert FILES | {"adapter_model.safetensors"} <= files
    assert FILES | {"model.safetensors"} <= {path.name for path in (tmp_path / "rl" / "whole").iterdir()}
    for model in (tmp_path / "rl" / "whole", tmp_path / "adapter"):
        spec = Spec(str(model), "transformers", Sampling(max_tokens=3), cached=False)
        with open_engine(spec) as engine:
            [reply] = generate(engine, [Request("a", [{"role": "user", "content": "Is it?"}])])
        assert (reply.error, reply.completion_tokens is not None) == (None, True)

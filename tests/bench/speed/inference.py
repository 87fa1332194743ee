"""`cxr infer` beside a bare loop of vLLM, and what five kills cost.

The first needs a vLLM in this Python: `build/vllm-cpu/bin/python -m tests.bench.speed.inference` after `make test-all`.
Needs none of the shared data.
"""

import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from cxr_cli.engines import Sampling, Spec, open_engine
from cxr_cli.engines.model_files import load_model, load_processor, locate
from cxr_cli.engines.prompts.predictor import Predictor
from cxr_cli.images import Films, Square, prefetch
from cxr_cli.records import Row
from cxr_cli.rows import FlowOptions
from cxr_cli.stages import infer as stage
from cxr_cli.stages.infer import InferOptions
from tests.engines.server import Server, text_of

QUESTIONS = int(os.environ.get("INFERENCE_QUESTIONS", "512"))
ROUNDS = int(os.environ.get("INFERENCE_ROUNDS", "3"))
TOKENS, SIDE, FILM = int(os.environ.get("INFERENCE_TOKENS", "256")), 224, 512
SETTINGS = {"enforce_eager": True, "max_model_len": 512, "gpu_memory_utilization": 0.3}
CXR = [sys.executable, "-m", "cxr_cli"]


def cases(folder: Path, count: int) -> list[Row]:
    """Questions about phantoms, their films in `folder`."""
    run = [*CXR, "phantom", "-n", str(count // 3), "-o", "phantoms", "--size", str(FILM), "--priors", "0"]
    subprocess.run(run, cwd=folder, check=True, stderr=subprocess.DEVNULL)
    mine = [*CXR, "mine", "phantoms/studies.jsonl", "--task", "binary", "--findings", "all"]
    mined = subprocess.run(mine, cwd=folder, check=True, capture_output=True).stdout.splitlines()
    return [json.loads(line) for line in mined[:: len(mined) // count][:count]]


Message = Mapping[str, Any]
Chat = Callable[[list[Sequence[Message]]], list[str]]
"""Asks a model without this tool: the texts of its replies to conversations, in their order."""


class Turn(NamedTuple):
    """Questions a second, of the model without this tool and of `cxr infer`, and the share of the same texts."""

    bare: float
    own: float
    same: float


def vllm_chat(model: str, tokens: int, settings: Mapping[str, Any]) -> Chat:
    """One `LLM.chat` over all."""
    from vllm import LLM, SamplingParams

    bare = LLM(model, **settings, disable_log_stats=True)
    drawn = SamplingParams(temperature=0, max_tokens=tokens)

    def chat(conversations: list[Sequence[Message]]) -> list[str]:
        replies = bare.chat(list(map(_for_vllm, conversations)), drawn, use_tqdm=False)
        return [reply.outputs[0].text for reply in replies]

    return chat


def batched_generate(model: str, tokens: int, batch: int) -> Chat:
    """`generate` of transformers over batches, in the order of the questions."""
    import torch

    network, processor = load_model(locate(model)), load_processor(model)
    processor.tokenizer.padding_side = "left"

    def answers(conversations: list[Sequence[Message]]) -> list[str]:
        texts = [processor.apply_chat_template(c, tokenize=False, add_generation_prompt=True) for c in conversations]
        images = [
            [part["image"] for m in c if not isinstance(m["content"], str) for part in m["content"] if "image" in part]
            for c in conversations
        ]
        inputs = processor(text=texts, images=images, padding=True, return_tensors="pt").to(network.device)
        with torch.no_grad():
            out = network.generate(**inputs, max_new_tokens=tokens, do_sample=False)
        completions = out[:, inputs["input_ids"].shape[1] :]
        texts = processor.batch_decode(completions, skip_special_tokens=True)
        return [text.rstrip("\N{REPLACEMENT CHARACTER}") for text in texts]  # cut off within a character, as vLLM does

    def chat(conversations: list[Sequence[Message]]) -> list[str]:
        starts = range(0, len(conversations), batch)
        return [text for start in starts for text in answers(conversations[start : start + batch])]

    return chat


def in_turns(chat: Chat, spec: Spec, parts: Sequence[list[Row]], films: Films, folder: Path) -> Iterator[Turn]:
    """A turn for each part of the rows but the first, which warms both up: the same model, the same questions,
    the engine started and the films decoded before."""
    stored = replace(films, cache=folder / "kept", workers=0)
    with open_engine(spec) as engine, patch.object(stage, "open_engine", lambda _: nullcontext(engine)):
        predictor = Predictor(engine, spec.sampling, films)

        def ask_bare(rows: list[Row]) -> tuple[float, dict[str, str]]:
            asked = [next(predictor.conversation(done.row, done.images or [])) for done in prefetch(rows, stored)]
            conversations = [request.messages for requests in asked for request in requests]
            start = time.perf_counter()
            texts = chat(conversations)
            return len(rows) / (time.perf_counter() - start), dict(zip((r["id"] for r in rows), texts, strict=True))

        def ask_own(rows: list[Row]) -> tuple[float, dict[str, str]]:
            (folder / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
            flow = FlowOptions([str(folder / "in.jsonl")], folder / "out.jsonl", overwrite=True)
            start = time.perf_counter()
            stage.run(InferOptions(flow, spec, stored))
            seconds = time.perf_counter() - start
            out = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
            return len(rows) / seconds, {row["id"]: row["predictions"][0]["text"] for row in out}

        for number, rows in enumerate(parts):
            bare, texts = ask_bare(rows)
            own, replies = ask_own(rows)
            if number:
                yield Turn(bare, own, sum(texts[id] == text for id, text in replies.items()) / len(rows))


def throughput(folder: Path) -> None:
    """`cxr infer` and `LLM.chat` in turns."""
    from recipes import tiny_model

    model = str(tiny_model.build(folder / "model"))
    rows = cases(folder, QUESTIONS * (ROUNDS + 1))  # other films in each round: neither has seen them before
    parts = [rows[n : n + QUESTIONS] for n in range(0, len(rows), QUESTIONS)]
    settings = SETTINGS | {"limit_mm_per_prompt": {"image": 1, "video": 0}}
    spec = Spec(model, "vllm", Sampling(0, 1, TOKENS), args=settings, cached=False)
    films, ratios = Films(folder / "phantoms", Square(SIDE)), []
    for turn in in_turns(vllm_chat(model, TOKENS, settings), spec, parts, films, folder):
        ratios.append(turn.own / turn.bare)
        print(
            f"LLM.chat {turn.bare:.1f}/s, cxr infer {turn.own:.1f}/s: {ratios[-1]:.1%}; {turn.same:.1%} of texts alike"
        )
    spread = f"{min(ratios):.1%} to {max(ratios):.1%}"
    print(f"{QUESTIONS} questions, {ROUNDS} rounds: median {statistics.median(ratios):.1%}, {spread} (bar 95%)")


def _for_vllm(messages: Sequence[Message]) -> list[dict[str, Any]]:
    def part(of: Any) -> dict[str, Any]:
        return {"type": "image_pil", "image_pil": of["image"]} if of["type"] == "image" else dict(of)

    return [
        {"role": m["role"], "content": m["content"] if isinstance(m["content"], str) else list(map(part, m["content"]))}
        for m in messages
    ]


def kills(folder: Path) -> None:
    """Five runs killed at random moments, a sixth to the end. What was asked again that had been answered?"""
    rows = cases(folder, QUESTIONS)
    for number, row in enumerate(rows):
        row["question"] += f" ({number})"  # so that the server can tell them apart
    (folder / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    draw = random.Random(0)
    environment = {**os.environ, "CXR_CACHE": str(folder / "cache")}
    with Server(lambda _: "<think>No.</think><answer>A</answer>", delay=0.1) as server:
        run = [*CXR, "infer", "in.jsonl", "-m", server.url, "--images", "phantoms", "-o", "out.jsonl"]
        run += ["--concurrency", "8", "--resume"]
        written, heard = [], []  # what is answered after a kill nobody hears
        for _ in range(5):
            begun = len(server.answered)
            process = subprocess.Popen(run, cwd=folder, env=environment, stderr=subprocess.DEVNULL)
            before = len(server.requests)
            while len(server.requests) == before and process.poll() is None:
                time.sleep(0.01)
            time.sleep(draw.uniform(0.1, 1.5))
            heard += server.answered[begun:]
            process.send_signal(signal.SIGKILL)
            process.wait()
            time.sleep(1)
            written.append(len(_ids(folder / "out.jsonl")))
        begun = len(server.answered)
        subprocess.run(run, cwd=folder, env=environment, check=True, stderr=subprocess.DEVNULL)
        heard += server.answered[begun:]
        ids = _ids(folder / "out.jsonl")
        answered = Counter(text_of(asked) for _, asked in heard)
    assert sorted(ids) == sorted(row["id"] for row in rows)
    again = sum(answered.values()) - len(answered)
    print(f"{len(rows)} questions, rows written at each kill: {written}")
    print(f"complete, {len(ids) - len(set(ids))} ids twice, {again} answered requests repeated (bar 0)")


def _ids(path: Path) -> list[str]:
    whole = path.read_bytes().rpartition(b"\n")[0] if path.exists() else b""
    return [json.loads(line)["id"] for line in whole.splitlines()]


def main() -> None:
    for figure in (kills, throughput):
        if figure is throughput and not find_spec("vllm"):
            print("throughput: no vLLM here; build/vllm-cpu/bin/python has one after `make test-all`")
            continue
        with tempfile.TemporaryDirectory() as folder:
            figure(Path(folder))


if __name__ == "__main__":
    main()

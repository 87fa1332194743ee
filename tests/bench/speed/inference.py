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
from contextlib import nullcontext
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cxr_cli.answers.replies import reply_format
from cxr_cli.engines import Request, Sampling, Spec, open_engine
from cxr_cli.engines.prompts import predictor
from cxr_cli.images import Films, Square, prefetch
from cxr_cli.rows import FlowOptions
from cxr_cli.stages import infer as stage
from cxr_cli.stages.infer import InferOptions
from tests.engines.conversations import generate
from tests.engines.server import Server, text_of

QUESTIONS = int(os.environ.get("INFERENCE_QUESTIONS", "512"))
ROUNDS = int(os.environ.get("INFERENCE_ROUNDS", "3"))
TOKENS, SIDE, FILM = int(os.environ.get("INFERENCE_TOKENS", "256")), 224, 512
SETTINGS = {"enforce_eager": True, "max_model_len": 512, "gpu_memory_utilization": 0.3}
CXR = [sys.executable, "-m", "cxr_cli"]


def cases(folder: Path, count: int) -> list[dict[str, Any]]:
    """Questions about phantoms, their films in `folder`."""
    run = [*CXR, "phantom", "-n", str(count // 3), "-o", "phantoms", "--size", str(FILM), "--priors", "0"]
    subprocess.run(run, cwd=folder, check=True, stderr=subprocess.DEVNULL)
    mine = [*CXR, "mine", "phantoms/studies.jsonl", "--task", "binary", "--findings", "all"]
    mined = subprocess.run(mine, cwd=folder, check=True, capture_output=True).stdout.splitlines()
    return [json.loads(line) for line in mined[:: len(mined) // count][:count]]


def throughput(folder: Path) -> None:
    """Questions a second of the same model with the same questions, in turns; engines started, films decoded before."""
    from vllm import LLM, SamplingParams

    from recipes import tiny_model

    model = str(tiny_model.build(folder / "model"))
    rows = cases(folder, QUESTIONS * (ROUNDS + 1))  # other films in each round: neither has seen them before
    parts = [rows[n : n + QUESTIONS] for n in range(0, len(rows), QUESTIONS)]
    limits = {"limit_mm_per_prompt": {"image": 1, "video": 0}}
    bare = LLM(model, **SETTINGS, **limits, disable_log_stats=True)
    drawn = SamplingParams(temperature=0, max_tokens=TOKENS)
    spec = Spec(model, "vllm", Sampling(0, 1, TOKENS), args={**SETTINGS, **limits}, cached=False)
    films = Films(folder / "phantoms", Square(SIDE))

    def chat(rows: list[dict[str, Any]]) -> tuple[float, dict[str, str]]:
        asked = [(done.row, done.images) for done in prefetch(rows, films)]
        conversations = [_for_vllm(predictor.DEFAULT_PROMPT.messages(p, **_places(row))) for row, p in asked]
        start = time.perf_counter()
        out = bare.chat(conversations, drawn, use_tqdm=False)
        seconds = time.perf_counter() - start
        return len(rows) / seconds, {row["id"]: o.outputs[0].text for (row, _), o in zip(asked, out, strict=True)}

    with open_engine(spec) as engine:
        list(generate(engine, [Request("warm", [{"role": "user", "content": "Hello"}])]))  # it is started by this
        stage.open_engine = lambda _: nullcontext(engine)

        def infer(rows: list[dict[str, Any]], read: Films) -> tuple[float, dict[str, str]]:
            (folder / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
            flow = FlowOptions([str(folder / "in.jsonl")], folder / "out.jsonl", overwrite=True)
            start = time.perf_counter()
            stage.run(InferOptions(flow, spec, read))
            seconds = time.perf_counter() - start
            out = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
            return len(rows) / seconds, {row["id"]: row["predictions"][0]["text"] for row in out}

        chat(parts[0])
        infer(parts[0], films)
        kept = replace(films, cache=folder / "kept", workers=0)
        ratios = []
        for rows in parts[1:]:
            list(prefetch(rows, kept))
            theirs, texts = chat(rows)
            ours, said = infer(rows, kept)
            same = sum(texts[id] == text for id, text in said.items())
            ratios.append(ours / theirs)
            print(
                f"LLM.chat {theirs:.1f}/s, cxr infer {ours:.1f}/s: {ours / theirs:.1%}; {same}/{len(rows)} same texts"
            )
        spread = f"{min(ratios):.1%} to {max(ratios):.1%}"
        print(f"{QUESTIONS} questions, {ROUNDS} rounds: median {statistics.median(ratios):.1%}, {spread} (bar 95%)")


def _places(row: dict[str, Any]) -> dict[str, str]:
    return {
        "ask": reply_format.prompt_text(row["question"], row.get("options") or []),
        "question": row["question"],
        "options": "",
        "instruction": reply_format.INSTRUCTION,
    }


def _for_vllm(messages: Any) -> list[dict[str, Any]]:
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

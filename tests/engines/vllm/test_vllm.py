"""Real vLLM on this machine's CPU, in the environment that `make test-all` builds."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from recipes import tiny_model
from tests.conftest import needs
from tests.engines.server import Server
from tests.training.processes.test_distributed import SHARE
from tests.training.small_trainings import ROLL, sft
from tests.vllm_cpu.serving import ENVIRONMENT, HOME, NEEDS_VLLM, PYTHON, RUN, serve

pytestmark = NEEDS_VLLM
SETTINGS: dict[str, Any] = {
    "enforce_eager": True,
    "max_model_len": 512,
    "max_num_seqs": 16,
    "limit_mm_per_prompt": {"image": 2},
    "distributed_executor_backend": "uni",
    "enable_chunked_prefill": False,  # on a CPU vLLM dies of a seeded prompt that is cut in chunks
}
SAMPLED = ["--samples", 2, "--temperature", 1, "--top-p", 0.9, "--seed", 3, "--max-tokens", 24, "--no-cache"]
ROWS = 64
SIZES = ((112, 112), (200, 90), (96, 240))
LANGUAGE = r".*language_model.*\.(q_proj|v_proj|down_proj)"
ALIKE = {"gemma3": 7, "qwen3_vl_moe": 8, "llava_onevision": 4}
"""How many of eight replies are the same as those of transformers at least. One of Gemma's ends within a character,
whose bytes the two decode differently. Half of the questions are on two films, of which vLLM cuts LLaVA-OneVision's
into tiles, as the model's processor does with a film alone."""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny model, an adapter that changes what it says, one that also changes what it sees, films and
    cases, two of which no model can answer."""
    folder = tmp_path_factory.mktemp("vllm")
    tiny_model.build(folder / "model")
    adapt(folder / "model", folder / "adapter", LANGUAGE)
    adapt(folder / "model", folder / "seeing", f"({LANGUAGE}|.*visual.*fc1)")
    noise = np.random.default_rng(0)
    for number in range(12):
        wide, high = SIZES[number % 3]
        Image.fromarray(noise.integers(0, 255, (high, wide), dtype=np.uint8)).save(folder / f"{number}.png")
    cases: list[dict[str, Any]] = [
        {"id": f"c{n}", "question": f"Is there edema in film {n}?", "options": ["Yes", "No"], "answer": "No"}
        | {"images": [f"{n % 12}.png", f"{n % 7}.png"][: 1 + n % 2]}
        for n in range(ROWS)
    ]
    cases[20] |= {"question": "Is there edema? " * 200}
    cases[40] |= {"images": ["0.png", "1.png", "2.png"]}
    (folder / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases))
    return folder


def adapt(model: Path, adapter: Path, modules: str) -> None:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForImageTextToText

    torch.manual_seed(1)
    base = AutoModelForImageTextToText.from_pretrained(model)
    config = LoraConfig(r=8, lora_alpha=64, target_modules=modules, init_lora_weights=False)
    get_peft_model(base, config).save_pretrained(adapter)


@pytest.fixture(scope="module")
def said(here: Path) -> dict[str, Any]:
    """What vLLM and transformers reply in one process."""
    command = [PYTHON, RUN, "ask", here, json.dumps(SETTINGS), *ALIKE]
    done = subprocess.run(command, cwd=HOME, env=ENVIRONMENT, capture_output=True, timeout=900)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def answers(here: Path) -> dict[str, dict[str, Any]]:
    """The answers of vLLM in the process, in a run that is killed once and resumed."""
    first = infer(here, PYTHON, "model", "in-process.jsonl", engine_args())
    until_written(here / "in-process.jsonl", first)
    assert engine_processes(here)
    first.kill()
    assert first.wait() == -signal.SIGKILL
    written = ids(here / "in-process.jsonl")
    assert 0 < len(written) < ROWS - 2
    for _ in range(100):
        if not engine_processes(here):
            break
        time.sleep(0.1)
    assert not engine_processes(here)
    again = infer(here, PYTHON, "model", "in-process.jsonl", [*engine_args(), "--resume"])
    out, err = again.communicate(timeout=900)
    assert again.returncode == 3, err
    assert out == ""
    noise = [line for line in err.splitlines() if not line.startswith("cxr: ")]
    assert all("Triton" in line for line in noise), err  # which a CPU has not
    assert not engine_processes(here)
    assert ids(here / "in-process.jsonl")[: len(written)] == written
    return {row["id"]: row for row in lines(here / "in-process.jsonl")}


def test_all_are_answered_and_bad_rows_take_none_along(here: Path, answers: dict[str, dict[str, Any]]) -> None:
    assert sorted(answers) == sorted(f"c{n}" for n in range(ROWS))
    assert len(ids(here / "in-process.jsonl")) == len(answers)
    reasons = {id: row["why"]["predictions"] for id, row in answers.items() if row["predictions"] is None}
    assert reasons == {
        "c20": "engine: longer than the model takes: --engine-arg max_model_len=N allows more, as far as the model can",
        "c40": "engine: more images than vLLM is set to: --engine-arg 'limit_mm_per_prompt={\"image\":N}'",
    }
    one, other = answers["c0"]["predictions"]
    assert one["text"] != other["text"]
    assert one["seed"] != other["seed"]
    assert "engine:vllm" in answers["c0"]["answered_by"]


def test_an_adapter_schemas_seeds_and_texts_without_films(said: dict[str, Any]) -> None:
    assert said["adapter"] != said["base"]
    same = sum(a == b for a, b in zip(said["adapter"], said["merged"], strict=True))
    assert same >= 0.75 * len(said["merged"])  # tiny models are torn by the last bit of a sum
    assert json.loads(said["schema"]).keys() == {"edema"}
    assert said["text"]
    assert said["drawn"] == said["drawn again"]
    assert len(set(said["drawn"])) > 1
    assert "vision" in said["seeing adapter"]
    assert "trust_remote_code" in said["remote code"]
    before, after = said["variables"]
    assert after == before  # this process's own environment


@pytest.mark.parametrize("family", ALIKE)
def test_a_family_answers_as_with_transformers(said: dict[str, Any], family: str) -> None:
    """Or it is reported that vLLM makes another prompt."""
    replies = said["families"][family]
    alike = [a == b for a, b in zip(replies["vllm"], replies["transformers"], strict=True)]
    assert sum(alike) >= ALIKE[family], replies
    assert len(replies["warnings"]) == (family == "llava_onevision")
    assert all("where a question has 2 films" in line for line in replies["warnings"])


@needs("llm")
def test_a_server_that_is_killed_and_comes_back(here: Path, answers: dict[str, dict[str, Any]]) -> None:
    """With another model behind it, so that it can be seen what is asked again."""
    arguments = ["--concurrency", 8, "--rejects", "served-rejects.jsonl", "--on-error", "skip"]
    limits = ["--max-model-len", "512", "--limit-mm-per-prompt", '{"image": 2, "video": 0}']
    with serve(here, "model", *limits) as (url, server):
        first = infer(here, Path(sys.executable), url, "served.jsonl", arguments)
        until_written(here / "served.jsonl", first, rows=12)
        os.killpg(server.pid, signal.SIGKILL)
        _, err = first.communicate(timeout=600)
        assert first.returncode in (3, 4), err
        assert "cannot be reached" in err
    written = {row["id"]: row for row in lines(here / "served.jsonl") if row["predictions"] is not None}
    assert 0 < len(written) < ROWS - 2
    with Server(lambda _: "again", models=("model",)) as later:
        again = infer(here, Path(sys.executable), later.url, "served.jsonl", [*arguments, "--resume"])
        _, err = again.communicate(timeout=900)
        assert again.returncode == 0, err
    rows = {row["id"]: row for row in lines(here / "served.jsonl")}
    assert len(ids(here / "served.jsonl")) == len(rows) == len(answers)
    assert {id for id, row in rows.items() if texts_of(row) == ["again", "again"]} == {*rows} - {*written}
    alike = sum(texts_of(rows[id]) == texts_of(answers[id]) for id in written)
    assert alike > 0.75 * len(written)  # the same seeds draw the same, there as here


def test_rollouts_follow_the_weights_that_are_trained(here: Path) -> None:
    """vLLM loads a model of `cxr sft` that names its weights differently in memory, and its log-probabilities equal the
    trainer's for the same tokens while the model learns."""
    (here / "letters.py").write_text(SHARE)
    sft(
        here,
        tiny_model.build(here / "untaught", "gemma3"),
        here / "sft",
        sources=[str(here / "cases.jsonl")],
        limit=16,
        max_steps=1,
    )
    settings = {**ROLL, "learning_rate": 3e-3, "max_steps": 4, "temperature": 1.0, "vllm_max_model_length": 512}
    settings |= {"rollouts": "vllm-colocate", "rewards": "[letters:share]"}
    sets = [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
    words = [str(PYTHON), str(RUN), "cxr", "rl", "cases.jsonl", "-m", "sft", "-o", "rl", "--limit", "16", *sets]
    done = subprocess.run(words, cwd=here, env=ENVIRONMENT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-3000:]
    logs = list(lines(here / "rl" / "history.jsonl"))[:-1]
    assert [log["step"] for log in logs] == [1, 2, 3, 4]
    assert any(log["grad_norm"] > 0 for log in logs[:-1])
    assert all(log["sampling/sampling_logp_difference/max"] < 0.1 for log in logs)
    # the tokens of films are forbidden to the sampler alone: of this small vocabulary they have one hundredth
    assert all(log["sampling/sampling_logp_difference/mean"] < 0.02 for log in logs)


def infer(here: Path, python: Path, model: str, out: str, arguments: list[Any]) -> subprocess.Popen[str]:
    command = [python, "-m", "cxr_cli", "infer", "cases.jsonl", "-m", model, "-o", out, *SAMPLED, *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        list(map(str, command)), cwd=here, env=ENVIRONMENT, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    )


def engine_args() -> list[str]:
    given = [f"{name}={json.dumps(value)}" for name, value in SETTINGS.items()]
    rejects = ["--on-error", "skip", "--rejects", "in-process-rejects.jsonl"]
    return ["--engine", "vllm", *rejects, *(part for text in given for part in ("--engine-arg", text))]


def until_written(path: Path, process: subprocess.Popen[str], rows: int = 4) -> None:
    """Waits until so many rows are there."""
    end = time.monotonic() + 900
    while not (path.exists() and path.read_bytes().count(b"\n") >= rows):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)


def engine_processes(here: Path) -> list[str]:
    """The processes of the project's engines that were started in this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            ours = b"\0CXR_ENGINE=" in (process / "environ").read_bytes()
            if ours and (process / "cwd").readlink() == here.resolve():
                found.append((process / "cmdline").read_text())
        except OSError:
            continue
    return found


def lines(path: Path) -> Iterator[dict[str, Any]]:
    return map(json.loads, path.read_text().splitlines())


def ids(path: Path) -> list[str]:
    return [row["id"] for row in lines(path)]


def texts_of(row: dict[str, Any]) -> list[str]:
    return [prediction["text"] for prediction in row["predictions"]]

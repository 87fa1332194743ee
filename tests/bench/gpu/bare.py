"""Inference and training beside the bare libraries, and the memory of a training beside its plan."""

import gc
import re
import shutil
import statistics
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from cxr_cli.engines import Sampling, Spec
from cxr_cli.images import Films, Square
from cxr_cli.rewards.reward_mix import select
from cxr_cli.training.data.dataset import check_payable, check_teachable
from cxr_cli.training.data.training_rows import read_training_data
from cxr_cli.training.logs.quiet_libraries import quiet_libraries
from cxr_cli.training.plan.plan import plan_rl, plan_sft
from tests.bench.gpu.big_model import build
from tests.bench.gpu.result import Result
from tests.bench.gpu.rounds import within
from tests.bench.gpu.scale import Scale
from tests.bench.speed import inference, training

GIB = 2**30


def infer(scale: Scale, folder: Path, seconds: float) -> Iterator[Result]:
    """`cxr infer` beside one `LLM.chat` over all, or beside `generate` of transformers where there is no vLLM."""
    model, work = str(build(folder / "model", scale.shape)), folder / "infer"
    work.mkdir()
    rows = inference.cases(work, scale.questions * (scale.rounds + 1))
    parts = [rows[n : n + scale.questions] for n in range(0, len(rows), scale.questions)]
    sampling, films = Sampling(0, 1, scale.tokens), Films(work / "phantoms", Square(scale.shape.side))
    if find_spec("vllm"):
        settings = {**inference.SETTINGS, "max_model_len": 2048, "limit_mm_per_prompt": {"image": 1, "video": 0}}
        spec = Spec(model, "vllm", sampling, args=settings, cached=False)
        chat, name = inference.vllm_chat(model, scale.tokens, settings), "LLM.chat"
    else:
        spec = Spec(model, "transformers", sampling, batch=scale.batch, cached=False)
        chat, name = inference.batched_generate(model, scale.tokens, scale.batch), "generate"
    turns = list(within(seconds, inference.in_turns(chat, spec, parts, films, work)))
    own, bare, same = (
        statistics.median(values) for values in zip(*((t.own, t.bare, t.same) for t in turns), strict=True)
    )
    ratio = statistics.median(turn.own / turn.bare for turn in turns)
    measured = (
        f"{ratio:.1%}, {len(turns)} rounds of {scale.questions}: {own:.3g} and {bare:.3g}/s; {same:.0%} same texts"
    )
    yield Result("infer", f"questions a second, cxr infer to {name}", measured, ">= 95 %", ratio >= 0.95)


def _train(stage: str, scale: Scale, folder: Path, seconds: float) -> Iterator[Result]:
    """`cxr sft` or `cxr rl` beside TRL's own trainer, in turns, and the most memory that it takes beside its plan."""
    import torch

    model, work = build(folder / "model", scale.shape), folder / stage
    work.mkdir()
    rows, settings = training.cases(work), scale.sft if stage == "sft" else scale.rl
    trial = training.Trial(stage, model, work, settings, scale.steps[stage], scale.shape.side)
    gpu, ratios, peak = torch.cuda.is_available(), [], 0

    def measure() -> Iterator[tuple[training.Timed, training.Timed]]:
        nonlocal peak
        for number in range(scale.rounds):
            bare = training.trl_run(trial, rows, work / f"trl-{number}")
            _release()
            before = torch.cuda.memory_allocated() if gpu else 0
            own = training.cxr_run(trial, work / f"cxr-{number}", select([]))
            peak = max(peak, torch.cuda.max_memory_allocated() - before) if gpu else 0
            _release()
            for name in ("trl", "cxr"):
                shutil.rmtree(work / f"{name}-{number}", ignore_errors=True)  # 9 GB each
            yield bare, own

    with quiet_libraries():
        for bare, own in within(seconds, measure()):
            ratios.append(own.speed / bare.speed)
    ratio = statistics.median(ratios)
    measured = f"{ratio:.1%}, {len(ratios)} rounds: {own.speed:.3g} and {bare.speed:.3g}/s in the last; "
    measured += f"loss {own.loss:.4g} and {bare.loss:.4g}"
    yield Result(stage, f"steps a second, cxr {stage} to TRL", measured, ">= 97 %", ratio >= 0.97)
    planned = _planned_memory(trial)
    measured, near = f"the plan says {planned:.1f} GiB; no GPU", None
    if gpu:
        measured, near = f"{peak / GIB:.1f} GiB, the plan says {planned:.1f}", abs(planned * GIB / peak - 1) <= 0.15
    yield Result(stage, "peak memory to the plan of --dry-run", measured, "within 15 %", near)


sft, rl = partial(_train, "sft"), partial(_train, "rl")


def _release() -> None:
    """Frees the memory of the last training, and begins to look for the most that the next one takes."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def _planned_memory(trial: training.Trial) -> float:
    """GiB."""
    job = training.job_of(trial, trial.folder / "planned")
    if trial.stage == "sft":
        plan = plan_sft(job, read_training_data(job, check_teachable))
    else:
        plan = plan_rl(job, read_training_data(job, check_payable), select([]))
    found = re.search(r"about ([\d.]+) GiB a process", plan)
    assert found
    return float(found[1])

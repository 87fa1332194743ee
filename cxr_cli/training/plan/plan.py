"""`--dry-run`: everything that can be checked without a GPU, and what the training will be."""

import math
from typing import Any

from cxr_cli.engines.predictor import check_askable
from cxr_cli.errors import CxrError
from cxr_cli.rewards.selection import RewardMix
from cxr_cli.training import rl, run, sft
from cxr_cli.training.data.dataset import Mixture, missing_films
from cxr_cli.training.plan.lengths import Counter, longest
from cxr_cli.training.plan.memory import Sizes, estimate, sizes_of
from cxr_cli.training.run import Job

SAMPLE = 64  # rows whose films are opened and whose tokens are counted


def plan_sft(job: Job, gpus: int, nodes: int) -> str:
    """The plan of `cxr sft`. Raises CxrError for what would stop it."""
    from trl import SFTConfig

    args = run.arguments(job, SFTConfig, sft.DEFAULTS)
    data = run.mixture(job, sft.usable)
    model, sizes = sizes_of(job)
    prompts, completions, room = _tokens(job, data, teach=True)
    each, accumulated, processes = args.per_device_train_batch_size, args.gradient_accumulation_steps, gpus * nodes
    batch = each * accumulated * processes
    most = max(a + b for a, b in zip(prompts, completions, strict=True))
    usual = f"{_middle(prompts)} prompt + {_middle(completions)} taught"
    return "\n".join(
        [
            *_head(job, model, sizes, data),
            _row("batch", f"{batch} = {each} a process x {accumulated} accumulated x {processes} processes"),
            _row("steps", _steps(args, len(data), batch)),
            _row("tokens a row", f"{usual}, {most} at most, of {room:,}"),
            _row("memory", estimate(job, args, sizes, processes, most * each, generating=False)),
        ]
    )


def plan_rl(job: Job, chosen: RewardMix, gpus: int, nodes: int) -> str:
    """The plan of `cxr rl`. Raises CxrError for what would stop it."""
    from trl import GRPOConfig

    rollouts, (weights, by_step) = rl.rollouts_of(job.settings), rl.credited(job.settings, chosen)
    args = run.arguments(job, GRPOConfig, {**rl.DEFAULTS, "reward_weights": weights})
    data = run.mixture(job, check_askable)
    model, sizes = sizes_of(job)
    prompts, _, room = _tokens(job, data, teach=False, answer=args.max_completion_length)
    each, processes, samples = args.per_device_train_batch_size, gpus * nodes, args.num_generations
    completions = each * args.gradient_accumulation_steps * processes
    if completions % samples:
        raise CxrError(f"{completions} completions a step are no multiple of num_generations {samples}")
    most = max(prompts) + args.max_completion_length
    weighed = [f"{name} x {weight:g}" for name, weight in zip(chosen.functions, weights, strict=True) if weight]
    weighed += [f"factuality x {by_step:g} by step"] if by_step else []
    useless = [name for name, count in _applies(data, chosen).items() if not count]
    batch = f"{completions // samples} prompts x {samples} samples, {processes} processes"
    return "\n".join(
        [
            *_head(job, model, sizes, data),
            _row("rewards", ", ".join(weighed)),
            *(_row("", f"{name} applies to none of the rows looked at") for name in useless),
            _row("batch", f"{completions} completions = {batch}"),
            _row("steps", f"{_steps(args, len(data), completions // samples)}, KL {args.beta:g}, {args.loss_type}"),
            _row("rollouts", f"{rollouts}, at most {args.max_completion_length} tokens"),
            _row("tokens a row", f"{_middle(prompts)} prompt, {most} at most, of {room:,}"),
            _row("memory", estimate(job, args, sizes, processes, most * each, generating=True)),
        ]
    )


def _steps(args: Any, rows: int, batch: int) -> str:
    """`150 by max_steps (0.6 epochs), ..` or `4,100 (5 epochs), ..`"""
    if args.max_steps > 0:
        count = f"{args.max_steps:,} by max_steps ({args.max_steps * batch / rows:.3g} epochs)"
    else:
        count = f"{math.ceil(math.ceil(rows / batch) * args.num_train_epochs):,} ({args.num_train_epochs:.3g} epochs)"
    return f"{count}, learning rate {args.learning_rate:g}"


def _row(name: str, text: str) -> str:
    return f"{name:14}{text}"


def _middle(values: list[int]) -> int:
    return sorted(values)[len(values) // 2]


def _head(job: Job, model: str, sizes: Sizes, data: Mixture) -> list[str]:
    kind = f"LoRA r {job.settings['lora']['r']}" if job.settings.get("lora") else "full weights"
    frozen = ", vision tower frozen" if job.settings.get("freeze_vision") else ""
    share = f"{sizes.trained / 1e6:,.1f} of {sizes.parameters / 1e6:,.1f} million parameters"
    mixed = (
        ""
        if job.weights is None
        else ", " + " and ".join(f"{w:g} {s}" for s, w in zip(job.sources, job.weights, strict=True))
    )
    return [
        _row("model", model),
        _row("training", f"{kind}{frozen}: {share}"),
        _row("rows", f"{len(data):,}{mixed}"),
    ]


def _tokens(job: Job, data: Mixture, *, teach: bool, answer: int = 0) -> tuple[list[int], list[int], int]:
    """Prompt and completion tokens of rows spread evenly and of the longest, and how many the model takes. Raises
    CxrError for a row that is too long or whose film cannot be read."""
    if missing := missing_films(data, job.root):
        raise CxrError(f"{missing[0]}, and {len(missing) - 1} rows more are without a film")
    counter = Counter(job, teach=teach, answer=answer)
    rows = [data[index] for index in range(0, len(data), max(1, len(data) // SAMPLE))]
    counted = [counter.count(row) for row in [*rows, *longest(data)]]
    return [asked for asked, _ in counted], [taught for _, taught in counted], counter.room


def _applies(data: Mixture, chosen: RewardMix) -> dict[str, int]:
    """How many of some rows each reward applies to."""
    rows = [data[i] for i in range(0, len(data), max(1, len(data) // SAMPLE))]
    paid = chosen.pay([""] * len(rows), {"case": rows})
    return {name: int((values == values).sum()) for name, values in paid.items()}

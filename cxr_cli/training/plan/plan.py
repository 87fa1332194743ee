"""`--dry-run`: checks everything that needs no GPU and describes the training."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from cxr_cli.engines.vllm.engine_arguments import check_installed
from cxr_cli.errors import CxrError
from cxr_cli.rewards.reward_mix import RewardMix
from cxr_cli.training import rl, sft
from cxr_cli.training.data.dataset import missing_films
from cxr_cli.training.data.row_store import Mixture, sample_of
from cxr_cli.training.data.special_tokens import check_special_tokens
from cxr_cli.training.data.token_counts import TokenCount, TokenCounter, longest_rows
from cxr_cli.training.data.training_rows import TrainingData
from cxr_cli.training.plan.memory import Sizes, estimate, sizes_of
from cxr_cli.training.plan.schedule import check_schedule
from cxr_cli.training.processes import distributed
from cxr_cli.training.settings.defaults import RL_DEFAULTS
from cxr_cli.training.settings.job import Job
from cxr_cli.training.settings.names import Settings
from cxr_cli.training.settings.trainer_arguments import trainer_arguments


def plan_sft(job: Job, training_data: TrainingData) -> str:
    """The plan of `cxr sft`. Raises CxrError for what would stop it."""
    from trl import SFTConfig

    data = training_data.rows
    model, sizes = sizes_of(job)  # before there are arguments, which let DeepSpeed's ZeRO-3 make every model
    arguments = trainer_arguments(job, SFTConfig, sft.sft_defaults(job))
    counts, context_length = _token_counts(job, training_data, supervised=True)
    per_device, accumulation = arguments.per_device_train_batch_size, arguments.gradient_accumulation_steps
    processes = distributed.process_count(job.gpus, job.nodes)
    batch = per_device * accumulation * processes
    longest = max(map(sum, counts))
    tokens = f"{_median_prompt(counts)} prompt + {_median([count.completion for count in counts])} taught"
    return "\n".join(
        [
            *_head(job, model, sizes, training_data),
            _plan_line(
                "batch", f"{batch} = {per_device} a process x {accumulation} accumulated x {processes} processes"
            ),
            _plan_line("steps", _step_count(arguments, _steps_an_epoch(arguments, len(data), processes))),
            _plan_line("tokens a row", f"{tokens}, {longest} at most, of {context_length:,}"),
            _plan_line("memory", estimate(job, arguments, sizes, processes, longest * per_device, generating=False)),
        ]
    )


def plan_rl(job: Job, training_data: TrainingData, rewards: RewardMix) -> str:
    """The plan of `cxr rl`. Raises CxrError for what would stop it."""
    from trl import GRPOConfig

    rollouts, weights = rl.rollout_backend(job.settings), rl.reward_weights(job.settings, rewards)
    if rollouts != "transformers":
        check_installed()
    data = training_data.rows
    model, sizes = sizes_of(job)
    processes = distributed.process_count(job.gpus, job.nodes)
    _check_generation(job.settings, processes)
    arguments = trainer_arguments(
        job, _of_processes(GRPOConfig, processes), {**RL_DEFAULTS, "reward_weights": weights.completion}
    )
    max_completion, samples = arguments.max_completion_length, arguments.num_generations
    counts, context_length = _token_counts(job, training_data, supervised=False, max_completion=max_completion)
    per_device = arguments.per_device_train_batch_size
    completions = per_device * arguments.gradient_accumulation_steps * processes
    prompts, longest = completions / samples, max(count.prompt for count in counts) + max_completion
    steps = f"{_rl_step_count(arguments, len(data), processes)}, KL {arguments.beta:g}, {arguments.loss_type}"
    return "\n".join(
        [
            *_head(job, model, sizes, training_data),
            *_reward_lines(rewards, weights, data),
            _plan_line(
                "batch",
                f"{completions} completions = {prompts:g} prompts x {samples} samples, {processes} processes",
            ),
            _plan_line("steps", steps),
            _plan_line("rollouts", f"{rollouts}, at most {max_completion} tokens"),
            _plan_line("tokens a row", f"{_median_prompt(counts)} prompt, {longest} at most, of {context_length:,}"),
            _plan_line("memory", estimate(job, arguments, sizes, processes, longest * per_device, generating=True)),
        ]
    )


def _check_generation(settings: Settings, processes: int) -> None:
    """Raises CxrError if the completions that are sampled at once are not those of whole prompts."""
    per_device = settings.get("per_device_train_batch_size", RL_DEFAULTS["per_device_train_batch_size"])
    samples = settings.get("num_generations", RL_DEFAULTS["num_generations"])
    accumulated = settings.get("steps_per_generation") or settings.get("gradient_accumulation_steps", 1)
    batch, of_generation = per_device * processes, settings.get("generation_batch_size")
    if of_generation and of_generation % batch:
        raise CxrError(f"generation_batch_size {of_generation} is no multiple of the {batch} completions of a batch")
    completions = of_generation or batch * accumulated
    if completions % samples:
        factors = f"{per_device} a process x {processes} processes x {accumulated} batches"
        raise CxrError(
            f"num_generations {samples}: a generation has {completions} completions"
            f"{'' if of_generation else f' ({factors})'}, which are no whole prompts: it takes a multiple of {samples}"
        )


def _of_processes(config_class: type, processes: int) -> type:
    """The class of arguments as the processes of the training will make them; this one plans for all of them."""
    return type(config_class.__name__, (config_class,), {"world_size": property(lambda _: processes)})


def _reward_lines(rewards: RewardMix, weights: rl.RewardWeights, data: Mixture) -> Iterator[str]:
    """The rewards with their weights, and a line for each that does not apply to a sample of the rows."""
    pairs = zip(rewards.functions, weights.completion, strict=True)
    names = [f"{name} x {weight:g}" for name, weight in pairs if weight]
    names += [f"factuality x {weights.step:g} by step"] if weights.step else []
    yield _plan_line("rewards", ", ".join(names))
    rows = sample_of(data)
    paid = rewards.pay([""] * len(rows), {"case": rows})
    without = [name for name, values in paid.items() if np.isnan(values).all()]
    if all(name in without or not weight for name, weight in zip(rewards.functions, rewards.weights, strict=True)):
        raise CxrError(f"none of the rewards applies to any of the rows looked at: {', '.join(without)}")
    yield from (_plan_line("", f"{name} applies to none of the rows looked at") for name in without)


def _steps_an_epoch(arguments: Any, rows: int, processes: int) -> int:
    """Steps of the optimizer in an epoch of SFT. CxrError: with `dataloader_drop_last` there is no whole batch."""
    a_batch: int = arguments.per_device_train_batch_size * processes
    batches = rows // a_batch if arguments.dataloader_drop_last else math.ceil(rows / a_batch)
    if not batches:
        raise CxrError(f"dataloader_drop_last: a batch takes {a_batch} rows, and there are {rows}: lower the batch")
    accumulated: int = arguments.gradient_accumulation_steps
    return math.ceil(batches / accumulated)


def _step_count(arguments: Any, steps_an_epoch: int) -> str:
    """ "150 by max_steps (0.6 epochs), learning rate 1e-06", or "4,100 (5 epochs), learning rate 1e-06". Raises
    CxrError for a learning rate that is none."""
    if arguments.max_steps > 0:
        steps = arguments.max_steps
        count = f"{steps:,} by max_steps ({steps / steps_an_epoch:.3g} epochs)"
    else:
        epochs = arguments.num_train_epochs
        steps = math.ceil(steps_an_epoch * epochs)
        count = f"{steps:,} ({epochs:.3g} epochs)"
    check_schedule(arguments, max(1, steps))
    _check_evaluation(arguments, steps, steps / steps_an_epoch)
    return f"{count}, learning rate {arguments.learning_rate:g}"


def _check_evaluation(arguments: Any, steps: int, epochs: float) -> None:
    """Raises CxrError if the training ends before its first evaluation."""
    if arguments.eval_strategy == "no" or arguments.eval_on_start:
        return
    if arguments.eval_strategy == "steps" and (every := arguments.eval_steps) > steps:
        raise CxrError(
            f"eval_steps {every:g}: the training has {steps:,} steps, so it would never be evaluated: lower it"
        )
    if arguments.eval_delay > (steps if arguments.eval_strategy == "steps" else epochs):
        raise CxrError(f"eval_delay {arguments.eval_delay:g}: the training ends before: lower it")


def _rl_step_count(arguments: Any, rows: int, processes: int) -> str:
    """The same for GRPO, which leaves out the prompts of an epoch that are too few for a generation. CxrError: all of
    them are."""
    prompts = rl.prompts_a_generation(arguments, processes, rows)
    batches_an_epoch = rows // prompts * arguments.steps_per_generation * arguments.num_iterations
    count = _step_count(arguments, math.ceil(batches_an_epoch / arguments.gradient_accumulation_steps))
    left_over = rows % prompts
    return f"{count}{f', {left_over} rows of an epoch left over' if left_over else ''}"


def _head(job: Job, model: str, sizes: Sizes, data: TrainingData) -> list[str]:
    weights = f"LoRA r {job.settings['lora']['r']}" if job.settings.get("lora") else "full weights"
    frozen = ", vision tower frozen" if job.settings.get("freeze_vision") else ""
    share = f"{sizes.trainable / 1e6:,.1f} of {sizes.parameters / 1e6:,.1f} million parameters"
    rows = f"{len(data.rows):,}"
    if job.weights is not None:
        mixed = (f"{weight:g} {source}" for source, weight in zip(job.sources, job.weights, strict=True))
        rows += f", {' and '.join(mixed)}"
    if data.left_out:
        rows += f"; {data.left_out:,} left out, as a model failed to write their steps"
    return [_plan_line("model", model), _plan_line("training", f"{weights}{frozen}: {share}"), _plan_line("rows", rows)]


def _token_counts(
    job: Job, data: TrainingData, *, supervised: bool, max_completion: int = 0
) -> tuple[list[TokenCount], float]:
    """The token counts of a sample of the rows and of the longest, and the model's context length. Raises CxrError for
    a row that is too long or whose film cannot be read."""
    counter = TokenCounter(job, supervised=supervised, max_completion=max_completion)
    for rows in (data.rows, *([data.held_out] if data.held_out else ())):
        if missing := missing_films(rows, job.root):
            more = f", and {len(missing) - 1:,} more" if missing[1:] else ""
            hint = "" if job.root else "; --images FOLDER names the folder that their paths start from"
            raise CxrError(f"{missing[0]}{more}{hint}")
        check_special_tokens(rows, counter.processor, job.instruction)
    for row in longest_rows(data.held_out) if data.held_out else ():
        counter.count(row)
    return [counter.count(row) for row in [*sample_of(data.rows), *longest_rows(data.rows)]], counter.context_length


def _median_prompt(counts: Sequence[TokenCount]) -> int:
    return _median([count.prompt for count in counts])


def _median(values: Sequence[int]) -> int:
    return sorted(values)[len(values) // 2]


def _plan_line(name: str, text: str) -> str:
    return f"{name:14}{text}"

"""`--dry-run`: checks everything that needs no GPU and describes the training."""

from collections.abc import Iterator, Sequence

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
from cxr_cli.training.plan.schedule import rl_step_count, sft_step_count
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
            _plan_line("steps", sft_step_count(arguments, len(data), processes)),
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
    steps = f"{rl_step_count(arguments, len(data), processes)}, KL {arguments.beta:g}, {arguments.loss_type}"
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


def _head(job: Job, model: str, sizes: Sizes, data: TrainingData) -> list[str]:
    weights = f"LoRA r {job.settings['lora']['r']}" if job.settings.get("lora") else "full weights"
    frozen = ", vision tower frozen" if job.settings.get("freeze_vision") else ""
    share = f"{sizes.trainable / 1e6:,.1f} of {sizes.parameters / 1e6:,.1f} million parameters"
    rows = f"{len(data.rows):,}"
    if job.weights is not None:
        mixed = (f"{weight:g} {source}" for source, weight in zip(job.sources, job.weights, strict=True))
        rows += f", {' and '.join(mixed)}"
    if without_steps := sum(part.without_steps for part in data.rows.parts):
        rows += f", {without_steps:,} without steps"
    if data.left_out:
        rows += f"; {data.left_out:,} left out, as their steps are null"
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

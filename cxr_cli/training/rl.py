"""`cxr rl`: GRPO with process rewards by TRL's GRPOTrainer."""

from collections.abc import Callable
from contextlib import nullcontext
from functools import wraps
from typing import Any, NamedTuple

from cxr_cli.engines.model_files import film_tokens, reply_opening
from cxr_cli.engines.vllm.engine_arguments import QUIET, check_installed
from cxr_cli.environment import environment
from cxr_cli.errors import CxrError
from cxr_cli.rewards.functions import statement_metrics
from cxr_cli.rewards.reward_mix import RewardMix
from cxr_cli.rows import note
from cxr_cli.training import models
from cxr_cli.training.data.dataset import lazy_dataset, rl_example
from cxr_cli.training.data.token_counts import FILM_COUNTS
from cxr_cli.training.data.training_rows import TrainingData
from cxr_cli.training.logs.quiet_libraries import no_rows_in_logs
from cxr_cli.training.loop import run_trainer
from cxr_cli.training.model_card import write_model_card
from cxr_cli.training.processes import distributed
from cxr_cli.training.settings.defaults import MAX_SAMPLER_GAP, RL_DEFAULTS
from cxr_cli.training.settings.job import Job
from cxr_cli.training.settings.names import ROLLOUTS, Settings
from cxr_cli.training.settings.trainer_arguments import settings_errors, trainer_arguments


class RewardWeights(NamedTuple):
    """completion: the weight of each reward of whole completions, in their order. step: the weight of factuality if it
    is paid sentence by sentence, else 0."""

    completion: list[float]
    step: float


def train(job: Job, data: TrainingData, rewards: RewardMix) -> None:
    """Trains `job.model` on the rows' prompts and fills `job.out`. Raises CxrError."""
    rollouts = rollout_backend(job.settings)
    by_vllm, deepspeed = rollouts != "transformers", bool(job.settings.get("deepspeed"))
    if by_vllm:
        check_installed()
    quiet = {**QUIET, "TRL_EXPERIMENTAL_SILENCE": "1"} if by_vllm else {}  # a `rollout_func` may change in TRL
    with environment(quiet), no_rows_in_logs(), distributed.rendezvous(deepspeed=deepspeed):
        _train_rl(job, data, rewards, rollouts)


def _train_rl(job: Job, data: TrainingData, rewards: RewardMix, rollouts: str) -> None:
    from trl import GRPOConfig, GRPOTrainer

    from cxr_cli.training.checkpoint_callbacks import Resumable
    from cxr_cli.training.grpo.epoch_sampler import EpochSampler
    from cxr_cli.training.grpo.film_counts import FilmCounts
    from cxr_cli.training.grpo.openings import with_opening
    from cxr_cli.training.grpo.sampler_check import SamplerCheck
    from cxr_cli.training.grpo.step_credit import StepCredit
    from cxr_cli.training.grpo.vllm_rollouts import VllmRollouts, vllm_errors
    from cxr_cli.training.grpo.vllm_weights import send_as_saved
    from cxr_cli.training.logs.completion_log import CompletionLog
    from cxr_cli.training.logs.log_callback import LogCallback

    weights = reward_weights(job.settings, rewards)
    arguments = trainer_arguments(
        job, GRPOConfig, {**RL_DEFAULTS, **ROLLOUTS[rollouts], "reward_weights": weights.completion}
    )
    model, processor, lora = models.load_trainable(job.model, job.settings)
    mixins: list[type] = [StepCredit] if weights.step else []
    mixins += [FilmCounts] if FILM_COUNTS in processor.model_input_names else []

    class Trainer(Resumable, *mixins, GRPOTrainer):  # type: ignore[misc]
        """TRL's trainer, with checkpoints that restore everything and, if it is asked for, credit by the sentence."""

        step_weight = weights.step

        def _get_train_sampler(self, dataset: Any = None) -> EpochSampler:
            return EpochSampler(super()._get_train_sampler(dataset), self.args.seed)

    processor.tokenizer.padding_side = "left"  # TRL pads token types as the tokenizer does, and prompts on the left
    arguments.generation_kwargs = forbid_film_tokens(processor, model.config, vllm=arguments.use_vllm)
    sampler_check = SamplerCheck(job.settings.get("max_sampler_gap", MAX_SAMPLER_GAP), arguments.temperature)
    callbacks: list[Any] = [LogCallback(job.out), sampler_check]
    functions = rewards.functions
    if job.settings.get("log_completions"):
        callbacks.append(completions := CompletionLog(job.out))
        functions = completions.logged(functions)
    first, *others = with_opening(functions, reply_opening(processor)).values()
    with vllm_errors() if arguments.use_vllm else nullcontext(), settings_errors():
        trainer: Any = Trainer(
            model=model,
            args=arguments,
            reward_funcs=[_with_statement_metrics(first), *others],
            train_dataset=lazy_dataset(data.rows, rl_example, job),
            processing_class=processor,
            peft_config=lora,
            callbacks=callbacks,
            rollout_func=VllmRollouts(processor, sampler_check.take_samples) if arguments.use_vllm else None,
        )
    if arguments.use_vllm:
        send_as_saved(trainer.vllm_generation)
    _report_left_over(arguments, len(data.rows))
    batches = arguments.steps_per_generation * arguments.num_iterations  # that a generation lasts
    run_trainer(trainer, job, lambda: trainer._step % batches == 0)
    write_model_card(job, "rl", trainer, data.rows)


def prompts_a_generation(arguments: Any, processes: int, rows: int) -> int:
    """How many prompts GRPO takes at once; of an epoch it leaves out those that are too few for that. CxrError: all of
    the rows are, and there would be no step."""
    prompts: int = (
        arguments.per_device_train_batch_size * processes * arguments.steps_per_generation // arguments.num_generations
    )
    if rows < prompts:
        raise CxrError(f"one generation takes {prompts} prompts, and there are {rows} rows: lower the batch")
    return prompts


def _report_left_over(arguments: Any, rows: int) -> None:
    prompts = prompts_a_generation(arguments, arguments.world_size, rows)
    if (left_over := rows % prompts) and not distributed.rank():
        note(f"{left_over} of {rows} prompts are left over in each epoch: a generation takes {prompts}")


def rollout_backend(settings: Settings) -> str:
    """Which of ROLLOUTS generates the completions."""
    return settings.get("rollouts") or "transformers"


def reward_weights(settings: Settings, rewards: RewardMix) -> RewardWeights:
    """The weights of `--reward`; `credit: step` moves that of factuality from completions to sentences. Raises
    CxrError."""
    if settings.get("credit") != "step":
        return RewardWeights(rewards.weights, 0.0)
    by_name = dict(zip(rewards.functions, rewards.weights, strict=True))
    if not by_name.get("factuality"):
        raise CxrError("credit: step pays factuality by step: it needs --reward factuality with a weight above 0")
    return RewardWeights([*(by_name | {"factuality": 0.0}).values()], by_name["factuality"])


def forbid_film_tokens(processor: Any, config: Any, *, vllm: bool) -> dict[str, Any]:
    """Generation arguments that keep the tokens of films out of completions: such a token would be read as one more
    film, and stop the training."""
    tokens = film_tokens(processor, config)
    return {"logit_bias": dict.fromkeys(tokens, -100.0)} if vllm else {"suppress_tokens": tokens}


def _with_statement_metrics(reward: Callable[..., Any]) -> Callable[..., Any]:
    """The reward; each call also logs sensitivity, specificity and the number of statements."""

    @wraps(reward)
    def logged(*, completions: Any, log_metric: Callable[[str, float], None], **columns: Any) -> Any:
        for name, value in statement_metrics(completions, **columns).items():
            log_metric(name, value)
        return reward(completions=completions, log_metric=log_metric, **columns)

    return logged

"""`cxr rl`: GRPO with process rewards, by TRL's GRPOTrainer."""

import logging
import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any

from cxr_cli.engines.predictor import check_askable
from cxr_cli.engines.vllm.engine import check_installed, quieten
from cxr_cli.errors import CxrError
from cxr_cli.rewards.functions import statement_metrics
from cxr_cli.rewards.selection import RewardMix
from cxr_cli.training import distributed, models, run
from cxr_cli.training.config import Settings
from cxr_cli.training.data.dataset import lazy, rl_example
from cxr_cli.training.plan import lengths
from cxr_cli.training.run import Job

DEFAULTS = {
    "learning_rate": 5e-7,  # as in the paper
    "beta": 0.001,  # weight of the KL divergence from the model that it starts from
    "num_generations": 8,
    "per_device_train_batch_size": 8,
    "max_completion_length": 1024,
    "multi_objective_aggregation": "normalize_then_sum",  # (1, 0) and (0, 1) are not the same
}
CREDITS = ("completion", "step")
ROLLOUTS: dict[str, dict[str, Any]] = {
    "transformers": {},
    "vllm-colocate": {"use_vllm": True, "vllm_mode": "colocate"},
    "vllm-server": {"use_vllm": True, "vllm_mode": "server"},
}


def train(job: Job, rewards: RewardMix) -> None:
    """Trains `job.model` on the rows' prompts and fills `job.out`. Raises CxrError."""
    rollouts = rollouts_of(job.settings)
    if rollouts != "transformers":
        _prepare_vllm()
    from trl import GRPOConfig, GRPOTrainer

    from cxr_cli.training.checkpoints import Resumable
    from cxr_cli.training.credit import StepCredit
    from cxr_cli.training.logs.log_callback import Watcher

    weights, by_step = credited(job.settings, rewards)
    credit = (StepCredit,) if by_step else ()

    class Trainer(Resumable, *credit, GRPOTrainer):  # type: ignore[misc]
        """TRL's, that resumes truly."""

        step_weight = by_step

    distributed.prepare(bool(job.settings.get("deepspeed")))
    logging.getLogger("trl.trainer.grpo_trainer").addFilter(_quotes_no_row)
    data = run.mixture(job, check_askable)
    defaults = {**DEFAULTS, **ROLLOUTS[rollouts], "reward_weights": weights}
    args = run.arguments(job, GRPOConfig, defaults)
    model, processor, lora = models.load(job.model, job.settings)
    lengths.check_longest(job, data, processor, teach=False, answer=args.max_completion_length)
    processor.tokenizer.padding_side = "left"  # TRL pads token types as the tokenizer does, and prompts on the left
    args.generation_kwargs = {**_no_films(model.config, vllm=args.use_vllm), **(args.generation_kwargs or {})}
    functions = list(rewards.functions.values())
    trainer: Any = Trainer(
        model=model,
        args=args,
        reward_funcs=[_observed(functions[0]), *functions[1:]],
        train_dataset=lazy(data, rl_example, job.films),
        processing_class=processor,
        peft_config=lora,
        callbacks=[Watcher(job.out)],
    )
    run.train(trainer, job)
    run.describe(job, "rl", trainer, data)


def rollouts_of(settings: Settings) -> str:
    """How completions are generated. Raises CxrError for a way that is not known."""
    name: str = settings.get("rollouts", "transformers")
    if name not in ROLLOUTS:
        raise CxrError(f"rollouts: {name} is none of {', '.join(ROLLOUTS)}")
    return name


def credited(settings: Settings, rewards: RewardMix) -> tuple[list[float], float]:
    """The rewards' weights for whole completions, and that of single steps, 0 for none. Raises CxrError.

    With `credit: step` the weight of `factuality` goes to the steps, and it is paid to completions no more.
    """
    credit = settings.get("credit", CREDITS[0])
    if credit not in CREDITS:
        raise CxrError(f"credit: {credit} is none of {', '.join(CREDITS)}")
    if credit == "completion":
        return rewards.weights, 0.0
    if "factuality" not in rewards.functions:
        raise CxrError("credit: step pays factuality by step; it takes --reward .. factuality")
    named = dict(zip(rewards.functions, rewards.weights, strict=True))
    return [*(named | {"factuality": 0.0}).values()], named["factuality"]


def _prepare_vllm() -> None:
    check_installed()
    quieten()
    warnings.filterwarnings("once", message="TRL currently supports vLLM")  # not at each import of TRL's


def _no_films(config: Any, *, vllm: bool) -> dict[str, Any]:
    """A completion that held the token of a film would be read as one more film, and stop the training."""
    names = ("image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id")
    tokens = [token for name in names if (token := getattr(config, name, None)) is not None]
    return {"logit_bias": dict.fromkeys(tokens, -100.0)} if vllm else {"suppress_tokens": tokens}


def _observed(reward: Callable[..., Any]) -> Callable[..., Any]:
    """The reward, with sensitivity, specificity and the number of statements logged beside it."""

    @wraps(reward)
    def observed(*, completions: Any, log_metric: Callable[[str, float], None], **columns: Any) -> Any:
        for name, value in statement_metrics(completions, **columns).items():
            log_metric(name, value)
        return reward(completions=completions, log_metric=log_metric, **columns)

    return observed


def _quotes_no_row(record: logging.LogRecord) -> bool:
    """TRL prints a whole row, its report too, when all of its rewards are None."""
    return not str(record.msg).startswith("All reward functions returned None")

"""The steps of a training and its learning rate at each, before it begins."""

import math
from collections.abc import Iterator
from typing import Any

from cxr_cli.errors import CxrError, library_message
from cxr_cli.training.rl import prompts_a_generation

_LOOKED_AT = 1000  # steps of a long training
_HIGHEST = 100  # times the learning rate


def sft_step_count(arguments: Any, rows: int, processes: int) -> str:
    """Steps of the optimizer: "150 by max_steps (0.6 epochs), learning rate 1e-06", or "4,100 (5 epochs), learning rate
    1e-06". CxrError: with `dataloader_drop_last` there is no whole batch, the learning rate is none, or the training
    ends before its first evaluation."""
    a_batch: int = arguments.per_device_train_batch_size * processes
    batches = rows // a_batch if arguments.dataloader_drop_last else math.ceil(rows / a_batch)
    if not batches:
        raise CxrError(f"dataloader_drop_last: a batch takes {a_batch} rows, and there are {rows}: lower the batch")
    return _step_count(arguments, batches)


def rl_step_count(arguments: Any, rows: int, processes: int) -> str:
    """The same for GRPO, which leaves out the prompts of an epoch that are too few for a generation. CxrError: all of
    them are."""
    prompts = prompts_a_generation(arguments, processes, rows)
    count = _step_count(arguments, rows // prompts * arguments.steps_per_generation * arguments.num_iterations)
    left_over = rows % prompts
    return f"{count}{f', {left_over} rows of an epoch left over' if left_over else ''}"


def _step_count(arguments: Any, batches: int) -> str:
    """batches: of a process, in an epoch."""
    steps_an_epoch = math.ceil(batches / arguments.gradient_accumulation_steps)
    if arguments.max_steps > 0:
        steps = arguments.max_steps
        count = f"{steps:,} by max_steps ({steps / steps_an_epoch:.3g} epochs)"
    else:
        epochs = arguments.num_train_epochs
        steps = math.ceil(steps_an_epoch * epochs)
        count = f"{steps:,} ({epochs:.3g} epochs)"
    _check_schedule(arguments, max(1, steps))
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


def _check_schedule(arguments: Any, steps: int) -> None:
    """Raises CxrError if the learning rate would still be rising when the training ends, is negative, infinite or no
    number at a step, or cannot be computed.

    steps: of the optimizer, in all.
    """
    schedule = getattr(arguments.lr_scheduler_type, "value", arguments.lr_scheduler_type)
    if schedule != "constant" and arguments.get_warmup_steps(steps) >= steps:
        raise CxrError(
            f"warmup_steps {arguments.warmup_steps:g}: the warm-up takes all steps, and there are {steps:,}: lower it"
        )
    try:
        wrong = next((step for step, factor in _factors(arguments, steps) if not 0 <= factor <= _HIGHEST), None)
    except (ValueError, TypeError, NotImplementedError, ArithmeticError) as error:
        raise CxrError(f"lr_scheduler_kwargs: {schedule}: {library_message(error)}") from error
    if wrong is not None:
        raise CxrError(f"lr_scheduler_kwargs: {schedule}: the learning rate would be out of range at step {wrong:,}")


def _factors(arguments: Any, steps: int) -> Iterator[tuple[int, float]]:
    """(step, what the learning rate is multiplied with); nothing for a schedule that depends on the evaluation."""
    import torch
    from transformers import get_scheduler

    scheduler = get_scheduler(
        arguments.lr_scheduler_type,
        torch.optim.SGD([torch.zeros(1)], lr=arguments.learning_rate),
        arguments.get_warmup_steps(steps),
        steps,
        dict(arguments.lr_scheduler_kwargs or {}),
    )
    for factor in getattr(scheduler, "lr_lambdas", ()):
        for step in range(0, steps, max(1, steps // _LOOKED_AT)):
            yield step, factor(step)

"""The learning rate of a training, step by step, before it begins."""

from collections.abc import Iterator
from typing import Any

from cxr_cli.errors import CxrError, library_message

_LOOKED_AT = 1000  # steps of a long training
_HIGHEST = 100  # times the learning rate


def check_schedule(arguments: Any, steps: int) -> None:
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

"""Rewards for reinforcement learning, by the code of the metrics: what pays in training is what is scored.

Each is a plain function of TRL's shape: completions and, by name, a list for each column of the data set; out comes a
number from 0 to 1 for each completion, or None where a reward does not apply, such as `process` without a report.

    trl grpo --reward_funcs cxr_cli.rewards.format cxr_cli.rewards.accuracy cxr_cli.rewards.process ..

Columns: `question`, `options`, `answer`, `task`, `findings`, `report`, `steps`, as rows have them, or one column `case`
with whole rows, as objects or as JSON.
"""

from cxr_cli.rewards.functions import (
    accuracy,
    completeness,
    consistency,
    effectiveness,
    factuality,
    format,
    length,
    process,
    using,
)

REWARDS = {
    function.__name__: function
    for function in (format, accuracy, process, factuality, completeness, effectiveness, consistency, length)
}
DEFAULT = {"format": 1.0, "accuracy": 1.0, "process": 2.0, "consistency": 1.0}

__all__ = ["DEFAULT", "REWARDS", "using", *REWARDS]

"""The rewards, by name, and those that `cxr rl` pays by default, with their weights."""

from cxr_cli.registry import Registry

REWARDS = Registry(
    {
        "format": "cxr_cli.rewards.functions:format",
        "accuracy": "cxr_cli.rewards.functions:accuracy",
        "process": "cxr_cli.rewards.functions:process",
        "factuality": "cxr_cli.rewards.functions:factuality",
        "completeness": "cxr_cli.rewards.functions:completeness",
        "effectiveness": "cxr_cli.rewards.functions:effectiveness",
        "consistency": "cxr_cli.rewards.functions:consistency",
        "length": "cxr_cli.rewards.functions:length",
    }
)
DEFAULT_WEIGHTS = {"format": 1.0, "accuracy": 1.0, "process": 2.0, "consistency": 1.0}
"""The rewards that `cxr rl` pays if it is given none, and their weights."""

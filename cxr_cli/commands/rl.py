"""`cxr rl`."""

from typing import TYPE_CHECKING

import click

from cxr_cli import options
from cxr_cli.options import training

if TYPE_CHECKING:
    from cxr_cli.stages.rl import RlOptions


@click.command()
@options.Bundle(
    "settings",
    "cxr_cli.stages.rl:RlOptions",
    training.training,
    *training.rl_flags,
    options.unmentioned,
    options.lexicon,
)
def rl(settings: "RlOptions") -> None:
    """Train a fine-tuned model further by reinforcement learning (GRPO).

    \b
    cxr mine examples | cxr rl - --audit

    Reads cases with `question`, `options`, `answer`, `images`, `report` and `steps`, as far as the rewards need them.
    Process rewards score the statements of the reasoning. Settings are those of TRL's GRPOConfig, and: size,
    max_pixels, lora, freeze_vision, deepspeed, rewards, rollouts. --audit ends with exit code 1 if a cheat earns as
    much as the honest chains.

    \b
    cxr rl steps.jsonl -m sft/ -o rl/ --config recipes/qwen2-vl-7b/rl.yaml --gpus 8
    cxr rl steps.jsonl -m sft/ -o rl/ --reward format:1 --reward my_module:my_reward:0.5
    """
    from cxr_cli.stages.rl import run

    run(settings)

"""`cxr rl`."""

from typing import TYPE_CHECKING

import click

from cxr_cli import options
from cxr_cli.rewards import DEFAULT, REWARDS
from cxr_cli.training.settings.config import ROLLOUTS

if TYPE_CHECKING:
    from cxr_cli.stages.rl import RlOptions


@click.command()
@options.Bundle(
    "settings",
    "cxr_cli.stages.rl:RlOptions",
    options.training,
    click.option(
        "--reward",
        "rewards",
        multiple=True,
        metavar="NAME[:WEIGHT]",
        help=f"{' '.join(REWARDS)}, or my_module:function; repeatable."
        f"  [default: {' '.join(f'{name}:{weight:g}' for name, weight in DEFAULT.items())}]",
    ),
    click.option(
        "--audit",
        is_flag=True,
        help="Do not train: print what the rewards pay for the chains in INPUT, and for cheats.",
    ),
    click.option(
        "--filter-variance",
        "samples",
        type=click.IntRange(2),
        metavar="K",
        help="Train only on prompts whose K answers get different rewards.",
    ),
    click.option(
        "--rollouts",
        type=click.Choice(ROLLOUTS),
        help="How completions are generated.  [default: transformers]",
    ),
    options.unmentioned,
    options.lexicon,
)
def rl(settings: "RlOptions") -> None:
    """Train a fine-tuned model further by reinforcement learning (GRPO).

    \b
    cxr mine examples | cxr rl - --audit

    Reads cases with `question`, `options`, `answer`, `images`, `report` and `steps`, as far as the rewards need them.
    Process rewards score the statements of the reasoning. Settings are those of TRL's GRPOConfig, and: size,
    max_pixels, lora, freeze_vision, deepspeed, rewards, rollouts. --audit ends with exit code 1 if a cheat is paid as
    well as the chains.

    \b
    cxr rl steps.jsonl -m sft/ -o rl/ --config recipes/qwen2-vl-7b/rl.yaml --gpus 8
    cxr rl steps.jsonl -m sft/ -o rl/ --reward format:1 --reward my_module:my_reward:0.5
    """
    from cxr_cli.stages.rl import run

    run(settings)

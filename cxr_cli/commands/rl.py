"""`cxr rl`."""

from dataclasses import replace

import click

from cxr_cli import options
from cxr_cli.findings.agreement import Unmentioned
from cxr_cli.rewards import DEFAULT, REWARDS
from cxr_cli.training.settings.job import TrainingOptions


@click.command()
@options.training
@click.option(
    "--reward",
    "rewards",
    multiple=True,
    metavar="NAME[:WEIGHT]",
    help=f"{' '.join(REWARDS)}, or my_module:function; repeatable."
    f"  [default: {' '.join(f'{name}:{weight:g}' for name, weight in DEFAULT.items())}]",
)
@click.option(
    "--audit", is_flag=True, help="No training: what the rewards pay for the chains in INPUT, and for cheats."
)
@click.option(
    "--filter-variance", "samples", type=click.IntRange(2), metavar="K", help="Of K answers the pay must vary."
)
@click.option(
    "--rollouts",
    type=click.Choice(["transformers", "vllm-colocate", "vllm-server"]),
    help="How completions are generated.  [default: transformers]",
)
@options.unmentioned
@options.lexicon
def rl(
    training: TrainingOptions,
    rewards: tuple[str, ...],
    audit: bool,
    samples: int | None,
    rollouts: str | None,
    unmentioned: Unmentioned,
    lexicon: str | None,
) -> None:
    """Reinforcement learning with process rewards, from a fine-tuned model: GRPO.

    \b
    cxr mine examples | cxr rl - --audit

    Reads cases with `question`, `options`, `answer`, `images`, `report` and `steps`, as far as the rewards need them.
    Settings are those of TRL's GRPOConfig, and: size, max_pixels, lora, freeze_vision, deepspeed, rewards, rollouts.
    --audit ends with exit code 1 if a cheat is paid as well as the chains.

    \b
    cxr rl steps.jsonl -m sft/ -o rl/ --config recipes/qwen2-vl-7b/rl.yaml --gpus 8
    cxr rl steps.jsonl -m sft/ -o rl/ --reward format:1 --reward my_module:my_reward:0.5
    """
    from cxr_cli.stages import rl

    if audit:
        rl.audit(
            training.inputs,
            rewards=rewards,
            unmentioned=unmentioned,
            lexicon=lexicon,
            mapping=training.mapping,
            limit=training.limit,
        )
        return
    if rollouts:
        training = replace(training, sets=(*training.sets, f"rollouts={rollouts}"))
    rl.run(training, rewards=rewards, samples=samples, unmentioned=unmentioned, lexicon=lexicon)

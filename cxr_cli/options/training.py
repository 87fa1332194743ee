"""How a model is trained: the flags of `cxr sft` and `cxr rl`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cxr_cli.options.bundle import Bundle
from cxr_cli.options.films import root
from cxr_cli.options.flow import mapping
from cxr_cli.options.values import file_names
from cxr_cli.rewards.reward_table import DEFAULT_WEIGHTS, REWARDS
from cxr_cli.rows import claim_stdout
from cxr_cli.training.settings.names import ROLLOUTS

if TYPE_CHECKING:
    from cxr_cli.training.settings.job import TrainingOptions


def _make_options(
    inputs: tuple[str, ...],
    model: str | None,
    out: Path | None,
    config: str | None,
    sets: tuple[str, ...],
    root: Path | None,
    mapping: dict[str, list[str]],
    limit: int | None,
    report_to: str | None,
    resume: bool,
    overwrite: bool,
    gpus: int,
    nodes: int,
    dry_run: bool,
    answers_only: str,
) -> "TrainingOptions":
    from cxr_cli.training.settings.job import TrainingOptions

    if sys.stdout is not None:
        claim_stdout()
    if resume and overwrite:
        raise click.UsageError("--resume continues OUT and --overwrite replaces it: give one of them.")
    if report_to:
        sets += (f"report_to={report_to}",)
    where = (inputs, model, out, config, sets, root, mapping, limit)
    return TrainingOptions(
        *where,
        resume=resume,
        overwrite=overwrite,
        gpus=gpus,
        nodes=nodes,
        dry_run=dry_run,
        keep_answers_only=answers_only == "keep",
    )


training = Bundle(
    "training",
    _make_options,
    click.argument("inputs", nargs=-1, metavar="[INPUT]...", shell_complete=file_names),
    click.option(
        "-m",
        "--model",
        metavar="MODEL",
        shell_complete=file_names,
        help="The model to train: a folder or a Hugging Face name.",
    ),
    click.option(
        "-o", "--out", type=click.Path(path_type=Path), metavar="OUT", help="The folder for the trained model."
    ),
    click.option(
        "--config", type=click.Path(exists=True, dir_okay=False), metavar="FILE", help="A YAML file of settings."
    ),
    click.option(
        "--set", "sets", multiple=True, metavar="NAME=VALUE", help="Set NAME, overriding --config; repeatable."
    ),
    root,
    mapping,
    click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Read at most N rows of each file."),
    click.option(
        "--report-to",
        type=click.Choice(["tensorboard", "wandb", "none"]),
        help="Where to send logs, besides OUT/history.jsonl.  [default: none]",
    ),
    click.option("--resume", is_flag=True, help="Continue OUT from its last checkpoint, if there is one."),
    click.option("--overwrite", is_flag=True, help="Replace OUT if it exists."),
    click.option("--gpus", type=click.IntRange(1), default=1, show_default=True, help="GPUs (processes) on each node."),
    click.option(
        "--nodes", type=click.IntRange(1), default=1, show_default=True, help="Number of nodes, this one included."
    ),
    click.option("--dry-run", is_flag=True, help="Check everything, print the plan, train nothing; needs no GPU."),
    click.option(
        "--answers-only",
        type=click.Choice(["skip", "keep"]),
        default="skip",
        show_default=True,
        help="Rows that should have steps and have none: leave them out, or train on their answers alone.",
    ),
)
rl_flags = (
    click.option(
        "--reward",
        "rewards",
        multiple=True,
        metavar="NAME[:WEIGHT]",
        help=f"{' '.join(REWARDS)}, my_module:function, or a metric of `cxr score --metric`; repeatable."
        f"  [default: {' '.join(f'{name}:{weight:g}' for name, weight in DEFAULT_WEIGHTS.items())}]",
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
        help="What generates the completions.  [default: transformers]",
    ),
)

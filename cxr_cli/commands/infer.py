"""`cxr infer`."""

from typing import TYPE_CHECKING

import click

from cxr_cli import options

if TYPE_CHECKING:
    from cxr_cli.stages.infer import InferOptions


@click.command()
@options.Bundle(
    "settings",
    "cxr_cli.stages.infer:InferOptions",
    options.flow(),
    options.engine(required=True),
    options.films,
    click.option(
        "--samples", type=click.IntRange(1), default=1, show_default=True, help="Number of replies to each case."
    ),
    click.option(
        "--seed",
        type=click.IntRange(0),
        default=0,
        show_default=True,
        help="Seed of sampling; each reply depends on it, on the row's id and on the sample's number.",
    ),
    click.option("--vote", is_flag=True, help="Add `vote`: the answer that most samples give, and their share."),
    options.prompt_file,
    options.instruction,
    click.option("--task", type=click.Choice(["report"]), help="Ask rows without a question for the film's report."),
)
def infer(settings: "InferOptions") -> None:
    """Ask a vision-language model the questions of cases.

    \b
    cxr phantom -n 2 -o test/ && cxr mine test/studies.jsonl | cxr infer -m Qwen/Qwen2-VL-2B-Instruct --images test/

    Reads cases with `question` and `images` (for temporal questions the films of the `prior` come first). Adds
    `predictions`, each with text, reasoning and answer, and `answered_by`. Repeats come from the cache (`cxr cache`).

    \b
    cxr infer test.jsonl -m Qwen/Qwen2-VL-7B-Instruct | cxr score --summary
    cxr infer test.jsonl -m sft/ --images /data/mimic-cxr -o answers.jsonl --resume
    cxr infer test.jsonl -m http://localhost:8000/v1 --samples 8 --temperature 1 --vote -o answers.jsonl
    cxr infer studies.jsonl -m rl/ --task report | cxr score --findings
    cxr infer test.jsonl -m rl/ --shard $SLURM_ARRAY_TASK_ID/16 -o part-$SLURM_ARRAY_TASK_ID.jsonl
    """
    if settings.samples > 1 and not settings.engine.sampling.temperature:
        raise click.UsageError("--samples N would all be the same at temperature 0: add --temperature 1.")
    if settings.vote and settings.samples == 1:
        raise click.UsageError("--vote needs more than one sample: add --samples N.")
    from cxr_cli.stages.infer import run

    options.exit_if_incomplete(run(settings))

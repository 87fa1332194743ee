"""The flags that commands share, as decorators. Each hands the command one object:

@click.command()
@options.flow()
@options.engine(required=True)
@options.films
@click.option("--seed", ...)
def infer(flow: FlowOptions, engine: Spec, films: Films, seed: int) -> None: ...

The flags of one stage stand in the module that is named for its room: `options.mining`, `options.scoring`.
"""

from typing import get_args

import click

from cxr_cli.answers.replies.reply_format import INSTRUCTION
from cxr_cli.engines import Spec
from cxr_cli.options.bundle import Bundle
from cxr_cli.options.engine import engine
from cxr_cli.options.films import films
from cxr_cli.options.flow import exit_if_incomplete, flow
from cxr_cli.options.judge import check_judges, judge, show_prompt
from cxr_cli.records import DialogueForm, Unmentioned
from cxr_cli.worker_processes import MOST_JOBS

__all__ = [
    "Bundle",
    "check_jobs",
    "check_judges",
    "engine",
    "exit_if_incomplete",
    "films",
    "flow",
    "instruction",
    "jobs",
    "judge",
    "lexicon",
    "prompt_file",
    "show_prompt",
    "to",
    "unmentioned",
]


def _not_blank(context: click.Context, parameter: click.Parameter, text: str | None) -> str | None:
    if text is not None and not text.strip():
        raise click.BadParameter("it is blank; a --prompt FILE without {instruction} asks without one")
    return text


prompt_file = click.option(
    "--prompt",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="Your own prompt: a text with {ask}, or {question} and {options}; a line --- ends the system prompt.",
)
instruction = click.option(
    "--instruction",
    metavar="TEXT",
    callback=_not_blank,
    help="What to write below the question, or for {instruction} in --prompt.  [default: what the model was trained "
    f'with, if its folder says it, else that of the published checkpoints: "{INSTRUCTION}"]',
)
to = click.option(
    "--to",
    type=click.Choice(get_args(DialogueForm)),
    help="Write questions as other trainers read them: `messages` (ms-swift, most others) or `conversations` (LLaVA).",
)
unmentioned = click.option(
    "--unmentioned",
    type=click.Choice(get_args(Unmentioned)),
    default="normal",
    show_default=True,
    help="What a finding that the report does not mention counts as: absent (as in the paper), or unknown.",
)
jobs = click.option(
    "--jobs",
    type=click.IntRange(0, MOST_JOBS),
    default=1,
    show_default=True,
    metavar="N",
    help="Work in N processes, or with 0 in one a core; rows and their order stay the same. Not with -m.",
)


def check_jobs(jobs: int, engine: Spec | None) -> None:
    """UsageError for several processes where a model does the work."""
    if jobs != 1 and engine is not None:
        raise click.UsageError("--jobs is for work by rules; for requests to a model there is --concurrency.")


lexicon = click.option(
    "--lexicon",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="Your own lexicon (.toml); it extends and overrides the packaged one.",
)

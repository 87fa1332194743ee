"""The `cxr` command: knows the name and the help line of each stage, and loads a stage only when it runs."""

import importlib
import os
import sys
import traceback
from pathlib import Path

import click

from cxr_cli.errors import CxrError

COMMANDS = {  # name -> help; the command is `name` in cxr_cli/commands/name.py
    "mine": "Reports -> questions with reasoning steps.",
    "verify": "Keep only the steps that the report supports.",
    "sft": "Fine-tune a vision-language model on verified steps.",
    "rl": "Reinforcement learning with process rewards: GRPO.",
    "infer": "What a vision-language model answers to cases.",
    "score": "RadRScore, accuracy and report metrics of what a model said.",
    "view": "One page to look at rows, and to mark their steps.",
    "phantom": "Draw chest X-rays with reports: data that needs no licence.",
    "card": "A data card: counts, a plot, and what the splits share.",
    "cache": "What models have answered, so that nothing is asked twice.",
}


class Stages(click.Group):
    """A group whose commands are imported when they run, not when their names are listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f"cxr_cli.commands.{name}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Stages"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Stages, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="cxr-cli", prog_name="cxr")
def cxr() -> None:
    """Everyday radiology reports -> verified reasoning steps -> scores.

    \b
    cxr mine | cxr verify > steps.jsonl
    cxr score answers.jsonl --summary

    Rows are JSON objects, one a line. Every stage adds keys and removes none.
    """


def main(command: click.Command = cxr) -> None:
    """Exit codes. 0: done; 1: an error, said in one line; 2: wrong usage; 3: done, with rows rejected; 130: Ctrl-C."""
    try:
        code = _run(command)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:  # `| head -1` has seen enough
        code = 0
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is still to be flushed at exit goes nowhere
    sys.exit(code)


def _run(command: click.Command) -> int:
    try:
        with command.make_context("cxr", sys.argv[1:]) as context:
            command.invoke(context)
        return 0
    except click.exceptions.Exit as exit:
        return exit.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return _fail("interrupted", 130)
    except CxrError as error:
        return _fail(str(error), 1)
    except BrokenPipeError:
        raise
    except OSError as error:
        return _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error).partition("\n")[0], 1)
    except Exception as error:  # a bug; its message could quote a report
        if os.environ.get("CXR_TRACEBACK"):
            raise
        at = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(at.filename).name}:{at.lineno}"
        hint = "CXR_TRACEBACK=1 shows more, which may quote your data"
        return _fail(f"internal error: {type(error).__name__} at {where}; {hint}", 1)


def _fail(message: str, code: int) -> int:
    click.echo(f"cxr: {message}", err=True)
    return code

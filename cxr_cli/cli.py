"""The `cxr` command: knows the name and the help line of each stage, and loads a stage only when it runs."""

import gc
import importlib
import os
import signal
import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import click
from click.shell_completion import CompletionItem, shell_complete

from cxr_cli import termination
from cxr_cli.errors import CxrError, enable_notes, one_line
from cxr_cli.suggestions import did_you_mean
from cxr_cli.version import __version__

COMMANDS = {  # name -> help; the command is `name` in cxr_cli/commands/name.py
    "mine": "Turn reports into questions with reasoning steps.",
    "label": "Label reports with the findings that they state.",
    "verify": "Keep only the steps that the report supports.",
    "sft": "Fine-tune a vision-language model on verified steps.",
    "rl": "Train a model further by GRPO with process rewards.",
    "infer": "Ask a vision-language model the questions of cases.",
    "score": "Score a model's answers, reasoning (RadRScore) and reports.",
    "merge": "Join what the shards of a run have written.",
    "view": "Write a page to look at rows and to mark their steps.",
    "phantom": "Draw chest X-rays with reports: data that needs no licence.",
    "card": "Write a data card: counts, a plot, and what the splits share.",
    "cache": "Show or delete the cached replies of models.",
}
COMPLETE = "_CXR_COMPLETE"  # click's: set by a shell that asks for completions; `bash_source` asks for its script
_ALLOCATED = 50_000  # objects between two searches for cyclic garbage


def _clicks_suggestion(word: str, names: Iterable[str]) -> str:
    """In click's words for options: ` Did you mean 'score'?`, or "" when no name is close."""
    return did_you_mean(word, names, " Did you mean {!r}?".format)


class SuggestingChoice(click.Choice[Any]):
    """Names the choice that is closest to a misspelt one. repeatable: may the option be given several times?"""

    def __init__(self, choices: Iterable[Any], case_sensitive: bool, repeatable: bool) -> None:
        super().__init__(choices, case_sensitive)
        self.repeatable = repeatable

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        several = self.repeatable and set(str(value).split(",")) <= set(map(str, self.choices))
        hint = (
            " Give the option once for each value."
            if several
            else _clicks_suggestion(str(value), map(str, self.choices))
        )
        return super().get_invalid_choice_message(value, ctx) + hint


class Stages(click.Group):
    """A group whose commands are imported when they run, not when their names are listed or completed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f"cxr_cli.commands.{name}"), name)
        for parameter in command.params:
            if isinstance(kind := parameter.type, click.Choice):
                parameter.type = SuggestingChoice(kind.choices, kind.case_sensitive, parameter.multiple)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if not (ctx.resilient_parsing or args[0] in COMMANDS or args[0].startswith("-")):
            ctx.fail(f"No such command {args[0]!r}.{_clicks_suggestion(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        names = [CompletionItem(name, help=help) for name, help in COMMANDS.items() if name.startswith(incomplete)]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Stages"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Stages, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="cxr")
def cxr() -> None:
    """Everyday radiology reports -> verified reasoning steps -> scores.

    \b
    cxr mine examples | cxr verify > steps.jsonl
    cxr score examples/answers.jsonl --summary

    Rows are JSON objects, one a line. Every stage adds keys and removes none.
    """


def main(command: click.Command = cxr) -> None:
    """Exit codes. 0: done; 1: an error, in one line; 2: wrong usage; 3: done, but rows failed or were
    rejected; 4: stopped, since an engine kept failing; 130: Ctrl-C."""
    _set_up()
    try:
        code = _exit_code(command)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:  # `| head -1` has seen enough
        code = 0
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is still to be flushed at exit goes nowhere
    sys.exit(code)


class _AfterPolars:
    """The import of polars makes a blocked read or write outlast Ctrl-C: this finder undoes that right after it."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != "polars":
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_and_undo(module: ModuleType) -> None:
                execute(module)
                signal.siginterrupt(signal.SIGINT, True)

            spec.loader.exec_module = execute_and_undo  # type: ignore[method-assign]
        return spec


def _set_up() -> None:
    """Settings of the process. They are made here alone: a program that imports `cxr_cli` has its own."""
    enable_notes()
    gc.set_threshold(_ALLOCATED)  # rows make no cyclic garbage, and the search for it takes a tenth of the time
    for number in termination.SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:  # `nohup` has SIGHUP ignored
            signal.signal(number, termination.handle)
    signal.siginterrupt(signal.SIGINT, True)
    sys.meta_path.insert(0, _AfterPolars())


def _exit_code(command: click.Command) -> int:
    try:
        if instruction := os.environ.get(COMPLETE):
            return shell_complete(command, {}, "cxr", COMPLETE, instruction)
        with command.make_context("cxr", sys.argv[1:]) as context:
            command.invoke(context)
        return 0
    except click.exceptions.Exit as exit:
        return exit.exit_code
    except click.ClickException as error:
        message = one_line(error.format_message())
        error.format_message = lambda: message  # type: ignore[method-assign]
        error.show()
        return error.exit_code
    except termination.Terminated as error:
        return _fail(str(error), error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        return _fail("interrupted", 130)
    except CxrError as error:
        return _fail(str(error), error.exit_code)
    except BrokenPipeError:
        raise
    except MemoryError:
        return _fail("out of memory: an input is too large for this machine, or is far larger once it is unpacked", 1)
    except OSError as error:
        name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else None
        return _fail(f"{name}: {error.strerror}" if name else str(error).partition("\n")[0], 1)
    except Exception as error:  # a bug; its message could quote a report
        if isinstance(error, UnicodeEncodeError) and not " ".join(sys.argv).isprintable():
            return _fail("a name on the command line is not UTF-8: it cannot be written into a row or a page", 1)
        if os.environ.get("CXR_TRACEBACK"):
            raise
        import traceback

        at = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(at.filename).name}:{at.lineno}"
        hint = "CXR_TRACEBACK=1 shows more, which may quote your data"
        return _fail(f"internal error: {type(error).__name__} at {where}; {hint}", 1)


def _fail(message: str, code: int) -> int:
    click.echo(f"cxr: {one_line(message)}", err=True)
    return code

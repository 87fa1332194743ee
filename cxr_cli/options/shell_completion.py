"""Completion of an INPUT, and of flags whose value may be a file or something else: a model, a URL, FILE:WEIGHT."""

import click
from click.shell_completion import CompletionItem


def file_names(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Makes the shell complete file names: `click.option("--eval", shell_complete=file_names)`."""
    return [CompletionItem(incomplete, type="file")]

"""What a shell offers when a user presses TAB after a flag or an INPUT that may be a file, and other things too."""

import click
from click.shell_completion import CompletionItem


def file_names(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Leaves it to the shell, which knows the files: `click.option("--eval", shell_complete=file_names)`."""
    return [CompletionItem(incomplete, type="file")]

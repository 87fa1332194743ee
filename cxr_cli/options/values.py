"""What the values of options may be: numbers that are finite, and what a shell completes."""

import math
from typing import Any

import click
from click.shell_completion import CompletionItem


class FiniteRange(click.FloatRange):
    """A number in a range. "nan", which is below and above nothing, and "inf" are refused; click's own takes them."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{number} is not a finite number", param, ctx)
        return number


def file_names(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Makes the shell complete file names, of an INPUT or of a flag whose value may be a file or something else: a
    model, a URL, FILE:WEIGHT. `click.option("--eval", shell_complete=file_names)`."""
    return [CompletionItem(incomplete, type="file")]

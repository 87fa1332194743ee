"""Packages that the base install lacks: a stage that needs one and misses it names the line that installs it."""

from collections.abc import Iterator
from contextlib import contextmanager

from cxr_cli.errors import CxrError


@contextmanager
def need(extra: str) -> Iterator[None]:
    """`with need("train"): import torch` raises CxrError with the `pip install` line when torch is missing.

    extra: a name under [project.optional-dependencies] in pyproject.toml.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "cxr_cli":
            raise
        raise CxrError(f"{error.name} is not installed: {install_line(extra)}") from error


def install_line(extra: str) -> str:
    """How to install an extra."""
    return f'pip install -e ".[{extra}]" in a clone of the project'

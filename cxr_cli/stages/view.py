"""The stage `cxr view`: reads rows of any stage and writes one page to look at them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cxr_cli.viewer.page import write_page


@dataclass(frozen=True)
class ViewOptions:
    """inputs: files, as FILE or NAME=FILE with the name of the model. output: the page. mapping: our name -> the
    columns that make it. limit: the most rows of each input. root: the folder that film paths are relative to. embed:
    the page holds the films."""

    inputs: Sequence[str]
    output: Path
    overwrite: bool = False
    mapping: Mapping[str, Sequence[str]] = field(default_factory=dict)
    limit: int | None = None
    root: Path | None = None
    embed: bool = False


def run(options: ViewOptions) -> None:
    """Writes the page."""
    write_page(
        options.inputs,
        options.output,
        overwrite=options.overwrite,
        mapping=options.mapping,
        limit=options.limit,
        root=options.root,
        embed=options.embed,
    )

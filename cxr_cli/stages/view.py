"""The stage `cxr view`: reads rows of any stage and writes one page to look at them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from cxr_cli.records import ScoredCase
from cxr_cli.rows import note
from cxr_cli.rows.output.standard_output import STDOUT_NAMES
from cxr_cli.rows.output.writing import WholeFile
from cxr_cli.scoring.summaries.model_names import model_files
from cxr_cli.sources import for_each_row
from cxr_cli.viewer.gallery import Gallery
from cxr_cli.viewer.page import PageRows, check_output, page_frame, page_title


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
    """Writes the page, whole or not at all. CxrError: it cannot be written, or is there and not to be replaced."""
    output, mapping, limit = options.output, options.mapping, options.limit
    check_output(output, options.overwrite)
    sources = model_files(options.inputs)
    place = Path("stdout.html") if str(output) in STDOUT_NAMES else output
    gallery = Gallery(place, options.root, options.embed)
    before, after = page_frame(page_title(sources))
    with WholeFile(output) as file:
        file.write(before)
        rows = PageRows(file, gallery)
        for source in sources:  # an id may come in several inputs, once in each
            for_each_row([source.path], partial(rows.write, source), ScoredCase, mapping=mapping, limit=limit)
        rows.finish()
        file.write(after)
    note(f"{rows.counts()} -> {output}; it contains the reports: keep it where they are allowed")
    if gallery.missing:
        missing = f"{gallery.missing} of {gallery.films} films cannot be shown"
        note(f"{missing}: the page says why; --images names their folder")

"""`cxr phantom`."""

from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from cxr_cli.options import phantoms
from cxr_cli.options.bundle import Bundle
from cxr_cli.phantoms.files import Format

if TYPE_CHECKING:
    from cxr_cli.stages.phantom import PhantomOptions


@click.command()
@Bundle(
    "settings",
    "cxr_cli.stages.phantom:PhantomOptions",
    click.option("-n", "count", type=click.IntRange(1), default=200, show_default=True, help="Number of studies."),
    click.option(
        "-o", "folder", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder to fill."
    ),
    click.option(
        "--size", type=click.IntRange(32, 4096), default=512, show_default=True, help="Width and height in pixels."
    ),
    click.option(
        "--format",
        type=click.Choice(get_args(Format)),
        default="dicom",
        show_default=True,
        help="File format of the films.",
    ),
    phantoms.recipe,
    click.option("--overwrite", is_flag=True, help="Replace an existing studies.jsonl."),
)
def phantom(settings: "PhantomOptions") -> None:
    """Draw chest X-rays with reports: data that needs no licence.

    \b
    cxr phantom -n 20 -o phantoms/

    Writes images/ and studies.jsonl into the folder: one study a line, with a report and labels that are true to the
    drawing.

    \b
    cxr mine phantoms/studies.jsonl | cxr verify > steps.jsonl
    """
    from cxr_cli.stages.phantom import run

    run(settings)

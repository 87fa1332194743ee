"""`cxr phantom`."""

from pathlib import Path

import click

from cxr_cli.findings import Lexicon
from cxr_cli.mining.selection import parse_findings
from cxr_cli.phantoms import FINDINGS, Recipe
from cxr_cli.phantoms.files import Format, write_studies
from cxr_cli.phantoms.film.styles import STYLES
from cxr_cli.rows import note

SHARE = click.FloatRange(0, 1)


@click.command()
@click.option("-n", "count", type=click.IntRange(1), default=200, show_default=True, help="Number of studies.")
@click.option(
    "-o", "folder", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder to fill."
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="The same seed draws the same study k."
)
@click.option(
    "--size", type=click.IntRange(32, 4096), default=512, show_default=True, help="Width and height in pixels."
)
@click.option(
    "--format",
    type=click.Choice(["dicom", "png", "both"]),
    default="dicom",
    show_default=True,
    help="File format of the films.",
)
@click.option("--priors", type=SHARE, default=0.2, show_default=True, help="Share of studies with a prior film.")
@click.option("--prevalence", type=SHARE, default=0.5, show_default=True, help="Share of films with 1 to 4 findings.")
@click.option("--each", type=SHARE, metavar="P", help="Instead of --prevalence: draw each finding with probability P.")
@click.option("--findings", metavar="LIST", help="Draw only these: `edema,nodule`.  [default: all that can be drawn]")
@click.option(
    "--look",
    "style",
    type=click.Choice(["mixed", *STYLES]),
    default="mixed",
    show_default=True,
    help="The style of the films: that of one imaginary hospital, or mixed.",
)
@click.option("--overwrite", is_flag=True, help="Replace an existing studies.jsonl.")
def phantom(
    count: int,
    folder: Path,
    seed: int,
    size: int,
    format: Format,
    priors: float,
    prevalence: float,
    each: float | None,
    findings: str | None,
    style: str,
    overwrite: bool,
) -> None:
    """Draw chest X-rays with reports: data that needs no licence.

    \b
    cxr phantom -n 20 -o phantoms/

    Writes images/ and studies.jsonl into the folder: one study a line, with a report and labels that are true to the
    drawing.

    \b
    cxr mine phantoms/studies.jsonl | cxr verify > steps.jsonl
    """
    names = parse_findings(findings, Lexicon.load()) if findings else FINDINGS
    if undrawn := [name for name in names if name not in FINDINGS]:
        raise click.UsageError(f"--findings {undrawn[0]}: not drawn; there are {', '.join(FINDINGS)}.")
    recipe = Recipe(seed=seed, priors=priors, prevalence=prevalence, each=each, findings=tuple(names), style=style)
    films = write_studies(recipe, count, folder, size, format, overwrite=overwrite)
    note(f"{count} studies, {films} films -> {folder / 'studies.jsonl'}")

"""The stage `cxr phantom`: draws films and writes their studies into a folder."""

from dataclasses import dataclass, field
from pathlib import Path

from cxr_cli.phantoms import Recipe
from cxr_cli.phantoms.files import Format, write_studies
from cxr_cli.rows import note


@dataclass(frozen=True)
class PhantomOptions:
    """folder: where images/ and studies.jsonl go. recipe: what is drawn. count: of studies. size: width and height of a
    film in pixels."""

    folder: Path
    recipe: Recipe = field(default_factory=Recipe)
    count: int = 200
    size: int = 512
    format: Format = "dicom"
    overwrite: bool = False


def run(options: PhantomOptions) -> None:
    """Fills the folder. Raises CxrError if it has studies and they may not be replaced."""
    folder, count = options.folder, options.count
    films = write_studies(options.recipe, count, folder, options.size, options.format, overwrite=options.overwrite)
    note(f"{count} studies, {films} films -> {folder / 'studies.jsonl'}")

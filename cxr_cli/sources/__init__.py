"""What `cxr mine` accepts as INPUT: one file here for each layout of a dataset, and a line in LAYOUTS."""

from collections.abc import Callable
from pathlib import Path

from cxr_cli.rows import Source, reading
from cxr_cli.sources import text_folder

EXAMPLES = Path(__file__).with_name("examples.jsonl")

LAYOUTS: tuple[tuple[Callable[[str], bool], Callable[[str], Source]], ...] = (
    (lambda name: name == "examples", lambda name: reading.find(str(EXAMPLES))),
    (lambda name: Path(name).is_dir(), text_folder.find),
)


def find(name: str) -> Source:
    """The studies that `name` stands for: `examples`, a folder of .txt reports, a file of rows, or "-".

    `examples` are the studies that come with the package; a folder of that name is `./examples`.
    """
    for fits, layout in LAYOUTS:
        if fits(name):
            return layout(name)
    return reading.find(name)

"""Runs `mine`, `label`, `verify` or `score` over a folder of Parquet files, on a Ray cluster that runs already.

    python recipes/ray/stage.py mine studies/ mined/ --options '{"findings": "edema"}'
    python recipes/ray/stage.py verify mined/rows/ verified/

OUT gets `rows/` (Parquet), `rejects/` (rows that cannot be used, with the reason), `checkpoint/` (Ray's: the ids of the
rows that are done) and `stage.json` (the settings, which must stay the same). The same command goes on where an earlier
run ended. Exit code 3: all is done, but rows were rejected.
"""

import json
from pathlib import Path
from typing import Any

import click
from stage_cluster import run_on_ray
from stage_input import ids_of, schema_of
from stage_output import REJECTS, ROWS, count_rows, done_ids, open_folder
from stage_work import STAGES, Work

from cxr_cli import Rules, __version__
from cxr_cli.cli import main
from cxr_cli.errors import CxrError, RowError, library_message, note
from cxr_cli.options.flow import exit_if_incomplete, mapping
from cxr_cli.rows.files.reading import has_parquet


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.argument("stage", type=click.Choice([*STAGES]))
@click.argument("source", metavar="INPUT", type=click.Path(path_type=Path))
@click.argument("out", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--options", default="{}", metavar="JSON", help="Options of the stage, as in docs/library.md.")
@click.option("--lexicon", metavar="FILE", help="Your own lexicon, as for the commands; all nodes must see it.")
@click.option("--unmentioned", default="normal", show_default=True, help="normal or unknown, as for the commands.")
@mapping
@click.option(
    "--rows-per-file",
    default=2000,
    show_default=True,
    metavar="N",
    help="Rows of INPUT in a task, which writes one file.",
)
@click.option("--address", envvar="RAY_ADDRESS", default="auto", show_default=True, help="Address of the Ray cluster.")
def stage(
    stage: str,
    source: Path,
    out: Path,
    options: str,
    lexicon: str | None,
    unmentioned: Any,
    mapping: dict[str, list[str]],
    rows_per_file: int,
    address: str,
) -> None:
    """Runs STAGE over INPUT, a folder of Parquet files, and writes OUT. All nodes of the cluster must see both."""
    source, out = source.resolve(), out.resolve()
    lexicon = str(Path(lexicon).absolute()) if lexicon else None
    rules = Rules(lexicon, unmentioned)
    work = Work(stage, rules, _checked(stage, rules, options), mapping)
    if not (source.is_dir() and has_parquet(source)):
        raise CxrError(f"{source} is no folder of Parquet files")
    if out.is_relative_to(source):
        raise CxrError(f"{out} lies in INPUT, of which it would become a part: name another folder")
    schema, ids = schema_of(source, work), ids_of(source, work.id_column)
    settings = {
        "stage": stage,
        "input": str(source),
        "options": dict(work.options),
        "lexicon": rules.reader.lexicon.digest,
        "unmentioned": unmentioned,
        "map": mapping,
        "columns": {field.name: str(field.type) for field in schema},
        "version": __version__,
    }
    lock = open_folder(out, settings)
    before = len(done_ids(out, ids))
    if not ids.is_in(done_ids(out, ids).implode()).all():
        run_on_ray(source, out, work, schema, rows_per_file, address)
    done = done_ids(out, ids)
    if done.is_duplicated().any() or not ids.is_in(done.implode()).all():
        raise CxrError(f"{out}: rows are missing or doubled: another run was writing it; remove it, and start anew")
    lock.close()
    rejected = sum(file.read_bytes().count(b"\n") for file in (out / REJECTS).iterdir())
    rows = count_rows((out / ROWS).iterdir())
    earlier = f" ({before} of them by earlier runs)" if before else ""
    note(f"{len(done)} rows in{earlier} -> {rows} rows in {out / ROWS}, {rejected} rejected")
    exit_if_incomplete(rejected)


def _checked(stage: str, rules: Rules, text: str) -> dict[str, Any]:
    """The options as an object. CxrError: the stage does not take them."""
    try:
        options = json.loads(text)
        if not isinstance(options, dict):
            raise ValueError("expected an object")
        STAGES[stage].rows(rules, {"id": "0", "report": "No edema."}, **options)
    except RowError:
        pass  # a stage may need more than this row has
    except (ValueError, TypeError) as error:
        raise CxrError(f"--options: {library_message(error)}") from error
    return options


if __name__ == "__main__":
    main(stage)

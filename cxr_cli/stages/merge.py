"""The stage `cxr merge`: the outputs of all shards of a run, checked and joined."""

from collections.abc import Sequence
from pathlib import Path

from cxr_cli.errors import CxrError, RowError, note, shortened
from cxr_cli.records import STAGE_SIGNATURES, Row
from cxr_cli.rows.fields import restore
from cxr_cli.rows.files.formats import format_of
from cxr_cli.rows.files.reading import find
from cxr_cli.rows.ids import Ids
from cxr_cli.rows.output.overlap import check_overlap
from cxr_cli.rows.output.rejects import Rejects
from cxr_cli.rows.output.resume import difference
from cxr_cli.rows.output.shard_record import ShardRecord, digest_of
from cxr_cli.rows.output.writing import open_output


def run(parts: Sequence[Path], output: Path | None = None, overwrite: bool = False, rejects: Path | None = None) -> int:
    """Writes the rows of all parts, in the order of the shards. Raises CxrError, and writes nothing, if a part or a row
    of one is missing or doubled, or if the parts do not belong together. rejects: a file for the rows whose ids are
    doubled; without it one of them is an error. Returns how many they are."""
    records = {part: ShardRecord.read(part) for part in parts}
    ordered = sorted(parts, key=lambda part: records[part].shard)
    _check_together(ordered, records)
    check_overlap((output, rejects), [find(str(part)) for part in parts])
    doubled, rejected_rows = _check_rows(ordered, records, stop=rejects is None), Rejects(rejects)
    with rejected_rows.open(), open_output(output, overwrite=overwrite, whole=True) as out:
        if any(map(out.is_at, parts)):
            raise CxrError("the output is one of the parts; choose another name")
        for part in ordered:
            source = find(str(part))
            cells = source.table and not (output and _same_format(part, output))
            for where, row, _ in source.items():
                if where in doubled:
                    rejected_rows.add(where, doubled[where], row, row)
                else:
                    out.write(restore(row) if cells else row)
    if rejected_rows.count:
        note(f"rows with an id that an earlier row has: {rejected_rows.count} -> {rejects}")
    if rejected := sum(record.rejected for record in records.values()):
        note(f"rows that the shards rejected: {rejected}; they are in the files of their --rejects")
    if failed := sum(record.failed for record in records.values()):
        note(f"rows on which a model failed: {failed}; their shards ask for them again with --retry-failed")
    if output:
        note(f"{out.rows} rows of {len(ordered)} shards -> {output}")
    return rejected_rows.count


def _same_format(part: Path, output: Path) -> bool:
    """Is a cell of the one a cell of the other?"""
    return type(format_of(part)[0]) is type(format_of(output)[0])


def _check_together(parts: Sequence[Path], records: dict[Path, ShardRecord]) -> None:
    """CxrError: these are not the shards 1 to N of one run. parts: in their order."""
    first, of_first = parts[0], records[parts[0]]
    count, places = of_first.shard[1], dict[int, Path]()
    for part in parts:
        record, (k, n) = records[part], records[part].shard
        if n != count:
            other = f"{of_first.shard[0]}/{count}"
            raise CxrError(f"{part} is shard {k}/{n}, and {first} is {other}: they are not of one run")
        if k in places:
            raise CxrError(f"{part} is shard {k}/{n}, and so is {places[k]}: leave one out")
        if record.inputs != of_first.inputs:
            raise CxrError(f"{part}: made from other inputs than {first}, or from inputs that have changed since")
        if record.options != of_first.options:
            raise CxrError(
                difference("options", of_first.options, record.options, there=f"in {first}", here=f"in {part}")
            )
        places[k] = part
    if missing := [str(k) for k in range(1, count + 1) if k not in places]:
        raise CxrError(f"of {count} shards these are missing: {', '.join(missing)}")


def _check_rows(parts: Sequence[Path], records: dict[Path, ShardRecord], *, stop: bool) -> dict[str, str]:
    """The places of rows whose ids are doubled, with the reasons. CxrError: a part is not what its run has written.
    RowError: an id is doubled, and `stop`, or that of a study that was mined."""
    doubled: dict[str, str] = {}
    with Ids() as ids, Ids() as studies:
        for part in parts:
            if digest_of(part) != records[part].digest:
                raise CxrError(f"{part} has changed since its run ended: make it again, or finish it with --resume")
            for where, row, reason in find(str(part)).items():
                if reason is not None:
                    raise RowError(where, reason)
                if (study := _mined_study(row)) and (first := studies.see(study, str(part))) not in (None, str(part)):
                    raise RowError(
                        where,
                        f"its study is in {first} too: take one of the two out of the input, and run the shards again",
                        id=shortened(study),
                    )
                id = row.get("id")  # tables of other tools have none
                if isinstance(id, str) and (place := ids.see(id, where)):
                    doubled[where] = f"field `id`: doubled, first at {place}"
                    if stop:
                        raise RowError(where, f"{doubled[where]}; --rejects FILE takes it out", id=shortened(id))
    return doubled


def _mined_study(row: Row) -> str | None:
    """The id of the study that `cxr mine` made a row of; None for a row of another stage."""
    if "made_by" not in row or any(key in row for key in STAGE_SIGNATURES if key != "made_by"):
        return None
    return str(row["id"]).rpartition(f"/{row.get('task')}")[0] or None

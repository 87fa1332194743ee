"""`--shard K/N` and `cxr merge`: the parts of a run, and that they are all of it."""

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from cxr_cli.records import Row
from cxr_cli.rows.files import json_text
from cxr_cli.stages import merge
from tests.conftest import Tool

SBATCH = Path(__file__).parents[2] / "recipes" / "slurm" / "shards.sbatch"


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twenty reports of different lengths, with a blank line, in the current folder."""
    monkeypatch.chdir(tmp_path)
    lines = [json.dumps({"id": f"s{n}", "report": "No pneumothorax. " * (1 + n * 7 % 5)}) for n in range(20)]
    Path("reports.jsonl").write_text("\n".join([*lines[:9], "", *lines[9:]]))
    return Path("reports.jsonl")


def shards(tool: Tool, source: object, count: int, *arguments: object, command: str = "label") -> list[str]:
    """Runs all shards and gives the names of their parts."""
    names = [f"part-{k}.jsonl" for k in range(1, count + 1)]
    for k, name in enumerate(names, 1):
        done = tool(command, source, "--shard", f"{k}/{count}", "-o", name, *arguments)
        assert done.code == 0, done.err
    return names


@pytest.mark.parametrize("count", [1, 2, 3, 7, 40])
def test_the_parts_of_a_jsonl_file_are_those_of_one_run(tool: Tool, reports: Path, count: int) -> None:
    whole = tool("label", reports).out
    assert tool("merge", *reversed(shards(tool, reports, count))).out == whole


@pytest.mark.parametrize("name", ["reports.parquet", "folder/reports.parquet", "reports.csv", "reports.jsonl.gz"])
def test_other_formats(tool: Tool, reports: Path, name: str) -> None:
    Path("folder").mkdir()
    assert tool("label", reports, "-o", name).code == 0
    source = "folder" if name.startswith("folder") else name
    whole = tool("label", source).out
    merged = tool("merge", *shards(tool, source, 3)).out
    if name.endswith(".parquet"):
        assert merged == whole
    assert sorted(merged.splitlines()) == sorted(whole.splitlines())


def test_a_broken_line_that_begins_like_utf_16(tool: Tool, reports: Path) -> None:
    """Only the start of a file says how it is encoded."""
    with reports.open("ab") as file:
        file.write(b'\n\xff\xfe{"id":"x"}')
    done = tool("label", reports, "--shard", "100/100")
    assert done.err.startswith("cxr: reports.jsonl:22: UTF-16, not UTF-8")


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_parts_that_are_tables(tool: Tool, reports: Path, suffix: str) -> None:
    """Their cells become lists and objects again where the merged rows are JSONL."""
    whole = [json.loads(line) for line in tool("mine", reports, "--task", "anomaly").out.splitlines()]
    parts = [f"part-{k}{suffix}" for k in (1, 2)]
    for k, part in enumerate(parts, 1):
        assert tool("mine", reports, "--task", "anomaly", "--shard", f"{k}/2", "-o", part).code == 0
    assert [json.loads(line) for line in tool("merge", *parts).out.splitlines()] == whole
    assert tool("merge", *parts, "-o", f"whole{suffix}").code == 0
    assert [json.loads(line) for line in tool("verify", f"whole{suffix}").out.splitlines()] == [
        json.loads(line) for line in tool("verify", "-", stdin=tool("merge", *parts).out.encode()).out.splitlines()
    ]


def test_files_that_cannot_be_cut_at_any_byte(tool: Tool, reports: Path) -> None:
    for encoding, end in (("utf-16", "\n"), ("utf-8", "\r")):
        reports.write_bytes("".join(f'{{"id":"s{n}","report":"No edema."}}{end}' for n in range(7)).encode(encoding))
        for part in shards(tool, reports, 3):
            assert Path(part).read_text().count("\n") in (2, 3)
        assert tool("merge", "part-1.jsonl", "part-2.jsonl", "part-3.jsonl").out.count("\n") == 7
        for part in Path().glob("part-*"):
            part.unlink()


def test_a_shard_reads_its_own_part_alone(tool: Tool, reports: Path) -> None:
    reports.write_bytes(reports.read_bytes() + b"\nnot a row")
    assert tool("label", reports, "--shard", "1/2").code == 0
    done = tool("label", reports, "--shard", "2/2")
    assert (done.code, done.err) == (
        1,
        "cxr: reports.jsonl:22: not a row: a row is one JSON object, {...}, on a line\n",
    )
    pl.DataFrame({"id": ["a", "b", "a"], "report": ["No edema."] * 3}).write_parquet("doubled.parquet")
    assert [tool("label", "doubled.parquet", "--shard", f"{k}/3").code for k in (1, 2, 3)] == [0, 0, 0]


def test_a_broken_row_is_rejected_once(tool: Tool, reports: Path) -> None:
    lines = reports.read_text().splitlines()
    lines[4] = "{"
    reports.write_text("\n".join(lines))
    rejected = []
    for k in (1, 2, 3):
        flags = ("--shard", f"{k}/3", "-o", f"part-{k}.jsonl", "--on-error", "skip", "--rejects", f"no-{k}.jsonl")
        tool("label", reports, *flags)
        rejected += [json.loads(line)["where"] for line in Path(f"no-{k}.jsonl").read_text().splitlines()]
    assert rejected == ["reports.jsonl:5"]
    done = tool("merge", "part-1.jsonl", "part-2.jsonl", "part-3.jsonl", "-o", "all.jsonl")
    assert done.err == (
        "cxr: rows that the shards rejected: 1; they are in the files of their --rejects\n"
        "cxr: 19 rows of 3 shards -> all.jsonl\n"
    )


def test_what_is_missing_or_doubled(tool: Tool, reports: Path) -> None:
    one, two, three = shards(tool, reports, 3)

    def why(*parts: str) -> str:
        done = tool("merge", *parts, "-o", "all.jsonl")
        assert (done.code, done.out, Path("all.jsonl").exists()) == (1, "", False)
        return done.err.removeprefix("cxr: ").strip()

    assert why(one, three) == "of 3 shards these are missing: 2"
    assert why(one, two, three, two) == f"{two} is shard 2/3, and so is {two}: leave one out"
    rows = Path(two).read_text()
    for changed in (rows.partition("\n")[2], rows[:-20], rows.replace("No pneumothorax", "A pneumothorax", 1)):
        Path(two).write_text(changed)
        assert (
            why(one, two, three) == f"{two} has changed since its run ended: make it again, or finish it with --resume"
        )
    Path(two).write_text(rows)
    tool("label", reports, "--shard", "3/3", "-o", three, "--overwrite", "--set", "chexpert14")
    record = json.loads(Path(f"{three}.shard").read_text())
    Path(f"{three}.shard").write_text(json.dumps(record | {"shard": [3, 4]}))
    assert why(one, two, three) == f"{three} is shard 3/4, and {one} is 1/3: they are not of one run"
    Path(f"{three}.shard").write_text("{}")
    assert why(one, two, three) == f"{three}.shard: not the record of a shard"
    Path(f"{three}.shard").unlink()
    assert why(one, two, three).startswith(f"{three}: no {three}.shard beside it")


def test_the_output_is_none_of_the_parts(tool: Tool, reports: Path) -> None:
    one, two = shards(tool, reports, 2)
    rows = Path(one).read_text()
    Path("link.jsonl").symlink_to(one)
    for name in (one, "link.jsonl"):
        done = tool("merge", one, two, "-o", name, "--overwrite")
        reason = "would be written over while it is read or written; choose another name"
        assert (done.code, done.err) == (1, f"cxr: {name}: {reason}\n")
        assert Path(one).read_text() == rows


def test_parts_of_other_options_or_inputs(tool: Tool, reports: Path) -> None:
    one, two = shards(tool, reports, 2, command="mine")
    tool("mine", reports, "--shard", "2/2", "-o", two, "--overwrite", "--unmentioned", "unknown")
    assert tool("merge", one, two).err == (f"cxr: options: unmentioned:normal in {one}, unmentioned:unknown in {two}\n")
    lines = reports.read_text().splitlines()
    for changed in (["{}", *lines], [*lines[10:], "", *lines[:10]]):  # the second is as long
        reports.write_text("\n".join(changed))
        tool("mine", reports, "--shard", "2/2", "-o", two, "--overwrite")
        assert "other inputs" in tool("merge", one, two).err


def test_a_folder_of_parquet_that_changes(tool: Tool, reports: Path) -> None:
    Path("folder").mkdir()
    for number in (1, 2):
        tool("label", reports, "--shard", f"{number}/2", "-o", f"folder/{number}.parquet")
    one, two = shards(tool, "folder", 2)
    assert tool("merge", one, two).code == 0
    Path("folder/1.parquet").unlink()
    tool("label", "folder", "--shard", "2/2", "-o", two, "--overwrite")
    assert "other inputs" in tool("merge", one, two).err


@pytest.mark.parametrize(
    ("command", "flags", "words"),
    [
        ("label", ["--map", "report=id"], "map:report=id in part-2.jsonl, not in part-1.jsonl"),
        ("mine", ["--split", "test"], "split:test in part-2.jsonl, not in part-1.jsonl"),
        ("mine", ["--to", "messages"], "to:messages in part-2.jsonl, not in part-1.jsonl"),
        ("label", ["--format", "chexbert"], "format:chexbert"),
    ],
)
def test_options_that_are_in_no_signature(
    tool: Tool, reports: Path, command: str, flags: list[str], words: str
) -> None:
    """They decide which rows there are, or how they are written."""
    one, two = shards(tool, reports, 2, command=command)
    tool(command, reports, "--shard", "2/2", "-o", two, "--overwrite", *flags)
    assert words in tool("merge", one, two).err


def test_other_references(tool: Tool, reports: Path) -> None:
    """Rows are scored by other reports, which no signature says."""
    for name, report in (("a.csv", "Edema."), ("b.csv", "No edema.")):
        Path(name).write_text("id,report\n" + "".join(f"s{n},{report}\n" for n in range(4)))
    Path("replies.jsonl").write_text("".join(f'{{"id":"s{n}","prediction":"Edema."}}\n' for n in range(4)))
    one, two = shards(tool, "replies.jsonl", 2, "--references", "a.csv", command="score")
    assert tool("merge", one, two).code == 0
    tool("score", "replies.jsonl", "--shard", "2/2", "-o", two, "--overwrite", "--references", "b.csv")
    assert "options: references:" in tool("merge", one, two).err


def test_patients_kept_apart_that_change(tool: Tool, reports: Path) -> None:
    """The signature has the name of their file alone."""
    parts = ["part-1.jsonl", "part-2.jsonl"]
    for k, part in enumerate(parts, 1):
        Path("test.jsonl").write_text(f'{{"id":"s{k}","patient":"p{k}"}}\n')
        assert tool("mine", reports, "--apart-from", "test.jsonl", "--shard", f"{k}/2", "-o", part).code == 0
    assert "options: apart_from:" in tool("merge", *parts).err


def test_a_merged_file_is_whole_or_not_there(tool: Tool, reports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = shards(tool, reports, 2)
    monkeypatch.setattr(json_text, "encode", fail_at(12, json_text.encode))
    for name in ("all.jsonl", "all.csv", "all.jsonl.gz"):
        with pytest.raises(KeyboardInterrupt):
            merge.run([*map(Path, parts)], Path(name))
    assert not [*Path().glob("all*")]


def fail_at(count: int, encode: Callable[[Row], bytes]) -> Callable[[Row], bytes]:
    """Ctrl-C comes at this of every `count` rows."""
    rows = itertools.count(1)

    def interrupted(row: Row) -> bytes:
        if not next(rows) % count:
            raise KeyboardInterrupt
        return encode(row)

    return interrupted


def test_ids_of_two_shards(tool: Tool, reports: Path) -> None:
    reports.write_text("".join(f'{{"id":"{id}","report":"No edema."}}\n' for id in "abca"))
    done = tool("merge", *shards(tool, reports, 2))
    reason = "field `id`: doubled, first at part-1.jsonl:1"
    assert (done.code, done.err) == (1, f"cxr: part-2.jsonl:2: {reason}; --rejects FILE takes it out (id a)\n")
    done = tool("merge", "part-1.jsonl", "part-2.jsonl", "--rejects", "no.jsonl", "-o", "all.jsonl")
    assert (done.code, [json.loads(line)["id"] for line in Path("all.jsonl").read_text().splitlines()]) == (3, [*"abc"])
    (rejected,) = [json.loads(line) for line in Path("no.jsonl").read_text().splitlines()]
    assert (rejected["where"], rejected["id"], rejected["reason"]) == ("part-2.jsonl:2", "a", reason)
    done = tool("merge", "part-1.jsonl", "part-2.jsonl", "--rejects", "part-1.jsonl", "-o", "all.jsonl", "--overwrite")
    assert (done.code, Path("part-1.jsonl").read_text() != "") == (1, True)


def test_a_part_that_was_stopped_and_resumed(tool: Tool, reports: Path) -> None:
    whole = tool("label", reports).out
    one, two = shards(tool, reports, 2)
    Path(two).write_text(Path(two).read_text()[:100])
    Path(f"{two}.shard").unlink()
    assert tool("label", reports, "--shard", "2/2", "-o", two, "--resume").code == 0
    assert tool("merge", one, two).out == whole


def test_a_run_that_fails_leaves_no_record(tool: Tool, reports: Path) -> None:
    _, two = shards(tool, reports, 2)
    reports.write_text(reports.read_text() + "\n{")
    assert tool("label", reports, "--shard", "2/2", "-o", two, "--overwrite").code == 1
    assert not Path(f"{two}.shard").exists()


def test_rows_of_another_input_in_a_part(tool: Tool, reports: Path) -> None:
    """The input has changed between two runs: what is no longer in it is not merged in silence."""
    shards(tool, reports, 2)
    lines = reports.read_text().splitlines()
    reports.write_text("\n".join(lines[:-1]))
    done = tool("label", reports, "--shard", "2/2", "-o", "part-2.jsonl", "--resume")
    reason = "1 row is not of shard 2/2 of this input: s19; make the part anew with --overwrite"
    assert (done.code, done.err) == (1, f"cxr: part-2.jsonl: {reason}\n")
    assert not Path("part-2.jsonl.shard").exists()


def test_a_part_is_of_one_shard(tool: Tool, reports: Path) -> None:
    """Nothing of another is added to it."""
    one, _ = shards(tool, reports, 2)
    before = Path(one).read_bytes()
    done = tool("label", reports, "--shard", "2/2", "-o", one, "--resume")
    assert (done.code, done.err) == (1, f"cxr: {one} is shard 1/2: name another file for shard 2/2\n")
    assert (Path(one).read_bytes(), tool("merge", one, "part-2.jsonl").code) == (before, 0)


def test_a_pipe_that_changes(tool: Tool) -> None:
    """It has no digest, but a number of rows."""
    for k, count in ((1, 6), (2, 7)):
        rows = "".join(f'{{"id":"s{n}","report":"No edema."}}\n' for n in range(count))
        assert tool("label", "--shard", f"{k}/2", "-o", f"part-{k}.jsonl", stdin=rows).code == 0
    assert "other inputs" in tool("merge", "part-1.jsonl", "part-2.jsonl").err


def test_an_input_that_changes_while_it_is_read(tool: Tool, reports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def encode_and_append(row: Row) -> bytes:
        reports.write_text(reports.read_text() + "\n")
        return encode(row)

    encode = json_text.encode
    monkeypatch.setattr(json_text, "encode", encode_and_append)
    done = tool("label", reports, "--shard", "1/2", "-o", "part-1.jsonl")
    reason = "reports.jsonl: has changed while it was read: run the shards again"
    assert (done.code, done.err, Path("part-1.jsonl.shard").exists()) == (1, f"cxr: {reason}\n", False)


def test_what_is_no_part(tool: Tool, reports: Path) -> None:
    tool("label", reports, "--shard", "1/2", "--limit", "1", "-o", "short.jsonl")
    for name, words in (
        (".", ".: a folder: name the parts in it"),
        ("missing.jsonl", "missing.jsonl: no such file"),
        (
            "short.jsonl",
            "short.jsonl: no short.jsonl.shard beside it: its run has not ended (finish it with --resume), had "
            "--limit, or lacked --shard K/N or -o",
        ),
    ):
        done = tool("merge", name)
        assert (done.code, done.out, done.err) == (1, "", f"cxr: {words}\n")


def test_what_looks_at_all_rows_has_no_shards(tool: Tool, reports: Path) -> None:
    for flags in (("--dedupe",), ("--per-finding", "2"), ("--every", "2")):
        done = tool("mine", reports, "--shard", "1/2", *flags)
        assert (done.code, done.out) == (1, "")
        assert flags[0] in done.err


def slurm(reports: Path, task: str, count: str, *flags: str, **environment: str) -> int:
    command = ["bash", str(SBATCH), sys.executable, "-m", "cxr_cli", "mine", str(reports), *flags]
    array = {"OUT": "parts", "SLURM_ARRAY_TASK_ID": task, "SLURM_ARRAY_TASK_COUNT": count}
    return subprocess.run(command, env=os.environ | array | environment, stderr=subprocess.PIPE).returncode


def test_two_nodes_of_slurm(tool: Tool, reports: Path) -> None:
    assert [slurm(reports, k, "2") for k in "12"] == [0, 0]
    assert tool("merge", "parts/1-of-2.jsonl", "parts/2-of-2.jsonl").out == tool("mine", reports).out


def test_each_task_of_slurm_has_its_rejects(tool: Tool, reports: Path) -> None:
    reports.write_text("".join(f'{{"id":"s{n}","report":{n % 2}}}\n' for n in range(4)))
    assert [slurm(reports, k, "2", "--on-error", "skip") for k in "12"] == [3, 3]
    rejected = [Path("parts", "rejects", f"{k}-of-2.jsonl").read_text().count("\n") for k in "12"]
    assert rejected == [2, 2]
    assert "rows that the shards rejected: 4" in tool("merge", *map(str, Path("parts").glob("*.jsonl"))).err


def test_some_tasks_of_a_slurm_array_again(tool: Tool, reports: Path) -> None:
    """Slurm says how many were submitted, not how many shards there are: no part of the first array is touched."""
    assert slurm(reports, "2", "2") == 0
    before = Path("parts/2-of-2.jsonl").read_bytes()
    assert [slurm(reports, "2", "1"), slurm(reports, "1", "1")] == [2, 0]
    assert Path("parts/2-of-2.jsonl").read_bytes() == before
    assert slurm(reports, "1", "1", SHARDS="2") == 0
    assert tool("merge", "parts/1-of-2.jsonl", "parts/2-of-2.jsonl").code == 0
    assert "they are not of one run" in tool("merge", *map(str, Path("parts").glob("*.jsonl"))).err


def test_a_study_that_two_shards_mined(tool: Tool, reports: Path) -> None:
    """Its second report is not mixed with the first, though no two cases have the same id."""
    lines = [("a", "Small left effusion."), ("b", "No edema."), ("c", "No edema."), ("a", "Large nodule.")]
    reports.write_text("".join(json.dumps({"id": id, "report": report}) + "\n" for id, report in lines))
    parts = []
    for k in (1, 2):
        parts.append(f"part-{k}.jsonl")
        assert tool("mine", reports, "--task", "binary", "--shard", f"{k}/2", "-o", parts[-1]).code == 0
    for flags in ((), ("--rejects", "no.jsonl")):
        done = tool("merge", *parts, "-o", "all.jsonl", *flags)
        assert done.code == 1
        assert "its study is in part-1.jsonl too: take one of the two out of the input" in done.err
        assert done.err.endswith("(id a)\n")
        assert not Path("all.jsonl").exists()


def test_rejects_that_are_a_part_by_another_name(tool: Tool, reports: Path) -> None:
    parts = shards(tool, reports, 2)
    Path("link.jsonl").hardlink_to(parts[0])
    before = Path(parts[0]).read_text()
    done = tool("merge", *parts, "--rejects", "link.jsonl", "-o", "all.jsonl")
    assert (done.code, "link.jsonl: would be written over" in done.err) == (1, True)
    assert Path(parts[0]).read_text() == before

"""OUT is one writer's, whole, and of one setting: locks, `--resume`, full disks, signals."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cases import rows
from tests.conftest import STAGES, Cxr, Run, Tool
from tests.rows.test_running import numbered, unread

REPORTS = "".join(
    json.dumps({"id": f"s{number}", "report": "FINDINGS: Small left effusion. No pneumothorax."}) + "\n"
    for number in range(6)
)


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(STAGES), *arguments]
    return subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for_reader(process: subprocess.Popen[str]) -> None:
    """Until it has read a part of its standard input, and some rows of that part are done."""
    assert process.stdin
    before = unread(process.stdin)
    while unread(process.stdin) == before:
        time.sleep(0.05)
    time.sleep(0.5)


def wait_for_lock(process: subprocess.Popen[str]) -> None:
    """Until it holds a lock, and for a while: `--resume` locks, reads what is there, and locks again."""
    for _ in range(1000):
        if f" {process.pid} " in Path("/proc/locks").read_text():
            break
        time.sleep(0.01)
    time.sleep(0.5)


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.csv", "out.parquet"])
@pytest.mark.parametrize("flag", [None, "--overwrite", "--resume"])
def test_a_second_run_on_one_output_is_refused(run: Run, tmp_path: Path, name: str, flag: str | None) -> None:
    if flag == "--resume" and name != "out.jsonl":
        return
    flags = [flag] if flag else []
    with start(tmp_path, "copy", "-o", name, *flags) as first:
        wait_for_lock(first)
        second = run("copy", "-o", name, *flags, stdin=numbered(2))
        said = f"cxr: {name}: another run is writing it; wait for its end, or name another file\n"
        assert (second.returncode, second.stderr) == (1, said)
        assert first.stdin
        first.stdin.write(numbered(3))
    assert run("copy", name).stdout == numbered(3)
    assert run("copy", "-o", name, "--overwrite", stdin=numbered(1)).returncode == 0
    assert run("copy", name).stdout == numbered(1)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("my notes\nand more\n", "1: not a row with an id"),
        ("my notes", "1: not a row with an id"),
        ('{"id":"s0/edema"}\n', "1: no `made_by`: --resume continues what this command has written"),
        ('{"id":"s0/edema","labelled_by":"engine:rules"}\n', "1: no `made_by`"),
        ('{"id":"s0/edema"}\n'.encode("utf-16"), "1: not a row with an id"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "1: not a row with an id"),
        (b"\x89PNG without a line", "1: not a row with an id"),
        ("[1, 2", "1: not a row with an id"),
        ("17", "1: not a row with an id"),
    ],
)
def test_a_file_that_is_not_ours_is_not_touched(cxr: Cxr, tmp_path: Path, content: str | bytes, reason: str) -> None:
    data = content if isinstance(content, bytes) else content.encode()
    (tmp_path / "out.jsonl").write_bytes(data)
    done = cxr("mine", "-o", "out.jsonl", "--resume", stdin=REPORTS)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith(f"cxr: out.jsonl:{reason}")
    assert (tmp_path / "out.jsonl").read_bytes() == data


def test_a_broken_line_in_the_middle_is_not_touched(run: Run, tmp_path: Path) -> None:
    text = numbered(2) + '{"id":"2","rep\n' + numbered(4).splitlines(keepends=True)[3]
    (tmp_path / "out.jsonl").write_text(text)
    done = run("copy", "-o", "out.jsonl", "--resume", stdin=numbered(5))
    assert done.stderr.startswith("cxr: out.jsonl:3: not a row with an id")
    assert (tmp_path / "out.jsonl").read_text() == text


def test_an_output_of_two_runs_is_not_continued(run: Run, tmp_path: Path) -> None:
    (tmp_path / "out.jsonl").write_text(numbered(2) + numbered(1))
    done = run("copy", "-o", "out.jsonl", "--resume", stdin=numbered(5))
    assert done.stderr == "cxr: out.jsonl: the id 0 is doubled: two runs have written it\n"
    assert (tmp_path / "out.jsonl").read_text() == numbered(2) + numbered(1)


@pytest.mark.parametrize("tail", ['{"id":"2","rep', "{", '{"', '{"id":"2","report":"é', "\0\0\0", '{"id":"2\0\0'])
def test_half_a_row_is_cut_off_and_a_whole_one_is_kept(run: Run, tmp_path: Path, tail: str) -> None:
    (tmp_path / "out.jsonl").write_bytes((numbered(2) + tail).encode().removesuffix(b"\xa9"))
    assert run("copy", "-o", "out.jsonl", "--resume", stdin=numbered(5)).stderr == ""
    assert (tmp_path / "out.jsonl").read_text() == numbered(5)


def test_a_last_row_without_its_newline_is_kept(run: Run, tmp_path: Path) -> None:
    (tmp_path / "out.jsonl").write_text(numbered(2).rstrip("\n"))
    assert run("copy", "-o", "out.jsonl", "--resume", stdin=numbered(4)).stderr == ""
    assert (tmp_path / "out.jsonl").read_text() == numbered(4)


def test_other_settings_are_named(cxr: Cxr, tmp_path: Path) -> None:
    assert cxr("mine", "-o", "cases.jsonl", stdin=REPORTS).returncode == 0
    before = (tmp_path / "cases.jsonl").read_text()
    done = cxr("mine", "-o", "cases.jsonl", "--resume", "--seed", "7", stdin=REPORTS)
    said = "made_by: seed:0 in the file, seed:7 now: --resume continues a run with its own options"
    assert (done.returncode, done.stderr) == (1, f"cxr: cases.jsonl:1: {said}\n")
    assert (tmp_path / "cases.jsonl").read_text() == before
    stages = {
        "verify": ("checked_by", "unmentioned:normal", ["--unmentioned", "unknown"]),
        "score": ("scored_by", "empty:null", ["--empty", "zero"]),
        "label": ("labelled_by", "set:chexpert", ["--set", "all"]),
    }
    source = before.replace('"question"', '"prediction":"Yes","question"')
    for command, (key, old, other) in stages.items():
        assert cxr(command, "-o", f"{command}.jsonl", stdin=source).returncode == 0
        assert cxr(command, "-o", f"{command}.jsonl", "--resume", stdin=source).returncode == 0
        written = (tmp_path / f"{command}.jsonl").read_text()
        done = cxr(command, "-o", f"{command}.jsonl", "--resume", *other, stdin=source)
        assert done.returncode == 1
        assert done.stderr.startswith(f"cxr: {command}.jsonl:1: {key}: ")
        assert f"{old} in the file, " in done.stderr
        assert (tmp_path / f"{command}.jsonl").read_text() == written


def test_another_order_is_fine_and_other_rows_are_named(cxr: Cxr, tmp_path: Path) -> None:
    flags = ("label", "-o", "out.jsonl", "--resume")
    lines = REPORTS.splitlines(keepends=True)
    assert cxr(*flags, stdin="".join(lines[:3])).returncode == 0
    done = cxr(*flags, stdin="".join(reversed(lines)))
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(row["id"] for row in rows((tmp_path / "out.jsonl").read_text())) == [f"s{n}" for n in range(6)]
    assert cxr(*flags, stdin=lines[5]).stderr == "cxr: out.jsonl: 5 rows are not of this input: s0 ..\n"
    done = cxr(*flags, "--shard", "1/2", stdin=REPORTS)
    reason = "3 rows are not of shard 1/2 of this input: s1 ..; make the part anew with --overwrite"
    assert (done.returncode, done.stderr) == (1, f"cxr: out.jsonl: {reason}\n")
    assert cxr(*flags, "--limit", "1", stdin=REPORTS).stderr == ""


def test_overwrite_keeps_the_old_rows_until_there_are_new_ones(run: Run, tmp_path: Path) -> None:
    (tmp_path / "out.jsonl").write_text(numbered(3))
    done = run("copy", "-o", "out.jsonl", "--overwrite", stdin='{"report":7}\n')
    assert done.returncode == 1
    assert (tmp_path / "out.jsonl").read_text() == numbered(3)


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv", "out.jsonl.gz"])
def test_nobodys_part_is_overwritten(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.part").write_text("mine")
    assert run("copy", "-o", name, stdin=numbered(2)).returncode == 0
    assert (tmp_path / f"{name}.part").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == [name, f"{name}.part"]


def test_a_full_disk_leaves_no_half_row(tmp_path: Path) -> None:
    """A limit on the size of files stands in for the disk: a write stops in the middle of a row."""
    limit = "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    limit += "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000)); "
    limit += "sys.argv = ['x', 'copy', '-o', sys.argv[1]]; import runpy; "
    limit += f"runpy.run_path({str(STAGES)!r}, None, '__main__')"
    for name in ("out.jsonl", "out.jsonl.gz", "out.csv"):
        command = [sys.executable, "-B", "-c", limit, name]
        text = numbered(300) if name == "out.jsonl" else numbered(100_000)
        done = subprocess.run(command, cwd=tmp_path, input=text, capture_output=True, text=True)
        assert done.returncode == 1, done.stderr
        assert done.stderr.startswith(f"cxr: {name}: File too large")
        assert done.stderr.count("\n") == 1
    written = (tmp_path / "out.jsonl").read_text()
    assert numbered(300).startswith(written)
    assert 4900 < len(written.encode()) <= 5000
    assert written.endswith("\n")
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.zst", "out.parquet"])
def test_a_signal_keeps_the_finished_rows(run: Run, tmp_path: Path, number: signal.Signals, name: str) -> None:
    with start(tmp_path, "copy", "-o", name, "--wait", "0.01") as process:
        assert process.stdin
        assert process.stderr
        process.stdin.write(numbered(1000))
        process.stdin.flush()
        wait_for_reader(process)
        process.send_signal(number)
        assert process.stderr.read() == f"cxr: stopped by {number.name}\n"
    assert process.returncode == 128 + number
    kept = run("copy", name).stdout
    assert numbered(1000).startswith(kept)
    assert len(kept) > 100
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_ctrl_c_twice_is_one_line(tmp_path: Path) -> None:
    """The second comes while the first one's table is written."""
    with start(tmp_path, "copy", "-o", "out.parquet") as process:
        assert process.stdin
        assert process.stderr
        process.stdin.write(numbered(1000))
        process.stdin.flush()
        wait_for_reader(process)
        for _ in range(2):
            process.send_signal(signal.SIGINT)
            time.sleep(0.02)
        assert process.stderr.read() == "cxr: interrupted\n"
    assert process.returncode in (130, -signal.SIGINT)  # for a shell both are 130


def test_nohup_keeps_its_promise(tmp_path: Path) -> None:
    command = ["nohup", sys.executable, str(STAGES), "copy", "-o", "out.jsonl"]
    with subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while not [*tmp_path.glob("out*")]:
            time.sleep(0.05)
        process.send_signal(signal.SIGHUP)
        time.sleep(0.2)
        assert process.stdin
        process.stdin.write(numbered(1).encode())
    assert process.returncode == 0
    assert (tmp_path / "out.jsonl").read_text() == numbered(1)


def test_rows_that_are_asked_again_are_replaced(tmp_path: Path) -> None:
    from cxr_cli.rows import Flow, FlowOptions, Signed

    out = tmp_path / "out.jsonl"
    (tmp_path / "in.jsonl").write_text(numbered(3))
    signed = Signed("by", "x")
    failed = '{"id":"1","steps":null,"why":{"steps":"engine: refused"},"by":"x"}\n'
    out.write_text('{"id":"0","n":1,"why":{"steps":"no report"},"by":"x"}\n' + failed)
    asked: list[str] = []

    def stage(row: dict[str, object]) -> list[dict[str, object]]:
        asked.append(str(row["id"]))
        return [{"id": row["id"], "n": 2, "by": "x"}]

    options = FlowOptions([str(tmp_path / "in.jsonl")], output=out, resume=True)
    Flow(options, engine_key="steps").run(stage, signed=signed)
    assert asked == ["1", "2"]
    assert out.read_text().splitlines() == [
        '{"id":"0","n":1,"why":{"steps":"no report"},"by":"x"}',
        '{"id":"1","n":2,"by":"x"}',
        '{"id":"2","n":2,"by":"x"}',
    ]
    assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []


@pytest.mark.parametrize(
    ("command", "flags", "difference"),
    [
        ("mine", ["--steps", "none"], "made_by: steps:none"),
        ("mine", ["--steps", "reported"], "made_by: steps:reported"),
        ("mine", ["--task", "binary"], "made_by: task:binary"),
        ("mine", ["--findings", "edema,nodule"], "made_by: findings:edema,nodule"),
        ("mine", ["--make-split", "test=0.1,validate=0.2"], "made_by: make_split:test=0.1,validate=0.2"),
        ("mine", ["--per-finding", "3"], "made_by: per_finding:3"),
        ("mine", ["--dedupe"], "made_by: dedupe:True"),
        ("mine", ["--apart-from", "others.jsonl"], "made_by: apart_from:others.jsonl"),
        ("verify", ["--keep", "all"], "checked_by: keep:all"),
        ("verify", ["--keep", "cases"], "checked_by: keep:cases"),
        ("verify", ["--min-support", "0.5"], "checked_by: min_support:0.5"),
        ("verify", ["--on", "predictions"], "checked_by: on:predictions"),
        ("verify", ["--human", "marks.jsonl"], "marks:"),
        ("score", ["--statements"], "scored_by: statements:True"),
        ("label", ["--findings", "edema", "--set", "chexpert"], "labelled_by: findings:Edema"),
        ("label", ["--mentions"], "labelled_by: mentions:True"),
        ("label", ["--sections"], "labelled_by: sections:True"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, list) else "",
)
def test_every_setting_that_changes_rows_is_compared(
    tool: Tool, tmp_path: Path, command: str, flags: list[str], difference: str
) -> None:
    reply = "<think>There is a small left effusion.</think><answer>Yes</answer>"
    case = rows(tool("mine", "--task", "binary", stdin=REPORTS.encode()).out)[0] | {"predictions": [{"text": reply}]}
    (tmp_path / "in.jsonl").write_text(json.dumps(case) + "\n")
    (tmp_path / "others.jsonl").write_text('{"id":"x","patient":"p"}\n')
    mark = {"id": case["id"], "step": 1, "text": case["steps"][0]["text"], "by": "AB", "mark": "agree"}
    (tmp_path / "marks.jsonl").write_text(json.dumps(mark) + "\n")
    (tmp_path / "in.jsonl").write_text(REPORTS if command in ("mine", "label") else json.dumps(case) + "\n")
    for first, then, when in ((flags, [], "in the file, not now"), ([], flags, "now, not in the file")):
        done = tool(command, "in.jsonl", "-o", "out.jsonl", "--overwrite", *first)
        written = (tmp_path / "out.jsonl").read_text()
        assert (done.code, bool(written)) == (0, True), done.err
        assert tool(command, "in.jsonl", "-o", "out.jsonl", "--resume", *first).code == 0
        done = tool(command, "in.jsonl", "-o", "out.jsonl", "--resume", *then)
        assert done.code == 1
        assert done.err.startswith("cxr: out.jsonl:1: "), done.err
        assert difference in done.err
        assert done.err.endswith(f"{when}: --resume continues a run with its own options\n"), done.err
        assert (tmp_path / "out.jsonl").read_text() == written


def test_rows_that_have_changed_since_are_not_taken_for_finished(cxr: Cxr, tmp_path: Path) -> None:
    """Conversations without an id are named by their place: in front of them a line was put in."""
    lines = []
    for finding in ("effusion", "pneumothorax", "edema"):
        turns = (("user", f"Is there {finding}?"), ("assistant", "No"))
        messages = [{"role": role, "content": content} for role, content in turns]
        lines.append(json.dumps({"messages": messages, "prediction": "No"}))
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("\n".join(lines[1:]) + "\n")
    assert cxr("score", source, "-o", out).returncode == 0
    before = out.read_bytes()
    source.write_text("\n".join(lines) + "\n")
    done = cxr("score", source, "-o", out, "--resume")
    assert (done.returncode, out.read_bytes()) == (1, before)
    assert done.stderr == (
        f"cxr: {out}: in/1 had another question or report when it was written; --overwrite makes all rows anew\n"
    )
    source.write_text("\n".join([*lines[1:], lines[0]]) + "\n")
    assert cxr("score", source, "-o", out, "--resume").returncode == 0
    assert [row["id"] for row in rows(out.read_text())] == ["in/1", "in/2", "in/3"]


def test_a_study_that_has_changed_since_it_was_mined(cxr: Cxr, tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"id":"a","report":"Small left effusion."}\n')
    assert cxr("mine", source, "-o", out, "--task", "anomaly").returncode == 0
    source.write_text('{"id":"a","report":"Normal chest."}\n')
    done = cxr("mine", source, "-o", out, "--task", "anomaly", "--resume")
    assert (done.returncode, "a/anomaly had another question or report" in done.stderr) == (1, True)

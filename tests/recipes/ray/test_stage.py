"""recipes/ray/stage.py on a Ray of this machine, with two CPUs. `make build/ray/ready` installs Ray."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pytest

from cxr_cli.records import Row
from cxr_cli.rows.fields import restore
from cxr_cli.rows.files.reading import find
from cxr_cli.rows.output.output_lock import OutputLock

psutil = pytest.importorskip("psutil")
ROOT = Path(__file__).parents[3]
RECIPE = ROOT / "recipes" / "ray" / "stage.py"
PACKAGES = ROOT / "build" / "ray"
STUDIES, ROWS_PER_FILE, BROKEN = 2400, 100, 8
REPORTS = ("Small left pleural effusion. Possible edema.", "The lungs are clear.", "Pulmonary edema. Cardiomegaly.")
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("RAY_")},
    "PYTHONPATH": os.pathsep.join(map(str, (ROOT, PACKAGES))),
    "RAY_USAGE_STATS_ENABLED": "0",
    "CUDA_VISIBLE_DEVICES": "",
}
RUNS = """
import json, os, runpy, sys
for line in sys.stdin:
    sys.argv = json.loads(line)
    sys.path[0] = os.path.dirname(sys.argv[0])
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    except SystemExit as end:
        print(end.code, file=sys.stderr)
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (PACKAGES / "ready").exists(), reason="needs `make build/ray/ready`"),
]


@pytest.fixture(scope="module")
def ray() -> Iterator[Any]:
    """The process that runs Ray, on loopback. At the end nothing of it is left."""
    folder = tempfile.mkdtemp(prefix="cxr-ray-", dir="/tmp")  # paths of sockets must be short
    flags = "--head --block --port 0 --num-cpus 2 --node-ip-address 127.0.0.1 --include-dashboard false"
    memory = "--object-store-memory 100000000 --disable-usage-stats"
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", *flags.split(), *memory.split()]
    log = Path(folder, "log")
    with log.open("wb") as file:
        process = psutil.Popen([*command, "--temp-dir", folder], env=ENVIRONMENT, stdout=file, stderr=file)
    address = Path(folder, "ray_current_cluster")
    try:
        wait_for(lambda: address.exists() and b"started" in log.read_bytes(), process)
        ENVIRONMENT["RAY_ADDRESS"] = address.read_text().strip()
        yield process
    finally:
        processes = [*process.children(recursive=True), process]
        for one in processes:  # SIGTERM would wait for half a minute for what runs on it
            one.kill()
        _, alive = psutil.wait_procs(processes, timeout=20)
        shutil.rmtree(folder, ignore_errors=True)
    assert alive == []


def wait_for(condition: Callable[[], bool], process: Any) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert process.poll() is None, "it ended before its time"
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With `studies`, a folder of three files; some studies are broken, and others have nothing to ask about."""
    folder = tmp_path_factory.mktemp("ray")
    (folder / "studies").mkdir()
    rows = [{"uid": n, "text": REPORTS[n % 3], "labels": None, "age": 40.5} for n in range(STUDIES)]
    for row in rows[:: STUDIES // BROKEN]:
        row["labels"] = "unclear"
    for row in rows[1 :: STUDIES // BROKEN]:
        row["text"] = None
    for k in range(3):
        part = pl.DataFrame(rows[k::3], schema_overrides={"text": pl.String, "labels": pl.String})
        part.write_parquet(folder / "studies" / f"{k}.parquet")
    return folder


def start(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, RECIPE, *map(str, arguments)]
    return subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def mine(folder: Path) -> list[object]:
    options = ["--options", '{"findings": "edema"}', "--map", "id=uid,report=text", "--rows-per-file", ROWS_PER_FILE]
    return ["mine", folder / "studies", folder / "mined", *options]


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Its exit code, and its own lines on standard error."""
    _, errors = process.communicate(timeout=120)
    assert not any(report in errors for report in REPORTS)
    return process.returncode, "".join(line for line in errors.splitlines(True) if line.startswith("cxr: "))


def files(folder: Path) -> dict[str, bytes]:
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def checkpoints(folder: Path) -> list[Path]:
    return [path for path in folder.glob("checkpoint/*.parquet") if ".pending" not in path.name]


def rows(path: Path) -> list[Row]:
    """Sorted by id; a missing key is null in a table."""
    return sorted(
        (
            {name: cell for name, cell in restore(row).items() if cell is not None}
            for _, row, _ in find(str(path)).items()
        ),
        key=lambda row: row["id"],
    )


def command(*arguments: object) -> list[Row]:
    """What the command writes."""
    *words, output = map(str, arguments)
    done = subprocess.run([sys.executable, "-m", "cxr_cli", *words, "-o", output], capture_output=True, text=True)
    assert done.returncode in (0, 3), done.stderr
    return rows(Path(output))


def at_work(ray: Any) -> list[Any]:
    """The workers that write at this moment."""
    workers = []
    for child in ray.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if "->Write" in " ".join(child.cmdline()):
                workers.append(child)
    return workers


def kill_worker(ray: Any) -> bool:
    """Was there one to kill?"""
    workers = at_work(ray)
    for worker in workers[:1]:
        worker.kill()
    return bool(workers)


class Mined(NamedTuple):
    """A run of which a worker was killed, then the driver, and the run that went on. earlier: the files in `rows/` that
    the first had finished. code, message: of the second."""

    out: Path
    earlier: dict[str, bytes]
    tasks: int
    code: int
    message: str


@pytest.fixture(scope="module")
def mined(ray: Any, folder: Path) -> Mined:
    out = folder / "mined"
    driver = start(*mine(folder))
    wait_for(lambda: len(checkpoints(out)) >= 3, driver)
    wait_for(lambda: kill_worker(ray), driver)
    wait_for(lambda: len(checkpoints(out)) >= 8, driver)
    driver.kill()
    driver.communicate()
    wait_for(lambda: not at_work(ray), ray)  # they end with it, a moment later
    done = {path.stem for path in checkpoints(out)}
    earlier = {name: data for name, data in files(out / "rows").items() if name.removesuffix(".parquet") in done}
    return Mined(out, earlier, len(done), *finish(start(*mine(folder))))


def test_what_was_done_before_a_kill_is_not_done_again(mined: Mined) -> None:
    assert 8 <= mined.tasks < STUDIES // ROWS_PER_FILE
    earlier = f"({mined.tasks * ROWS_PER_FILE} of them by earlier runs)"
    assert mined.message.startswith(f"cxr: {STUDIES} rows in {earlier} -> ")
    assert mined.earlier.items() <= files(mined.out / "rows").items()


def test_nothing_is_lost_or_doubled(mined: Mined, folder: Path) -> None:
    ids = pl.concat([pl.read_parquet(path) for path in checkpoints(mined.out)])["uid"]
    assert sorted(ids) == [*range(STUDIES)]
    flags = ["--findings", "edema", "--map", "id=uid,report=text", "--on-error", "skip", "--rejects"]
    cases = command("mine", folder / "studies", *flags, folder / "rejects.jsonl", folder / "mined.jsonl")
    assert rows(mined.out / "rows") == cases
    assert mined.message.endswith(f" -> {len(cases)} rows in {mined.out}/rows, {BROKEN} rejected\n")
    assert mined.code == 3
    rejects = [json.loads(line) for path in (mined.out / "rejects").iterdir() for line in path.open()]
    expected = [json.loads(line) for line in (folder / "rejects.jsonl").open()]
    assert sorted((r["id"], r["reason"]) for r in rejects) == sorted((r["id"], r["reason"]) for r in expected)


def test_a_complete_run_ends_at_once_and_changes_nothing(mined: Mined, folder: Path) -> None:
    complete = files(mined.out)
    code, message = finish(start(*mine(folder), "--address", "127.0.0.1:1"))  # Ray is not asked
    assert (code, message.split(" -> ")[0]) == (3, f"cxr: {STUDIES} rows in ({STUDIES} of them by earlier runs)")
    assert files(mined.out) == complete


def test_stages_follow_each_other(mined: Mined, folder: Path) -> None:
    source = mined.out / "rows"
    cases = command("verify", source, folder / "verified.jsonl")
    message = f"cxr: {len(rows(source))} rows in -> {len(cases)} rows in {folder}/verified/rows, 0 rejected\n"
    assert finish(start("verify", source, folder / "verified")) == (0, message)
    assert rows(folder / "verified" / "rows") == cases


def test_errors(folder: Path) -> None:
    """Each is one line, and nothing is written or removed."""
    studies, old, busy, other = (folder / name for name in ("studies", "old", "busy", "other"))
    for out in (old, busy):
        out.mkdir()
        (out / "stage.json").write_text('{"stage": "mine"}')
    (other / "rows").mkdir(parents=True)
    pl.DataFrame({"id": ["a", "a"], "report": REPORTS[:2]}).write_parquet(other / "doubled.parquet")
    damaged = folder / "damaged"
    damaged.mkdir()
    (damaged / "a.parquet").write_bytes(b"PAR1")
    lock = OutputLock(busy / "lock", busy)
    (old / "lock").touch()
    cases: list[tuple[list[object], str]] = [
        (
            ["label", studies, folder / "new", "--map", "id=uid,report=text", "--address", "127.0.0.1:1"],
            "no Ray at 127.0.0.1:1: start one by `ray start --head`, or name another --address",
        ),
        (
            ["label", studies, folder / "new", "--map", "id=uid,report=text", "--address", "auto"],
            "no Ray at 127.0.0.1:1: start one by `ray start --head`, or name another --address",
        ),
        (
            ["label", studies, other, "--map", "id=uid,report=text"],
            f"{other} holds something other than an output of this recipe: name another folder",
        ),
        (
            ["label", studies, old, "--map", "id=uid,report=text"],
            f"{old} was made with another `stage`: mine, not label; name another folder",
        ),
        (
            ["label", studies, busy, "--map", "id=uid,report=text"],
            f"{busy}: another run is writing it; wait for its end, or name another file",
        ),
        (["label", other, folder / "new"], f"{other}: the id a is doubled: each must occur once"),
        (["label", studies, folder / "new"], f"{studies}: no column `id`: --map id=uid"),
        (
            ["label", damaged, folder / "new"],
            f"{damaged}: a file in it is damaged, is no Parquet file, or has other columns: take it out",
        ),
        (
            ["label", studies, studies / "new", "--map", "id=uid,report=text"],
            f"{studies}/new lies in INPUT, of which it would become a part: name another folder",
        ),
        (["label", folder, folder / "new"], f"{folder} is no folder of Parquet files"),
    ]
    (folder / "tmp" / "ray").mkdir(parents=True)
    (folder / "tmp" / "ray" / "ray_current_cluster").write_text("127.0.0.1:1")  # of one that has died
    before = files(folder)
    environment = {**ENVIRONMENT, "RAY_TMPDIR": str(folder / "tmp")}
    lines = "".join(f"{json.dumps([str(RECIPE), *map(str, arguments)])}\n" for arguments, _ in cases)
    done = subprocess.run([sys.executable, "-c", RUNS], input=lines, env=environment, capture_output=True, text=True)
    lock.close()
    assert done.stderr.splitlines() == [text for _, message in cases for text in (f"cxr: {message}", "1")]
    shutil.rmtree(folder / "new", ignore_errors=True)
    assert files(folder) == before

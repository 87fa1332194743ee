"""Decoding ahead of the model: order, errors by row, bounded memory, no processes left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cxr_cli.images import Films, Square, prefetch
from cxr_cli.rows import Row

DRIVER = """
import json, sys
from cxr_cli.images import Films, prefetch
if __name__ == "__main__":
    rows = [{"id": str(i), "images": ["a.png"]} for i in range(100_000)]
    for n, done in enumerate(prefetch(rows, Films(size=None, workers=2))):
        if n == 3:
            print("going", flush=True)
"""


@pytest.fixture
def films(tmp_path: Path) -> list[Row]:
    for i in range(20):
        Image.fromarray(np.array([[i] * 8] * 7 + [[99] * 8], np.uint8)).save(tmp_path / f"{i}.png")
    return [{"id": f"r{i}", "images": [f"{i}.png"]} for i in range(20)]


def children() -> set[int]:
    done = subprocess.run(["ps", "-o", "pid=", "--ppid", str(os.getpid())], capture_output=True, text=True)
    return {int(pid) for pid in done.stdout.split() if Path(f"/proc/{pid}").exists() and not_helper(int(pid))}


def not_helper(pid: int) -> bool:
    return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_rows_come_in_order_with_their_images(tmp_path: Path, films: list[Row], workers: int) -> None:
    got = list(prefetch(films, Films(tmp_path, Square(4), workers)))
    assert [done.row["id"] for done in got] == [row["id"] for row in films]
    assert [done.images[0].getpixel((0, 0)) for done in got] == list(range(20))
    assert {done.images[0].size for done in got} == {(4, 4)}
    assert children() == set()


@pytest.mark.parametrize("workers", [0, 2])
def test_a_bad_file_is_its_rows_error(tmp_path: Path, films: list[Row], workers: int) -> None:
    films[2]["images"] = ["2.png", "none.png"]
    films[3]["images"] = []
    got = list(prefetch(films, Films(tmp_path, None, workers)))
    assert [done.error for done in got if done.error] == ["image none.png does not exist"]
    assert [len(done.images) for done in got] == [1, 1, 0, 0] + [1] * 16


def test_a_prior_film_too(tmp_path: Path, films: list[Row]) -> None:
    row = {**films[5], "task": "temporal", "prior": {"images": ["4.png"]}}
    (done,) = prefetch([row], Films(tmp_path, None, workers=0))
    assert [image.getpixel((0, 0)) for image in done.images] == [4, 5]


def test_no_more_rows_are_read_than_it_decodes_ahead(tmp_path: Path, films: list[Row]) -> None:
    read = 0

    def rows() -> Iterator[Row]:
        nonlocal read
        for row in films:
            read += 1
            yield row

    stream = prefetch(rows(), Films(tmp_path, None, workers=1), ahead=3)
    for n in range(1, 6):
        next(stream)
        assert read == n + 2
    stream.close()  # type: ignore[attr-defined]
    assert (read, children()) == (7, set())


@pytest.mark.parametrize("workers", [0, 2])
def test_an_error_among_the_rows_comes_after_the_rows_before_it(tmp_path: Path, films: list[Row], workers: int) -> None:
    def rows() -> Iterator[Row]:
        yield from films[:5]
        raise ValueError("broken row")

    got = []
    with pytest.raises(ValueError, match="broken row"):
        got.extend(done.row["id"] for done in prefetch(rows(), Films(tmp_path, None, workers)))
    assert got == ["r0", "r1", "r2", "r3", "r4"]


class Deadly(Square):
    """A size that kills the process that resizes a film of 5 pixels' width, as a bug in a decoder would."""

    def of(self, width: int, height: int) -> tuple[int, int]:
        if width == 5:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().of(width, height)


def test_a_film_that_kills_its_worker_is_its_rows_error(tmp_path: Path, films: list[Row]) -> None:
    Image.linear_gradient("L").resize((5, 8)).save(tmp_path / "4.png")
    got = list(prefetch(films, Films(tmp_path, Deadly(8), workers=2)))
    assert [(done.row["id"], done.error) for done in got if done.error] == [("r4", "image 4.png crashes its decoder")]
    assert len(got) == 20


@pytest.mark.parametrize(("kill", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_ctrl_c_and_kill_leave_no_process(tmp_path: Path, kill: signal.Signals, code: int) -> None:
    (tmp_path / "driver.py").write_text(DRIVER)
    Image.linear_gradient("L").save(tmp_path / "a.png")
    process = subprocess.Popen(
        [sys.executable, "driver.py"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "going\n"
    group = os.getpgid(process.pid)
    if kill == signal.SIGINT:
        os.killpg(group, kill)  # as a terminal does: to all of them
    else:
        process.kill()
    _, errors = process.communicate(timeout=300)
    assert process.returncode in (code, -kill)
    assert errors.count("Traceback") == (1 if kill == signal.SIGINT else 0)  # the driver's own, none of a worker
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and in_group(group):
        time.sleep(0.1)
    assert in_group(group) == []


def in_group(group: int) -> list[str]:
    done = subprocess.run(["ps", "-eo", "pgid=,stat=,args="], capture_output=True, text=True)
    lines = [line.split(None, 2) for line in done.stdout.splitlines()]
    return [line[2] for line in lines if line[0] == str(group) and not line[1].startswith("Z")]


def test_plain_rows_will_do(tmp_path: Path, films: list[Row]) -> None:
    rows = [json.loads(json.dumps(row)) for row in films]
    assert next(prefetch(rows, Films(tmp_path, None, workers=0))).images[0].size == (8, 8)

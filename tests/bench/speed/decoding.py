"""Decoding ahead: films of 2,500 x 2,000 pixels, 16 bits, two workers. How busy are the cores, how flat is memory?

DECODING_FILMS=1000 takes the full figure; less by default. Needs none of the shared data.
"""

import os
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from cxr_cli.images import Films, Square, prefetch
from cxr_cli.phantoms import Recipe
from cxr_cli.phantoms.files import write_dicom

WORKERS = 2
FILES = 12  # different ones, read again and again


def main() -> None:
    count = int(os.environ.get("DECODING_FILMS", "200"))
    with tempfile.TemporaryDirectory() as folder:
        for phantom in Recipe().studies(FILES):
            film = np.resize(phantom.film.pixels(512), (2500, 2000))
            write_dicom(film, Path(folder, f"{phantom.row['id']}.dcm"), phantom.row["id"])
        names = sorted(path.name for path in Path(folder).iterdir())
        rows = [{"id": str(i), "images": [names[i % FILES]]} for i in range(count)]
        for size in (Square(448), None):
            _measure(rows, folder, size)


def _measure(rows: list[dict[str, object]], folder: str, size: Square | None) -> None:
    stream = prefetch(rows, Films(Path(folder), size, WORKERS))
    next(stream)  # the workers are up
    begun, before, idle = time.perf_counter(), _cpu(), _idle()
    memory, busy = [], 0.0
    for number, done in enumerate(stream, 2):
        assert done.error is None
        if number in (len(rows) // 4, len(rows) - 1):
            memory.append(_memory())
            busy = (_cpu() - before) / (time.perf_counter() - begun)
    seconds = time.perf_counter() - begun
    idle = (_idle() - idle) / seconds
    print(f"{len(rows)} films to {size}: {(len(rows) - 1) / seconds:.1f} films/s, {busy:.2f} cores busy (bar 1.8)")
    print(f"  {idle:.2f} of {os.cpu_count()} cores idle, so others used {(os.cpu_count() or 0) - idle - busy:.2f}")
    print(f"  memory of all processes {memory[0]:.0f} MB after a quarter, {memory[1]:.0f} MB at the end")


def _processes() -> list[int]:
    here = os.getpid()
    return [here, *map(int, Path(f"/proc/{here}/task/{here}/children").read_text().split())]


def _cpu() -> float:
    """Seconds of CPU that this process and its children have used."""
    ticks = 0
    for process in _processes():
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _idle() -> float:
    """Seconds that the machine's cores have had nothing to do, all together."""
    return int(Path("/proc/stat").read_text().split()[4]) / os.sysconf("SC_CLK_TCK")


def _memory() -> float:
    """MB that this process and its children hold."""
    pages = sum(int(Path(f"/proc/{process}/statm").read_text().split()[1]) for process in _processes())
    return pages * resource.getpagesize() / 2**20


if __name__ == "__main__":
    main()

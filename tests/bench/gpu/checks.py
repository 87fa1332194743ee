"""The checks by name, each in a process of its own: `python -m tests.bench.gpu.checks NAME FOLDER SECONDS [--cpu]`.

Standard output carries the results, one JSON list a line; all that libraries print goes to standard error.
"""

import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from tests.bench.gpu.result import Result
from tests.bench.gpu.scale import CPU, GPU, Scale

Run = Callable[[Scale, Path, float], Iterator[Result]]


class Check(NamedTuple):
    """run: "module:function". share: of the time of all."""

    run: str
    share: float


CHECKS = {
    "versions": Check("versions:run", 0.5),
    "infer": Check("bare:infer", 1),
    "sft": Check("bare:sft", 1.5),
    "rl": Check("bare:rl", 2),
    "resume-sft": Check("resuming:sft", 1),
    "resume-rl": Check("resuming:rl", 1),
    "miniature": Check("miniature:run", 3),
}


def main(name: str, folder: str, seconds: str, *flags: str) -> int:
    with os.fdopen(os.dup(1), "w") as results:
        os.dup2(2, 1)
        module, _, function = CHECKS[name].run.partition(":")
        try:
            run: Run = getattr(import_module(f"tests.bench.gpu.{module}"), function)
            for result in run(CPU if "--cpu" in flags else GPU, Path(folder), float(seconds)):
                print(json.dumps(result), file=results, flush=True)
        except Exception as error:
            traceback.print_exc()
            why = str(error).strip().splitlines()
            failure = Result(name, "it ends", f"{type(error).__name__}: {why[0][:200] if why else ''}", "", False)
            print(json.dumps(failure), file=results, flush=True)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

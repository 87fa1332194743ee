"""Small stages that only the tests have: `python tests/rows/small_stages.py copy IN -o OUT`, with every shared flag."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from functools import update_wrapper
from typing import Any

import click

from cxr_cli import options, sources
from cxr_cli.cli import main
from cxr_cli.errors import RowError
from cxr_cli.records import ScoredCase
from cxr_cli.rows import Flow, FlowOptions, Row, Source, write_text
from cxr_cli.sources import radrbench
from cxr_cli.sources.shapes import own_shape


def with_flow(find_source: Callable[[str], Source] = radrbench.find, default: str | None = None) -> Any:
    """A command that is handed a Flow, and ends with exit code 3 when rows were rejected."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        def wrapper(flow: FlowOptions, **values: Any) -> None:
            made = Flow(flow, find_source=find_source, shape=own_shape)
            command(made, **values)
            options.exit_if_incomplete(made.rejected)

        return options.flow(default=default)(update_wrapper(wrapper, command))

    return decorate


@click.group()
def stages() -> None:
    """Stages for tests."""


@stages.command()
@click.option("--wait", type=float, default=0, help="Seconds for each row.")
@with_flow()
def copy(flow: Flow, wait: float) -> None:
    """Each row as it is."""

    def stage(row: Row) -> Iterable[Row]:
        if wait:
            time.sleep(wait)
        return [row]

    flow.run(stage, ScoredCase)


@stages.command()
@with_flow(sources.find, default="examples")
def studies(flow: Flow) -> None:
    """Each study as it is, from any source."""
    flow.run(lambda row: [row])


@stages.command()
@with_flow()
def split(flow: Flow) -> None:
    """Two rows of each, `ID/a` and `ID/b`; a row without a report is refused after its first."""

    def stage(row: Row) -> Iterator[Row]:
        yield {"id": f"{row['id']}/a"}
        if row.get("report") is None:
            raise RowError("", "no report to split")
        yield {"id": f"{row['id']}/b"}

    flow.run(stage)


@stages.command()
@with_flow()
def backwards(flow: Flow) -> None:
    """All rows, the last one first; a row without a report is refused."""

    def stage(rows: Iterator[Row]) -> Iterator[Row]:
        for row in reversed(list(rows)):
            if row.get("report") is None:
                flow.reject(row, "no report")
            else:
                yield row

    flow.pipe(stage)


@stages.command()
@click.option("--jobs", type=int, default=1)
@click.option("--wait", type=float, default=0, help="Seconds for each row.")
@with_flow()
def parallel(flow: Flow, jobs: int, wait: float) -> None:
    """Each row with `done`, by several processes; one without a report is refused, "kill" kills its process."""

    def work(row: Row) -> bool:
        time.sleep(wait)
        if row.get("report") is None:
            raise RowError("", "no report")
        if row["report"] == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        return True

    flow.pipe(lambda rows: ({**row, "done": done} for row, done in flow.each(work, rows, jobs)))


@stages.command()
@with_flow()
def noisy(flow: Flow) -> None:
    """Prints from Python, from the file descriptor and from a child while it works; then a text of its own."""

    def stage(row: Row) -> Iterable[Row]:
        print("noise from print")
        os.write(1, b"noise from C\n")
        os.system("echo noise from a child")
        return [row]

    flow.run(stage)
    write_text("the product")


@stages.command()
@with_flow()
def peak(flow: Flow) -> None:
    """Copies rows; says on stderr how many MB of memory the process had at most."""
    import resource

    flow.run(lambda row: [row])
    print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB", file=sys.stderr)


if __name__ == "__main__":
    main(stages)

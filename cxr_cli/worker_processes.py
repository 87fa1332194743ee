"""Work on many items in several processes, its results in order.

for row, cases in results(miner, rows, jobs=4): ...
"""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar

from cxr_cli.errors import CxrError, LateError

if TYPE_CHECKING:
    from concurrent.futures import Future
    from concurrent.futures.process import ProcessPoolExecutor

A = TypeVar("A")
B = TypeVar("B")
MOST_JOBS = 64  # the reading process cannot keep more busy, and each needs memory
ITEMS_A_CHUNK = 128  # items that go to a process at a time: the questions of a report stay together
_CHUNKS_AHEAD = 2  # for each process, so that none waits for the next
_FOR_MAIN = {signal.SIGINT, signal.SIGHUP} | ({signal.SIGTERM} if hasattr(signal, "sigwaitinfo") else set())
_work: list[Callable[[Any], Any]] = []  # of a worker: the function that it was started with


def results(function: Callable[[A], B], items: Iterable[A], jobs: int) -> Iterator[tuple[A, B]]:
    """Each item with `function(item)`, in order. jobs: how many processes work; 0 for one a core; 1 for this one alone.

    The first items are worked on here, and what that loads the workers have from the start: they are forks. So
    `function` may be anything, but what it changes stays in its process; what it gives must be picklable. An error, of
    `items` too, comes after the results before it. CxrError: a worker was killed.
    """
    jobs = jobs or core_count()
    coming = LateError(items)
    for item in coming if jobs == 1 else islice(coming, ITEMS_A_CHUNK):
        yield item, function(item)
    first = list(islice(coming, ITEMS_A_CHUNK))
    if first:
        yield from _results_of_workers(function, first, coming, jobs)
    coming.raise_error()


def _results_of_workers(
    function: Callable[[A], B], first: list[A], coming: Iterator[A], jobs: int
) -> Iterator[tuple[A, B]]:
    """first: the first chunk, which is not empty."""
    from concurrent.futures.process import BrokenProcessPool

    executor, future = _first_submitted(function, first, jobs)
    waiting: deque[tuple[list[A], Future[list[B]]]] = deque([(first, future)])
    try:
        while waiting:
            while len(waiting) < _CHUNKS_AHEAD * jobs and (chunk := list(islice(coming, ITEMS_A_CHUNK))):
                waiting.append((chunk, executor.submit(_results_of, chunk)))
            done, future = waiting.popleft()
            yield from zip(done, future.result(), strict=True)
    except BrokenProcessPool as error:
        raise CxrError("a worker process was killed, perhaps for its memory: fewer --jobs need less") from error
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _first_submitted(
    function: Callable[[A], B], first: list[A], jobs: int
) -> "tuple[ProcessPoolExecutor, Future[list[B]]]":
    """The pool, all of whose workers the first chunk has started, and what comes of this chunk. CxrError: the system
    has no room for so many; those that were started are ended, for which Python would wait at its own end."""
    from concurrent.futures.process import ProcessPoolExecutor
    from multiprocessing import active_children, get_context

    others = {*active_children()}
    try:
        with start_errors_named("--jobs"):
            executor = ProcessPoolExecutor(jobs, get_context("fork"), _begin, (function,))
            return executor, executor.submit(_results_of, first)
    except CxrError:
        for worker in {*active_children()} - others:
            worker.kill()
            worker.join()
        raise


@contextmanager
def start_errors_named(flag: str) -> Iterator[None]:
    """Names `flag`, which sets the number of worker processes, if they cannot be started: CxrError."""
    try:
        with _without_signals():
            yield
    except OSError as error:
        raise CxrError(f"worker processes cannot be started: {error.strerror}; a lower {flag} starts fewer") from error


def core_count() -> int:
    """How many cores this process may use, MOST_JOBS at most."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MOST_JOBS)


def _begin(function: Callable[[Any], Any]) -> None:
    _work.append(function)
    end_with_parent()


def _results_of(chunk: list[Any]) -> list[Any]:
    return [*map(_work[-1], chunk)]


@contextmanager
def _without_signals() -> Iterator[None]:
    """A process inherits blocked signals when it starts: Ctrl-C, a terminal that closes, or the SIGTERM that Slurm
    sends to all processes of a job is for the main process alone, which then closes the pool. A worker that it ended in
    the middle of its work would leave half a message, for whose rest the main process waits for ever."""
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, _FOR_MAIN)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def end_while_starting() -> None:
    """Ends a worker that runs the script again as it starts: without `if __name__ == "__main__":` it would start the
    script's workers too, which Python refuses at length. The main process then says that its workers cannot start."""
    from multiprocessing import current_process

    if getattr(current_process(), "_inheriting", False):
        raise SystemExit(1)


def end_with_parent() -> None:
    """Ends a worker when its main process is gone, for which it would wait for ever, or sends it SIGTERM."""
    from multiprocessing import parent_process

    def watch() -> None:
        if parent := parent_process():
            parent.join()
            os._exit(1)

    def obey() -> None:
        while signal.sigwaitinfo({signal.SIGTERM}).si_pid != os.getppid():
            pass
        os._exit(1)

    Thread(target=watch, daemon=True).start()
    if signal.SIGTERM in _FOR_MAIN:
        Thread(target=obey, daemon=True).start()

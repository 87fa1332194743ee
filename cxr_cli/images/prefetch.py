"""Decoding in worker processes, ahead of whoever uses the pictures, in the order of the rows and in bounded memory."""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from itertools import islice
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import NamedTuple

from PIL import Image

from cxr_cli.images.loading import BadImage, load
from cxr_cli.images.sizes import Size
from cxr_cli.records import Row

Loader = Callable[[str], Image.Image]
Done = list[Image.Image] | str


class Decoded(NamedTuple):
    """A row with its pictures. error: why it has none, for `flow.reject(row, error)`."""

    row: Row
    pictures: list[Image.Image]
    error: str | None = None


def images_of(row: Row) -> list[str]:
    """The paths of a row's own images."""
    return list(row.get("images") or ())


def decoded(
    rows: Iterable[Row],
    root: str | Path | None = None,
    size: Size | None = None,
    workers: int = 2,
    *,
    paths: Callable[[Row], Sequence[str]] = images_of,
    rgb: bool = False,
    cache: str | Path | None = None,
    ahead: int | None = None,
) -> Iterator[Decoded]:
    """Each row, in order, with its decoded pictures.

    workers: processes; 0 decodes here, a row when it is asked for. ahead: how many rows are read and decoded before
    they are asked for (4 a worker unless told): memory holds so many rows and no more. paths: the files that a row
    needs, a prior film's among them. A file that cannot be used is its row's `error`, even one that kills its worker.
    Close the iterator, or leave the loop, to stop the workers. Raises CxrError when a decoder has to be installed.
    """
    loader = partial(load, root=root, size=size, rgb=rgb, cache=cache)
    if workers == 0:
        for row in rows:
            yield _decoded(row, _load_all(loader, paths(row)))
        return
    given = _Given(rows)
    waiting: deque[tuple[Row, Future[Done]]] = deque()
    pool = _Pool(loader, workers)
    try:
        while True:
            for row in islice(given, max(0, (ahead or 4 * workers) - len(waiting))):
                waiting.append((row, pool.submit(paths(row))))
            if not waiting:
                given.end()
                return
            row, future = waiting.popleft()
            try:
                done = future.result()
            except BrokenProcessPool:
                done = pool.alone(paths(row))
                waiting = deque((row, pool.submit(paths(row))) for row, _ in waiting)
            yield _decoded(row, done)
    finally:
        pool.close()


class _Given:
    """The rows. An error among them waits until the rows before it have gone through."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = iter(rows)
        self._error: Exception | None = None

    def __iter__(self) -> Iterator[Row]:
        return self

    def __next__(self) -> Row:
        if self._error is not None:
            raise StopIteration
        try:
            return next(self._rows)
        except StopIteration:
            raise
        except Exception as error:
            self._error = error
            raise StopIteration from None

    def end(self) -> None:
        if self._error is not None:
            raise self._error


class _Pool:
    """Processes that load pictures, replaced when one has died."""

    def __init__(self, loader: Loader, workers: int) -> None:
        self._loader, self._workers = loader, workers
        self._open(workers)

    def submit(self, paths: Sequence[str]) -> "Future[Done]":
        # A worker inherits what is blocked when it starts: Ctrl-C is for the main process, which then closes the pool.
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            return self._executor.submit(_load_all, self._loader, list(paths))
        except BrokenProcessPool as error:
            future: Future[Done] = Future()
            future.set_exception(error)
            return future
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)

    def alone(self, paths: Sequence[str]) -> Done:
        """After a worker's death: that row again, by itself, to see whether it was the one."""
        self.close()
        self._open(1)
        try:
            return self.submit(paths).result()
        except BrokenProcessPool:
            return f"image {', '.join(paths)} crashes its decoder"
        finally:
            self.close()
            self._open(self._workers)

    def close(self) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _open(self, workers: int) -> None:
        self._executor = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_end_with_parent)


def _end_with_parent() -> None:
    """A worker whose main process was killed would wait for work for ever."""

    def watch() -> None:
        if parent := parent_process():
            parent.join()
            os._exit(1)

    Thread(target=watch, daemon=True).start()


def _load_all(loader: Loader, paths: Sequence[str]) -> Done:
    try:
        return [loader(path) for path in paths]
    except BadImage as error:
        return error.reason


def _decoded(row: Row, done: Done) -> Decoded:
    return Decoded(row, [], done) if isinstance(done, str) else Decoded(row, done)

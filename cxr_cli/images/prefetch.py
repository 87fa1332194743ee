"""Films are decoded in worker processes, ahead of the model, in the order of the rows and in bounded memory.

for row, images, error in prefetch(rows, Films(root=Path("studies"), size=Square(448), workers=2)): ...
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from itertools import islice
from multiprocessing import get_context
from typing import NamedTuple

from PIL import Image

from cxr_cli.errors import CxrError, LateError
from cxr_cli.images.film_errors import BadImage
from cxr_cli.images.films import Films, films_of
from cxr_cli.images.loading import load_film
from cxr_cli.records import Row
from cxr_cli.worker_processes import end_with_parent, start_errors_named

Loader = Callable[[str], Image.Image]
ImagesOrReason = list[Image.Image] | str


class RowImages(NamedTuple):
    """A row with the images of its films. error: why it has none, for `flow.reject(row, error)`."""

    row: Row
    images: list[Image.Image]
    error: str | None = None


def prefetch(rows: Iterable[Row], films: Films, *, ahead: int | None = None) -> Iterator[RowImages]:
    """Each row, in order, with the decoded images of its films.

    ahead: how many rows are read and decoded before they are asked for (default: 4 a worker); memory holds no more. A
    file that cannot be used is the `error` of its row, even a file that kills its worker. Close the iterator, or leave
    the loop, to stop the workers. Raises CxrError when a decoder has to be installed, or
    the workers cannot start.
    """
    loader = partial(load_film, root=films.root, size=films.size, cache=films.cache)
    if films.workers == 0:
        for row in rows:
            yield _row_images(row, _load_all(loader, films_of(row)))
        return
    ahead = ahead or 4 * films.workers
    coming = LateError(rows)
    waiting: deque[tuple[Row, Future[ImagesOrReason]]] = deque()
    pool = _Pool(loader, films.workers)
    try:
        while True:
            for row in islice(coming, max(0, ahead - len(waiting))):
                waiting.append((row, pool.submit(films_of(row))))
            if not waiting:
                coming.raise_error()
                return
            row, future = waiting.popleft()
            try:
                result = future.result()
            except BrokenProcessPool:
                result = pool.load_alone(films_of(row))
                waiting = deque((row, pool.submit(films_of(row))) for row, _ in waiting)
            yield _row_images(row, result)
    finally:
        pool.close()


class _Pool:
    """Worker processes that load films; they are replaced when one of them has died."""

    def __init__(self, loader: Loader, workers: int) -> None:
        self._loader, self._workers = loader, workers
        self._open(workers)

    def submit(self, paths: Sequence[str]) -> "Future[ImagesOrReason]":
        with start_errors_named("--workers"):
            try:
                return self._executor.submit(_load_all, self._loader, list(paths))
            except BrokenProcessPool as error:
                future: Future[ImagesOrReason] = Future()
                future.set_exception(error)
                return future

    def load_alone(self, paths: Sequence[str]) -> ImagesOrReason:
        """After a worker's death: one row again, by itself, to see whether its films are the cause. CxrError: a worker
        dies without films too."""
        self.close()
        self._open(1)
        try:
            self._check_start()
            return self.submit(paths).result()
        except BrokenProcessPool:
            return f"image {', '.join(paths)} crashes its decoder"
        finally:
            self.close()
            self._open(self._workers)

    def _check_start(self) -> None:
        try:
            self.submit(()).result()
        except BrokenProcessPool:
            raise CxrError(
                "the workers that decode films cannot start: put the code of your script under "
                '`if __name__ == "__main__":`, or decode without workers'
            ) from None

    def close(self) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _open(self, workers: int) -> None:
        context = get_context("spawn")
        with start_errors_named("--workers"):  # the process in which Python keeps track of semaphores starts here
            self._executor = ProcessPoolExecutor(workers, mp_context=context, initializer=end_with_parent)


def _load_all(loader: Loader, paths: Sequence[str]) -> ImagesOrReason:
    try:
        return [loader(path) for path in paths]
    except BadImage as error:
        return error.reason


def _row_images(row: Row, result: ImagesOrReason) -> RowImages:
    return RowImages(row, [], result) if isinstance(result, str) else RowImages(row, result)

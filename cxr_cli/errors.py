"""The errors and notes that users see, each in one line; and how an error waits for its turn."""

import sys
from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar

T = TypeVar("T")
LONGEST_SHOWN = 80
"""Characters of an id or a name in a message; a longer one is shortened."""


def one_line(text: str) -> str:
    """A message for a terminal. What would break the line or play with it is escaped: a newline becomes `\\n`.

    So are halves of characters, as which Python holds the bytes of a file name that are not UTF-8.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


_notes_enabled = False


def enable_notes() -> None:
    """From here on `note` prints. The commands do; a program that imports `cxr_cli` has a standard error of its own."""
    global _notes_enabled
    _notes_enabled = True


def note(text: str, *below: str) -> None:
    """A line on stderr: "cxr: no rows in stdin". below: lines that belong to it."""
    if _notes_enabled and sys.stderr is not None:
        print("\n".join(map(one_line, (f"cxr: {text}", *below))), file=sys.stderr)


def library_message(error: BaseException) -> str:
    """What a library says of its error, on one line: 300 characters at most, or else the name of its class."""
    return " ".join(str(error).split())[:300] or type(error).__name__


def shortened(text: str) -> str:
    """An id or a name, for a message."""
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}.."


class CxrError(Exception):
    """Printed as one line on stderr, without a traceback; the command exits with 1.

    The message names file, line and id where it can, and never quotes reports or patient data.
    """

    exit_code = 1

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


class EngineError(CxrError):
    """An engine, or its server, kept failing: the run stops, what is written stays, and the command exits with 4."""

    exit_code = 4


class RowError(CxrError):
    """A row is broken: "cases.jsonl:3: field `id`: missing". `--on-error skip` sends it to `--rejects` and goes on.

    where: `path:line`, of Parquet `path:row`, from 1. id: the row's id, if it could be read.
    """

    def __init__(self, where: str, reason: str, *, id: str | None = None) -> None:
        self.where, self.reason, self.id = where, reason, id
        super().__init__(f"{where}: {reason}" + (f" (id {shortened(id)})" if id is not None else ""))

    def __reduce__(self) -> Any:  # by itself an exception is pickled by its message alone
        return _restore_error, (type(self), self.args, vars(self))


def _restore_error(kind: type[RowError], args: tuple[str, ...], attributes: dict[str, Any]) -> RowError:
    error = kind.__new__(kind, *args)
    error.args = args
    vars(error).update(attributes)
    return error


class LateError(Generic[T]):
    """`items`. An error among them ends them; `raise_error` raises it, once the caller is done with those before it."""

    def __init__(self, items: Iterable[T]) -> None:
        self._items = iter(items)
        self._error: Exception | None = None

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        if self._error is not None:
            raise StopIteration
        try:
            return next(self._items)
        except StopIteration:
            raise
        except Exception as error:
            self._error = error
            raise StopIteration from None

    def raise_error(self) -> None:
        if self._error is not None:
            raise self._error

"""A function over many rows."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, get_args, overload

from cxr_cli.errors import CxrError, RowError
from cxr_cli.library.option_checks import check_one_of
from cxr_cli.library.plain_rows import each_row
from cxr_cli.records import Row

Errors = Literal["raise", "keep"]
RowFunction = Callable[[Mapping[str, Any]], Row | list[Row]]


@overload
def each(
    function: RowFunction, rows: Iterable[Mapping[str, Any]], errors: Literal["raise"] = "raise"
) -> Iterator[Row]: ...
@overload
def each(function: RowFunction, rows: Iterable[Mapping[str, Any]], errors: Errors) -> Iterator[Row | RowError]: ...
def each(
    function: RowFunction, rows: Iterable[Mapping[str, Any]], errors: Errors = "raise"
) -> Iterator[Row] | Iterator[Row | RowError]:
    """What `function` makes of each row, in order: `each(mine, studies)`, `each(score, answers, errors="keep")`.

    errors: "raise" ends at the first row that cannot be used, with its RowError; "keep" gives the RowError in the place
    of what the row would have become. CxrError: errors is neither, function no function, or rows no rows.
    """
    check_one_of("errors", errors, get_args(Errors))
    if not callable(function):
        raise CxrError(f"function: expected a function, got {type(function).__name__}")
    return _each(function, each_row("rows", rows), errors)


def _each(function: RowFunction, rows: Iterable[Mapping[str, Any]], errors: Errors) -> Iterator[Row | RowError]:
    for row in rows:
        try:
            result = function(row)
        except RowError as error:
            if errors == "raise":
                raise
            yield error
            continue
        if isinstance(result, list):
            yield from result
        else:
            yield result

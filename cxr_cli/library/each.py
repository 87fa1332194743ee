"""A function over many rows."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, get_args, overload

from cxr_cli.errors import CxrError, RowError
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
    of what the row would have become. CxrError: errors is neither.
    """
    if errors not in get_args(Errors):
        raise CxrError(f"errors: {errors} is none of {', '.join(get_args(Errors))}")
    return _each(function, rows, errors)


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

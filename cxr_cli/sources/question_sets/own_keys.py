"""The keys of a data set that a row keeps, such as `modality` or `class`: questions can be chosen by them."""

from collections.abc import Container, Mapping
from typing import Any

from cxr_cli.rows import Row


def with_own_keys(case: Row, item: Mapping[str, Any], renamed: Container[str]) -> Row:
    """The case, and every key of the item that is neither in it nor in it under another name."""
    return case | {key: value for key, value in item.items() if key not in case and key not in renamed}

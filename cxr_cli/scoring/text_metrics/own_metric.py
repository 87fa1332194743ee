"""A metric of one's own: `my_module:function`, with a module in this folder or an installed one.

def words(prediction, row): return len(prediction.split())      # a number, or None where it does not apply
"""

from collections.abc import Mapping, Sequence
from typing import Any

from cxr_cli.scoring.text_metrics.own_function import (
    code_digest,
    load_function,
    number_of_value,
    own_errors,
)


class OwnMetric:
    """function(prediction, row) -> a number or None. Raises CxrError: it is not there, fails, or gives no number."""

    of_reply = True

    def __init__(self, name: str) -> None:
        self._flag = f"--metric {name}"
        self.name, self._function = load_function("--metric", name)
        self.version = code_digest(self._function)

    def compare(
        self, references: Sequence[str], texts: Sequence[str], rows: Sequence[Mapping[str, Any]]
    ) -> list[float | None]:
        return [self._value(text, dict(row)) for text, row in zip(texts, rows, strict=True)]

    def _value(self, text: str, row: dict[str, Any]) -> float | None:
        with own_errors(f"{self._flag} (id {row.get('id')})"):
            value = self._function(text, row)
        return number_of_value(self._flag, value, row.get("id"))

"""The fingerprint of a set of rows: with it scores and cards name the exact questions they are about.

It does not depend on the order of the rows, nor on what later stages add to them.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from cxr_cli.rows.files import json_text
from cxr_cli.rows.files.embedded_films import film_content

QUESTION_FIELDS = ("id", "question", "options", "answer", "images")


def value_hash(value: Any) -> bytes:
    """16 bytes that stand for a JSON value."""
    return blake2b(json_text.encode(value), digest_size=16).digest()


class Fingerprint:
    """`str(fingerprint)` is eight hex digits of these fields of all rows; null, empty and missing are the same.

    The hashes of rows are added modulo 2^128, so that their order does not count and a doubled row does.
    """

    def __init__(self, fields: Sequence[str] = QUESTION_FIELDS) -> None:
        self.fields, self.rows, self._sum = fields, 0, 0

    def add(self, row: Mapping[str, Any]) -> None:
        values = [row.get(name) or None for name in self.fields]
        self._sum += int.from_bytes(value_hash([_with_contents(value) for value in values]))
        self.rows += 1

    def __str__(self) -> str:
        return blake2b((self._sum % 2**128).to_bytes(16), digest_size=4).hexdigest()


def _with_contents(value: Any) -> Any:
    """A list of films by what they show, not by the table that they lie in."""
    if not isinstance(value, list):
        return value
    return [film_content(item) if isinstance(item, str) else item for item in value]

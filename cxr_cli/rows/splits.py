"""Splits by patient for studies that have none: the same on every machine and in any order of the rows."""

from collections.abc import Mapping
from contextlib import suppress
from hashlib import blake2b

from cxr_cli.errors import CxrError
from cxr_cli.records import Row

DEFAULT_SPLIT = "train"


def parse_shares(text: str) -> dict[str, float]:
    """ "test=0.1,validate=0.1" -> {"test": .1, "validate": .1}; "" -> {}. Raises CxrError for anything else."""
    shares: dict[str, float] = {}
    for part in filter(None, text.split(",")):
        name, _, share = (piece.strip() for piece in part.partition("="))
        with suppress(ValueError):
            shares[name] = float(share)
        if not (name and 0 < shares.get(name, 0) <= 1):
            raise CxrError(f"--make-split: `{part}` is not NAME=SHARE, as in test=0.1")
    if round(sum(shares.values()), 9) > 1:
        raise CxrError(f"--make-split: the shares of {text} add up to more than 1")
    return shares


def assign_split(row: Row, shares: Mapping[str, float]) -> Row:
    """The row with a split drawn for its patient, or for its id if it has no patient. A row that has a split keeps it.

    The split depends on nothing else: in another data set, or with another seed, the patient has the same split.
    """
    if row.get("split") is not None:
        return row
    key = row.get("patient") or row["id"]
    position = int.from_bytes(blake2b(f"split/{key}".encode(), digest_size=8).digest()) / 2**64
    for name, share in shares.items():
        position -= share
        if position < 0:
            return {**row, "split": name}
    return {**row, "split": DEFAULT_SPLIT}

"""A split for studies that have none: by patient, the same on every machine, whatever the order and the rest."""

from collections.abc import Mapping
from contextlib import suppress
from hashlib import blake2b

from cxr_cli.errors import CxrError
from cxr_cli.records import Row

REST = "train"


def parse_shares(text: str) -> dict[str, float]:
    """ "test=0.1,validate=0.1" -> {"test": .1, "validate": .1}; "" -> {}. Raises CxrError for anything else."""
    found: dict[str, float] = {}
    for part in filter(None, text.split(",")):
        name, _, share = (piece.strip() for piece in part.partition("="))
        with suppress(ValueError):
            found[name] = float(share)
        if not (name and 0 < found.get(name, 0) <= 1):
            raise CxrError(f"--make-split: `{part}` is not NAME=SHARE, as in test=0.1")
    if round(sum(found.values()), 9) > 1:
        raise CxrError(f"--make-split: the shares of {text} are more than 1 together")
    return found


def assign_split(row: Row, shares: Mapping[str, float]) -> Row:
    """The row, with a split that is drawn for its patient, or for its id if it names none; what has a split keeps it.

    It depends on nothing else: another data set of the same patient, another seed give the same split.
    """
    if row.get("split") is not None:
        return row
    one = row.get("patient") or row["id"]
    drawn = int.from_bytes(blake2b(f"split/{one}".encode(), digest_size=8).digest()) / 2**64
    for name, share in shares.items():
        drawn -= share
        if drawn < 0:
            return {**row, "split": name}
    return {**row, "split": REST}

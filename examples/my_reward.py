"""A reward of your own: do the lesions have a side? `cxr rl .. --reward my_reward:sided`."""

from typing import Any

from cxr_cli.findings import read
from cxr_cli.rewards.functions import text_of

LESIONS = {"nodule", "mass", "pneumothorax", "pleural effusion"}


def sided(completions: list[Any], report: list[str | None], **columns: Any) -> list[float | None]:
    """The share of the lesions called present that have a side; None without a report or without such a lesion."""
    return [_share(text_of(reply)) if text else None for reply, text in zip(completions, report, strict=True)]


def _share(text: str) -> float | None:
    lesions = [finding for finding in read(text) if finding.name in LESIONS and finding.status == "present"]
    names, with_side = {f.name for f in lesions}, {f.name for f in lesions if f.side}
    return len(with_side) / len(names) if names else None

"""What is wrong in published result files, counted and named."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cxr_cli.published.judgements import SUBSTRING
from cxr_cli.scoring.judges.precomputed import IMPOSSIBLE, NOTHING, UNPARSABLE


class Defect(NamedTuple):
    """n: how often; text: what, and what of it."""

    name: str
    n: int
    text: str


class Defects:
    """Looks at scored rows of published results."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()
        self._references: defaultdict[str, set[int]] = defaultdict(set)

    def add(
        self, row: Mapping[str, Any], empty: bool, theirs: Mapping[str, float | str], fair: Mapping[str, float | str]
    ) -> None:
        """theirs, fair: the shares by the stored counts, as they are and as they can be."""
        judged = row.get("judged") or {}
        failed = [part for part, share in theirs.items() if share == UNPARSABLE]
        seen = self._seen
        seen["empty"] += empty
        seen["credited"] += empty and bool(judged.get("right") or judged.get("correct") or judged.get("effective"))
        seen["failed"] += len(failed)
        seen["half"] += len(failed) > 0 and "completeness" not in failed
        seen["impossible"] += sum(share == IMPOSSIBLE for share in fair.values())
        seen["nothing"] += sum(share in NOTHING.values() for share in theirs.values())
        seen["not stored"] += "by" in judged and "right" not in judged
        if judged.get("by") == SUBSTRING:
            right, read = judged["right"], row["scores"].get("accuracy")
            seen["substring"] += 1
            seen["left out"] += right is None and not empty
            seen["misread"] += right is not None and right != read
        if row.get("item") and judged.get("reference") is not None:
            self._references[row["item"]].add(judged["reference"])
        seen.update(row.get("defects") or ())

    def found(self, items: Mapping[str, Sequence[Sequence[str | None]]]) -> list[Defect]:
        """items: task -> the items of each model's rows."""
        seen = self._seen
        missing = total = nameless = 0
        for models in items.values():
            named = [{item for item in model if item} for model in models]
            nameless += sum(item is None for model in models for item in model)
            known = [model for model in named if model]
            total += len(set().union(*known))
            missing += len(set().union(*known)) - len(set.intersection(*known)) if known else 0
        anew = sum(len(counts) > 1 for counts in self._references.values())
        found = [
            Defect(
                "empty predictions",
                seen["empty"],
                f"{seen['credited']} of them credited all the same",
            ),
            Defect("differing item sets", missing, f"of {total} items are not in all models' files"),
            Defect("rows without an item", nameless, "no id and no report: in no common set, counted as they are"),
            Defect("matching by substring", seen["substring"], f"answers; {seen['misread']} of them read otherwise"),
            Defect("answers left out", seen["left out"], "not empty, but nothing to match in them"),
            Defect("verdicts not stored", seen["not stored"], "answers of which GPT-4o's verdict is not in the files"),
            Defect("impossible counts", seen["impossible"], "more recalled, correct or effective than there are"),
            Defect("failed judgements", seen["failed"], "error strings or refusals in place of counts"),
            Defect("rows counted by half", seen["half"], "in the sums of the released script, not in its n"),
            Defect("nothing to count", seen["nothing"], "parts without a denominator, counted 0"),
            Defect("references anew", anew, "items whose reference findings differ in number between models"),
            *(Defect(name, seen[name], "of the reference") for name in sorted(seen) if name.startswith("steps ")),
        ]
        return [defect for defect in found if defect.n]

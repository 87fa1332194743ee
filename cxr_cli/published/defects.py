"""What is wrong in published result files, counted and named."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cxr_cli.published.judgements import SUBSTRING
from cxr_cli.scoring.judges.precomputed import IMPOSSIBLE, NOTHING, UNREADABLE

TWICE, AS_LIST = "items twice", "predictions as a list"


class Defect(NamedTuple):
    """n: how often it occurs. text: what is counted, and what follows from it."""

    name: str
    n: int
    text: str


class Defects:
    """Counts what is wrong in scored rows of published results."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._references: defaultdict[str, set[int]] = defaultdict(set)

    def add(
        self,
        row: Mapping[str, Any],
        empty: bool,
        published: Mapping[str, float | str],
        possible: Mapping[str, float | str],
    ) -> None:
        """published, possible: the shares by the stored counts: as they are, and as far as they are possible."""
        judged = row.get("judged") or {}
        unreadable = [part for part, share in published.items() if share == UNREADABLE]
        counts = self._counts
        counts["empty"] += empty
        counts["credited"] += empty and bool(judged.get("right") or judged.get("correct") or judged.get("effective"))
        counts["failed"] += len(unreadable)
        counts["half"] += len(unreadable) > 0 and "completeness" not in unreadable
        counts["impossible"] += sum(share == IMPOSSIBLE for share in possible.values())
        counts["nothing"] += sum(share in NOTHING.values() for share in published.values())
        counts["unstored"] += "by" in judged and "right" not in judged
        if judged.get("by") == SUBSTRING:
            right, read = judged["right"], row["scores"].get("accuracy")
            counts["substring"] += 1
            counts["left out"] += right is None and not empty
            counts["misread"] += right is not None and right != read
        if row.get("item") and judged.get("reference") is not None:
            self._references[row["item"]].add(judged["reference"])
        counts.update(row.get("defects") or ())

    def counts(self, items: Mapping[str, Sequence[Sequence[str | None]]]) -> list[Defect]:
        """The defects that occur. items: task -> the items of each model's rows."""
        counts, misread = self._counts, self._counts["misread"]
        missing = total = nameless = 0
        for models in items.values():
            nameless += sum(item is None for model in models for item in model)
            of_models = [names for model in models if (names := {item for item in model if item})]
            total += len(set().union(*of_models))
            missing += len(set().union(*of_models)) - len(set.intersection(*of_models)) if of_models else 0
        differing_references = sum(len(numbers) > 1 for numbers in self._references.values())
        defects = [
            Defect("empty predictions", counts["empty"], f"{counts['credited']} of them got credit"),
            Defect("differing item sets", missing, f"of {total} items are not in all models' files"),
            Defect("rows without an item", nameless, "neither an id nor a report: in no common set, but counted"),
            Defect(TWICE, counts[TWICE], "an item again in the same file: as published all count, of ours the first"),
            Defect(AS_LIST, counts[AS_LIST], "in place of a text: their texts are read, one a line"),
            Defect(
                "matching by substring", counts["substring"], f"answers; {misread} of them are graded differently here"
            ),
            Defect("answers left out", counts["left out"], "not empty, but without anything to match"),
            Defect("verdicts not stored", counts["unstored"], "answers whose verdict by GPT-4o is not in the files"),
            Defect(
                "impossible counts", counts["impossible"], "more findings recalled, correct or effective than there are"
            ),
            Defect("failed judgements", counts["failed"], "error strings or refusals in place of counts"),
            Defect("half-counted rows", counts["half"], "in the sums of the released script, not in its n"),
            Defect("nothing to count", counts["nothing"], "parts without a denominator, counted 0"),
            Defect(
                "changed references",
                differing_references,
                "items whose number of reference findings differs between models",
            ),
            *(Defect(name, counts[name], "of the reference") for name in sorted(counts) if name.startswith("steps ")),
        ]
        return [defect for defect in defects if defect.n]

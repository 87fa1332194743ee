"""What people say of steps: the marks that `cxr view` downloads, as verdicts above a judge's.

{"id": "s1/binary/edema", "on": "steps", "sample": null, "step": 2, "text": "No edema is seen.", "shown": "supported",
 "mark": "disagree", "verdict": "contradicted", "comment": "Kerley lines on the left", "by": "AB"}
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from cxr_cli.errors import RowError
from cxr_cli.records import Mark, merge_reasons
from cxr_cli.rows import Row
from cxr_cli.rows.files import reading
from cxr_cli.rows.signatures import sign
from cxr_cli.rows.validation import check
from cxr_cli.verifying.interrater import told
from cxr_cli.verifying.verifier import support

_FLIPPED = {"supported": "contradicted", None: "contradicted"}  # any other becomes supported
_Key = tuple[str, str, int, int, str]


class Marks:
    """Marks by step and person; a later one of the same person replaces the one before. A comment alone is no verdict.

    pairs: of two who judged the same steps, people and the judge, how often they gave which two verdicts.
    """

    def __init__(self, marks: Iterable[Mapping[str, Any]]) -> None:
        self._marks: dict[_Key, dict[str, Mapping[str, Any]]] = {}
        for mark in marks:
            if mark.get("mark"):
                key = (mark["id"], mark.get("on", "steps"), mark.get("sample") or 0, mark["step"], mark["text"])
                self._marks.setdefault(key, {})[mark["by"]] = mark
        self._used: set[_Key] = set()
        self.pairs: dict[tuple[str, str], Counter[tuple[str, str]]] = {}

    @classmethod
    def read(cls, path: str) -> "Marks":
        """Raises RowError for a line that is no mark."""

        def checked() -> Iterator[Mapping[str, Any]]:
            for where, row, reason in reading.find(path).items():
                if reason := reason or check(row, Mark):
                    raise RowError(where, reason)
                yield row

        return cls(checked())

    def over(self, case: Row, on: str, judge: str) -> Row:
        """The checked case with what people say in the place of the judge's verdicts, which become each step's
        `second`; with the `support` that follows, and who said so in `checked_by`."""
        chains = [(case, 0)]
        if on == "predictions":
            chains = [(prediction, prediction.get("sample", n)) for n, prediction in enumerate(case["predictions"])]
        people: set[str] = set()
        for chain, sample in chains:
            if by := self._decide(chain["steps"] or (), (case["id"], on, sample), judge):
                chain |= {"support": support(chain["steps"])} | merge_reasons(chain, ["support"], {})
                people |= by
        signature = sign(engine="human", by=",".join(sorted(people)))
        return case | {"checked_by": f"{signature} & {case['checked_by']}"} if people else case

    def _decide(self, steps: Sequence[Row], chain: tuple[str, str, int], judge: str) -> set[str]:
        """Returns who marked any of the steps. Of several people most decide, at a tie who came first."""
        people: set[str] = set()
        for number, step in enumerate(steps, 1):
            key = (*chain, number, step["text"])
            if key not in self._marks:
                continue
            self._used.add(key)
            marks = self._marks[key]
            people |= marks.keys()
            verdicts = {by: verdict_of(mark, step["verdict"]) for by, mark in marks.items()}
            verdict = Counter(verdicts.values()).most_common(1)[0][0]
            self._count(verdicts | ({judge: step["verdict"]} if step["verdict"] else {}))
            deciding = [by for by in verdicts if verdicts[by] == verdict]
            comments = [marks[by]["comment"] for by in deciding if marks[by].get("comment")]
            step["second"] = {"judge": judge, "verdict": step["verdict"], "reason": step["reason"]}
            step |= {"verdict": verdict, "reason": "; ".join(comments) or f"marked by {', '.join(deciding)}"}
        return people

    def _count(self, verdicts: Mapping[str, str]) -> None:
        for one, other in combinations(verdicts, 2):
            names = (one, other) if (one, other) in self.pairs or (other, one) not in self.pairs else (other, one)
            self.pairs.setdefault(names, Counter())[verdicts[names[0]], verdicts[names[1]]] += 1

    def report(self) -> list[str]:
        """For a person: how far who agrees with whom, and marks that fit no step."""
        lines = [told(names, pairs) for names, pairs in sorted(self.pairs.items())]
        if unused := len(self._marks.keys() - self._used):
            lines.append(f"{unused} of {len(self._marks)} marked steps are not in these rows as they were marked")
        return lines


def verdict_of(mark: Mapping[str, Any], judged: str | None) -> str:
    """What the mark says, else the judge's verdict, or with "disagree" the opposite of it."""
    if mark.get("verdict"):
        return str(mark["verdict"])
    if mark["mark"] == "agree":
        return judged or "supported"
    return _FLIPPED.get(judged, "supported")

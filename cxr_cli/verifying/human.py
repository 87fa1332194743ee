"""People's verdicts on steps: the marks that `cxr view` downloads, which go before a judge's verdicts.

{"id": "s1/binary/edema", "on": "steps", "sample": null, "answered_by": null, "model": null, "step": 2,
 "text": "No edema is seen.", "shown": "supported", "mark": "disagree", "verdict": "contradicted",
 "comment": "Kerley lines on the left", "by": "AB", "at": "2026-11-28T16:00:00.000Z"}
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import combinations
from typing import Any, get_type_hints

from cxr_cli.errors import RowError
from cxr_cli.records import Chains, Mark, merge_reasons
from cxr_cli.rows import Row
from cxr_cli.rows.files import reading
from cxr_cli.rows.fingerprint import Fingerprint
from cxr_cli.rows.signatures import sign
from cxr_cli.rows.validation import check_row
from cxr_cli.verifying.interrater import agreement_text
from cxr_cli.verifying.steps.verifier import support

_FLIPPED = {"supported": "contradicted", None: "contradicted"}  # any other becomes supported
_Key = tuple[str, str, int, int, str]
_MarkRow = Mapping[str, Any]


class HumanMarks:
    """Marks by step and person; a later one of the same person replaces the one before: by `at`, else by its place in
    the file. A comment alone is no verdict. A mark on a prediction counts for the model that it names in `answered_by`.

    digest: of all marks, for signatures. pairs: for each two raters (people, or the judge) of the same steps, how often
    each pair of verdicts occurred.
    """

    def __init__(self, marks: Iterable[_MarkRow]) -> None:
        self._marks: dict[_Key, dict[tuple[str | None, str], _MarkRow]] = {}  # step -> (model, person) -> mark
        self._unclear: set[_Key] = set()
        self.digest = Fingerprint([*get_type_hints(Mark)])
        for mark in marks:
            self.digest.add(mark)
            if not mark.get("mark"):
                continue
            key = (mark["id"], mark.get("on", "steps"), mark.get("sample") or 0, mark["step"], mark["text"])
            of_step, rater = self._marks.setdefault(key, {}), (mark.get("answered_by"), mark["by"])
            before = of_step.get(rater)
            if before and rater[0] is None and _of_two_models(before, mark):
                self._unclear.add(key)
            if not (before and _is_older(mark, before)):
                of_step[rater] = mark
        self._used: set[_Key] = set()
        self.pairs: dict[tuple[str, str], Counter[tuple[str, str]]] = {}

    @classmethod
    def read(cls, path: str) -> "HumanMarks":
        """The marks in a file. RowError: a line is no mark."""

        def valid_marks() -> Iterator[Mapping[str, Any]]:
            for where, row, reason in reading.find(path).items():
                if reason := reason or check_row(row, Mark) or _fault(row):
                    raise RowError(where, reason)
                yield row

        return cls(valid_marks())

    def apply(self, case: Row, on: Chains, judge: str) -> Row:
        """The checked case with people's verdicts; those of the judge become the `second` of each step.

        Its `support` is counted anew, and `checked_by` names the people.
        """
        chains = [(case, 0)]
        if on == "predictions":
            predictions = case["predictions"] or ()
            chains = [(prediction, prediction.get("sample", n)) for n, prediction in enumerate(predictions)]
        people: set[str] = set()
        for chain, sample in chains:
            if by := self._decide(chain["steps"] or (), (case["id"], on, sample), case.get("answered_by"), judge):
                chain |= {"support": support(chain["steps"])} | merge_reasons(chain, ["support"], {})
                people |= by
        signature = sign(engine="human", by=",".join(sorted(people)))
        return case | {"checked_by": f"{signature} & {case['checked_by']}"} if people else case

    def _decide(
        self, steps: Sequence[Row], chain: tuple[str, str, int], answered_by: str | None, judge: str
    ) -> set[str]:
        """Who marked any of the steps. The verdict that most people give decides; at a tie, the one given first."""
        people: set[str] = set()
        for number, step in enumerate(steps, 1):
            key = (*chain, number, step["text"])
            if key in self._unclear or not (marks := self._of_model(key, answered_by)):
                continue
            self._used.add(key)
            people |= marks.keys()
            verdicts = {by: verdict_of(mark, step["verdict"]) for by, mark in marks.items()}
            verdict = Counter(verdicts.values()).most_common(1)[0][0]
            self._count(verdicts | ({judge: step["verdict"]} if step["verdict"] else {}))
            deciding = [by for by in verdicts if verdicts[by] == verdict]
            comments = [marks[by]["comment"] for by in deciding if marks[by].get("comment")]
            step["second"] = {"judge": judge, "verdict": step["verdict"], "reason": step["reason"]}
            step |= {"verdict": verdict, "reason": "; ".join(comments) or f"marked by {', '.join(deciding)}"}
        return people

    def _of_model(self, key: _Key, answered_by: str | None) -> dict[str, _MarkRow]:
        """The mark of each person on this step: the one that names the model, else one that names none."""
        marks = self._marks.get(key, {})
        return {
            by: mark for name in dict.fromkeys((None, answered_by)) for (of, by), mark in marks.items() if of == name
        }

    def _count(self, verdicts: Mapping[str, str]) -> None:
        for one, other in combinations(verdicts, 2):
            names = (one, other) if (one, other) in self.pairs or (other, one) not in self.pairs else (other, one)
            self.pairs.setdefault(names, Counter())[verdicts[names[0]], verdicts[names[1]]] += 1

    def report(self) -> list[str]:
        """Lines for a person: how far each two agree, and how many marks fit no step."""
        lines = [agreement_text(names, pairs) for names, pairs in sorted(self.pairs.items())]
        if self._unclear:
            what = "step is" if len(self._unclear) == 1 else "steps are"
            lines.append(
                f"{len(self._unclear)} marked {what} left to the judge: two models have it, and no `answered_by` tells "
                "which was marked how"
            )
        if unused := len(self._marks.keys() - self._used - self._unclear):
            lines.append(f"{unused} of {len(self._marks)} marked steps are not in these rows as they were marked")
        return lines


def _of_two_models(one: _MarkRow, other: _MarkRow) -> bool:
    """Do the marks name different models, and differ?"""
    return one.get("model") != other.get("model") and any(one.get(k) != other.get(k) for k in ("mark", "verdict"))


def _is_older(mark: _MarkRow, other: _MarkRow) -> bool:
    """False where one of the two does not say when it was set."""
    times = [_time(one["at"]) for one in (mark, other) if one.get("at")]
    return len(times) == 2 and times[0] < times[1]


def _time(at: str) -> datetime:
    """ValueError: not ISO 8601. A time without a zone is UTC, as in a browser's own marks."""
    time = datetime.fromisoformat(at)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _fault(mark: _MarkRow) -> str | None:
    """What the types of `Mark` do not say: names stand in signatures and in messages, and times are compared."""
    if not mark["by"].isprintable() or "|" in mark["by"]:
        return "field `by`: a name has no `|` and no control characters"
    try:
        if mark.get("at"):
            _time(mark["at"])
    except ValueError:
        return "field `at`: not a time as in 2026-11-28T16:00:00Z"
    return None


def verdict_of(mark: Mapping[str, Any], judge_verdict: str | None) -> str:
    """The verdict of the mark; without one the judge's verdict, or, with "disagree", its opposite."""
    if mark.get("verdict"):
        return str(mark["verdict"])
    if mark["mark"] == "agree":
        return judge_verdict or "supported"
    return _FLIPPED.get(judge_verdict, "supported")

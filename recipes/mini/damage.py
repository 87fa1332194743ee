"""Puts errors of a language model into chains: `python -m recipes.mini.damage --findings edema,nodule < cases.jsonl`.

A share of the cases, drawn by id, gets one error, each kind equally often; the answer stays right:

    flipped   an observation says the opposite
    swapped   an observation names the other side, or another finding
    invented  an observation of a finding that is not there is added
    missing   the observations are left out

A damaged row names its error under `damage`.
"""

import argparse
import json
import sys
from collections.abc import Callable

from cxr_cli.findings import Finding, Lexicon, Reader, reader
from cxr_cli.findings.phrasing import phrasing_of
from cxr_cli.rows import Row
from cxr_cli.rows.rng import AlwaysFirst, Rng

Step = dict[str, object]


class Damage:
    """names: the findings that swapped and invented observations may name."""

    def __init__(self, names: list[str], share: float, reader: Reader) -> None:
        self.names, self.share, self.reader = names, share, reader
        self.phrasing = phrasing_of(reader.lexicon)

    def __call__(self, case: Row) -> Row:
        rng = Rng(f"damage/{case['id']}")
        seen = [step for step in case["steps"] if step["kind"] == "observe" and self.reader.read(step["text"])]
        if not seen or rng.below(1000) >= 1000 * self.share:
            return case
        kind = rng.choice(list(KINDS))
        return {**case, "steps": KINDS[kind](self, case, seen, rng), "damage": kind}

    def flipped(self, case: Row, seen: list[Step], rng: Rng) -> list[Step]:
        step = rng.choice(seen)
        old = self._finding(step)
        status = "present" if old.status == "absent" else "absent"
        return self._with(case, step, Finding(old.name, status))

    def swapped(self, case: Row, seen: list[Step], rng: Rng) -> list[Step]:
        step = rng.choice(seen)
        old = self._finding(step)
        if old.side in ("left", "right"):
            new = old._replace(side="left" if old.side == "right" else "right")
        else:
            new = Finding(rng.choice([name for name in self.names if name != old.name]), old.status)
        return self._with(case, step, new)

    def invented(self, case: Row, seen: list[Step], rng: Rng) -> list[Step]:
        gone = [name for name in self.names if not case["labels"][name]]
        return [*case["steps"][:-1], self._step(Finding(rng.choice(gone), "present")), case["steps"][-1]]

    def missing(self, case: Row, seen: list[Step], rng: Rng) -> list[Step]:
        return [step for step in case["steps"] if step["kind"] != "observe"]

    def _finding(self, step: Step) -> Finding:
        return self.reader.read(str(step["text"]))[0]

    def _with(self, case: Row, step: Step, finding: Finding) -> list[Step]:
        return [self._step(finding) if one is step else one for one in case["steps"]]

    def _step(self, finding: Finding) -> Step:
        return {"text": self.phrasing.observe(finding, AlwaysFirst()), "kind": "observe", "evidence": []}


KINDS: dict[str, Callable[[Damage, Row, list[Step], Rng], list[Step]]] = {
    kind.__name__: kind for kind in (Damage.flipped, Damage.swapped, Damage.invented, Damage.missing)
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=0.3, help="share of the cases that are damaged [0.3]")
    parser.add_argument("--findings", required=True, help="findings that observations may name: edema,nodule")
    given = parser.parse_args()
    damage = Damage(given.findings.split(","), given.share, reader(Lexicon.load()))
    for line in sys.stdin:
        print(json.dumps(damage(json.loads(line)), ensure_ascii=False, separators=(",", ":")))


if __name__ == "__main__":
    main()

"""Figure 7: what the engine reads in 200 reports in the manner of ten hospitals and of dictation.

`tests/golden/wild.jsonl` was written and labelled before the engine read it: which of 15 findings a report states, 1,
0 or -1. The engine's mentions are compared; 1 counts before -1, and -1 before 0. Where people may differ on a report,
`judgement` is among its `tricky`.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

WILD = Path(__file__).parents[2] / "golden" / "wild.jsonl"
KINDS = {  # a finding of the gold -> findings of the lexicon that are it
    "support device": [
        *("endotracheal tube", "tracheostomy", "enteric tube", "central line", "chest tube", "pacemaker"),
        *("prosthetic valve", "stent", "malpositioned device"),
    ],
    "lung opacity": ["airspace opacity", "infiltration"],
}
WORDS = {  # a finding of the gold -> a finding of the lexicon that is it where its phrase has the word
    "fracture": ("vertebral compression", "fracture"),
    "lung opacity": ("interstitial disease", "opacit"),
}
DENIED_BY = {  # a finding of the gold -> findings whose absence denies it: "heart normal", "costophrenic angles clear"
    "cardiomegaly": ["cardiac abnormality"],
    "pleural effusion": ["costophrenic blunting", "pleural abnormality"],
}
VALUES = {"present": 1, "uncertain": -1, "absent": 0}


def stated(report: str, names: Iterable[str]) -> tuple[dict[str, int], set[str]]:
    """The value of each finding that the engine reads, and those denied by broad statements alone ("clear lungs")."""
    from cxr_cli.findings import reader
    from cxr_cli.labelling.readings import mentions

    found: dict[str, set[int]] = {}
    named: set[str] = set()
    read = mentions(report, reader())
    for name in names:
        for mention in read:
            value, kind = VALUES[mention["status"]], mention["name"]
            phrase = report[mention["start"] : mention["end"]].lower()
            other, word = WORDS.get(name, ("", ""))
            own = kind == name or kind in KINDS.get(name, ()) or (kind == other and word in phrase)
            if own or (value == 0 and kind in DENIED_BY.get(name, ())):
                found.setdefault(name, set()).add(value)
                if own and all(kind != "good" for kind, *_ in reader().phrases(phrase)):
                    named.add(name)
    values = {name: next(v for v in (1, -1, 0) if v in found[name]) for name in found}
    return values, {name for name, value in values.items() if value == 0} - named


def misreads(judgement: bool = True) -> Iterator[tuple[str, str, int | None, int | None]]:
    """(id, finding, the gold's value, the engine's) of each label that the gold or the engine has, right ones too."""
    rows = [json.loads(line) for line in WILD.read_text(encoding="utf-8").splitlines()]
    names = sorted({name for row in rows for name in row["labels"]})
    for row in rows:
        if not judgement and "judgement" in row["tricky"]:
            continue
        read, broad = stated(row["report"], names)
        for name in names:
            gold, ours = row["labels"].get(name), read.get(name)
            if gold is None and ours == 0 and name in broad:
                ours = None
            if gold is not None or ours is not None:
                yield row["id"], name, gold, ours


def figures(pairs: Iterable[tuple[int | None, int | None]]) -> str:
    """Precision, recall and F1 of the values 1, 0, -1 and of all together."""
    count: Counter[tuple[str, str]] = Counter()
    for gold, ours in pairs:
        for value in (1, 0, -1):
            for key in (str(value), "all"):
                count[key, "tp"] += gold == ours == value
                count[key, "gold"] += gold == value
                count[key, "ours"] += ours == value
    parts = []
    for key, label in (("1", "present"), ("0", "absent"), ("-1", "uncertain"), ("all", "micro")):
        right = count[key, "tp"]
        precision, recall = right / (count[key, "ours"] or 1), right / (count[key, "gold"] or 1)
        f1 = 2 * right / (count[key, "ours"] + count[key, "gold"] or 1)
        parts.append(f"{label} {precision:.3f} {recall:.3f} {f1:.3f} ({count[key, 'gold']})")
    return "  ".join(parts)


def main() -> None:
    print("precision, recall, F1 (labels of the gold)")
    for name, judgement in (("all", True), ("without judgement", False)):
        read = list(misreads(judgement))
        print(f"{name:18} {figures((gold, ours) for _, _, gold, ours in read)}")
    read = list(misreads())
    for name in sorted({name for _, name, _, _ in read}):
        print(f"{name:18} {figures((gold, ours) for _, n, gold, ours in read if n == name)}")

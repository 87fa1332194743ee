"""Figure 1: answers of `cxr mine --task binary --findings all` against the human coding of Open-i."""

import json
import subprocess
import sys
from collections import Counter

from tests.shared import DATA, held_back, openi_labels

LABELS = [
    *("Atelectasis", "Cardiomegaly", "Effusion", "Infiltration", "Mass", "Nodule", "Pneumonia", "Pneumothorax"),
    *("Consolidation", "Edema", "Emphysema", "Fibrosis", "Pleural_Thickening"),
]
COMMAND = ["mine", "--task", "binary", "--findings", "all", "--map", "id=uid,report=findings+impression"]


def answers() -> dict[tuple[str, str], bool]:
    """(uid, finding) -> is the answer Yes. A pair without a question is absent from it."""
    reports = str(DATA / "openi" / "reports.csv")
    command = [sys.executable, "-m", "cxr_cli", *COMMAND, reports]
    given = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for line in process.stdout:
            case = json.loads(line)
            given[case["uid"], case["findings"][0]] = case["answer"] == "Yes"
    return given


def counts() -> dict[str, dict[str, Counter[str]]]:
    """half ("looked at", "held back") -> label -> tp, fp, fn. No question counts as No."""
    from cxr_cli.findings import Lexicon

    lexicon = Lexicon.load()
    given = answers()
    found: dict[str, dict[str, Counter[str]]] = {
        half: {n: Counter() for n in LABELS} for half in ("looked at", "held back")
    }
    for uid, truth in openi_labels().items():
        half = "held back" if held_back(uid) else "looked at"
        for label in LABELS:
            yes = given.get((uid, lexicon.find(label) or ""), False)
            if yes or truth[label]:
                found[half][label]["tp" if yes and truth[label] else "fp" if yes else "fn"] += 1
    return found


def f1(count: Counter[str]) -> float:
    total = 2 * count["tp"] + count["fp"] + count["fn"]
    return 2 * count["tp"] / total if total else 1.0


def main() -> None:
    halves = counts()
    both = {label: halves["looked at"][label] + halves["held back"][label] for label in LABELS}
    for name, table in [*halves.items(), ("all", both)]:
        micro = f1(sum(table.values(), Counter()))
        macro = sum(map(f1, table.values())) / len(table)
        print(f"{name:9}  micro-F1 {micro:.3f} (bar .92)  macro-F1 {macro:.3f} (bar .85)")
    for label, count in both.items():
        print(f"  {label:18} F1 {f1(count):.2f}  tp {count['tp']:3}  fp {count['fp']:3}  fn {count['fn']:3}")

"""Figure 2: planted errors and untouched sentences of Open-i through `cxr verify`'s checks; RadFact's phrases."""

import random
import re
from collections import Counter
from collections.abc import Iterator

from cxr_cli.findings import reader
from cxr_cli.findings.verdict import ReferenceFindings
from cxr_cli.verifying.judges.rules import step_opinion, worst
from cxr_cli.verifying.steps.evidence import Evidence
from cxr_cli.verifying.steps.verifier import Verifier
from tests.shared import held_back, openi_reports, radfact, report_text

SIDES = [("left", "right")]
SEVERITIES = [
    ("small", "large"),
    ("mild", "severe"),
    ("mildly", "severely"),
    ("minimal", "marked"),
    ("trace", "massive"),
]
CHANGES = [
    ("improved", "worsened"),
    ("improving", "worsening"),
    ("increased in size", "decreased in size"),
    ("smaller", "larger"),
    ("has increased", "has decreased"),
    ("interval increase in", "interval decrease in"),
    ("better", "worse"),
]
FOREIGN = (
    "There is a moderate right pneumothorax.",
    "A 2 cm nodule is seen in the left upper lobe.",
    "There is a large hiatal hernia.",
    "An endotracheal tube is in place.",
    "Diffuse pulmonary edema is present.",
    "There are several displaced left rib fractures.",
    "A right subclavian line is present.",
    "There is a cavity in the right apex.",
)
# The same statement in other words; each pair holds in both directions.
PARAPHRASES = [
    (r"no pneumothorax\.", "pneumothorax is not seen."),
    (r"(?:the )?heart size is normal\.", "the heart is not enlarged."),
    (r"(?:the )?lungs are clear\.", "no focal lung opacity is visible."),
    (r"no (?:pleural )?effusion\.", "the pleural spaces hold no fluid collection or effusion."),
    (r"(?:there is )?no pleural effusion or pneumothorax\.", "neither a pneumothorax nor an effusion is present."),
    (r"(?:there is )?cardiomegaly\.", "the cardiac silhouette is enlarged."),
    (r"no focal consolidation\.", "the lungs show no consolidation."),
]
_NEGATED = re.compile(r"(?:there (?:is|are) )?(?:no|without)\b(?! (?:change|significant change|interval|longer))", re.I)
_NEGATION = re.compile(
    r"^(?:there (?:is|are) )?(?:no evidence of|no|without)\b\s*(?:evidence of |definite |large |focal )?", re.I
)


def swap(text: str, pairs: list[tuple[str, str]]) -> str:
    """Each word of a pair for the other."""
    other = dict(pairs) | {b: a for a, b in pairs}
    longest_first = "|".join(sorted(other, key=len, reverse=True))
    return re.sub(rf"\b({longest_first})\b", lambda match: other[match[0].lower()], text, flags=re.I)


def planted(report: str, rng: random.Random) -> Iterator[tuple[str, str]]:
    """(kind, sentence): sentences of the report and errors planted in them. Untouched and paraphrased ones are true."""
    statements = reader().statements(report)
    stated = [f for statement in statements for f in statement.findings]
    for statement in statements:
        text = report[statement.start : statement.end]
        present = [f for f in statement.findings if f.status == "present"]
        absent = [f for f in statement.findings if f.status == "absent"]
        if not statement.findings:
            continue
        yield "untouched", text
        for pattern, other in PARAPHRASES:
            if re.fullmatch(pattern, text, re.I):
                yield "paraphrase", other
        if absent and not present and " but" not in text and _NEGATED.match(text):
            yield "negation flipped", _NEGATION.sub("There is ", text)
        if len(present) == 1 and not absent:
            finding = present[0]
            yield "present made absent", f"There is no {finding.name}."
            sides = {f.side for f in stated if f.name == finding.name and f.status == "present"}
            if finding.side in ("left", "right") and len(sides) == 1 and swap(text, SIDES) != text:
                yield "side swapped", swap(text, SIDES)
            if finding.severity not in (None, "moderate") and swap(text, SEVERITIES) != text:
                yield "severity reversed", swap(text, SEVERITIES)
            if finding.change in ("worse", "better") and swap(text, CHANGES) != text:
                yield "change reversed", swap(text, CHANGES)
    lexicon = reader().lexicon
    there = {f.name for f in stated if f.status != "absent"}
    foreign = rng.choice(FOREIGN)
    names = {f.name for f in reader().read(foreign)}
    if not any(names & (lexicon.narrower(name) | lexicon.broader(name)) for name in there):
        yield "foreign finding", foreign


TRUE = ("untouched", "paraphrase")


def rates(held: bool) -> tuple[Counter[str], Counter[str]]:
    """kind -> how many, and how many got the right verdict."""
    verifier, rng = Verifier(reader()), random.Random(0)
    total: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for row in openi_reports():
        report = report_text(row)
        if not report or held_back(row["uid"]) != held:
            continue
        evidence = Evidence(report, reader(), "normal")
        for kind, text in planted(report, rng):
            # The second step keeps the first from being taken for a conclusion.
            steps = [{"text": text}, {"text": "-"}]
            opinions = [step_opinion(reading.claims, evidence) for reading in verifier.readings(steps)]
            step = verifier.steps(steps, {"prior": {}}, evidence, opinions)[0]
            total[kind] += 1
            right[kind] += (step["verdict"] == "supported") == (kind in TRUE)
    return total, right


VERDICTS = {
    "supported": "entailment",
    "contradicted": "contradiction",
    "unmentioned": "neutral",
    "not_checkable": "neutral",
}


def radfact_f1() -> dict[str, float]:
    """Macro-F1's parts: verdict -> F1, over 249 phrases, silence taken as unknown."""
    pairs: Counter[tuple[str, str]] = Counter()
    engine = reader()
    for example in radfact():
        for side, other in ("AB", "BA"):
            told = [f for phrase in example["input"][f"phrases_{other}"] for f in engine.read(phrase)]
            known = ReferenceFindings(told, engine.lexicon, "unknown")
            for phrase in example["output"][f"phrases_{side}_evidenced"]:
                verdict, _ = worst([known.judge(claim) for claim in engine.read(phrase["phrase"])])
                pairs[phrase["status"], VERDICTS[verdict]] += 1
    scores = {}
    for verdict in ("entailment", "neutral", "contradiction"):
        hit = pairs[verdict, verdict]
        wrong = sum(n for (want, got), n in pairs.items() if (want == verdict) != (got == verdict))
        scores[verdict] = 2 * hit / (2 * hit + wrong)
    return scores


def main() -> None:
    for held in (False, True):
        total, right = rates(held)
        print("held back" if held else "looked at")
        for kind, count in total.items():
            print(
                f"  {kind:20} {right[kind] / count:.4f} of {count} {'supported' if kind in TRUE else 'not supported'}"
            )
        for name, kinds, bar in (("true", TRUE, 0.97), ("planted", [k for k in total if k not in TRUE], 0.95)):
            rate = sum(right[k] for k in kinds) / sum(total[k] for k in kinds)
            print(f"  {name} sentences: {rate:.4f} (bar {bar})")
    scores = radfact_f1()
    shown = ", ".join(f"{name} {score:.3f}" for name, score in scores.items())
    print(f"RadFact macro-F1 {sum(scores.values()) / 3:.3f} (bar .65): {shown}")

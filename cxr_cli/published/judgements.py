"""What the authors of ChestX-Reasoner judged of a published result, as `judged` of a row: numbers, and who says them.

Formulas: `eval/reasoning_eval.py` and `eval/accuracy_eval.py` of github.com/MAGIC-AI4Med/ChestX-Reasoner.
"""

import re
from collections.abc import Mapping
from typing import Any

SUBSTRING, GPT = "substring", "gpt-4o"
_TAGGED = re.compile(r"<answer>(.*?)</answer>")
_TAGGED_LINES = re.compile(_TAGGED.pattern, re.S)
_COUNTS = {
    "reference": ("gt_key_finding", "key_conclusion"),
    "recalled": ("recall_res", "recalled_count"),
    "stated": ("pred_key_finding", "key_conclusion"),
    "correct": ("precision_res", "correct_count"),
    "effective": ("efficiency", "effective_count"),
    "ineffective": ("efficiency", "ineffective_count"),
}


def judged_of(model: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """The stored judgement in numbers; None for one that is an error string, no object, or not there."""
    if "recall_res" not in row:
        if not any(family in model for family in ("ours", "qwenvl", "chexagent3b")):
            return {"by": GPT}  # it was asked for each answer, and what it said is not in the files
        return {"right": _by_substring(model, row.get("answer") or "", row.get("pred") or ""), "by": SUBSTRING}
    found: dict[str, Any] = {}
    for name, (judgement, key) in _COUNTS.items():
        held = row.get(judgement)
        value = held.get(key) if isinstance(held, dict) else None
        value = len(value) if isinstance(value, list) else value
        found[name] = value if type(value) is int and value >= 0 else None
    correct = row.get("correct")
    found["right"] = "yes" in correct.lower() if isinstance(correct, str) else None
    return {**found, "by": SUBSTRING if "ours" in model else GPT}


def _by_substring(model: str, answer: str, said: str) -> bool | None:
    """Whether the authors counted an answer as right; None: left out.

    Which must be contained in which depends on the model. Where a reply echoes its prompt, the empty tags that the
    prompt speaks of can be taken for the answer.
    """
    if "ours" in model:
        said, answer = _inside(_TAGGED, said.rpartition("assistant")[2]), _inside(_TAGGED, answer)
        said, answer = answer.lower(), said.lower()
    elif "qwenvl" in model:
        if "<answer>" in said:
            said = _inside(_TAGGED_LINES, said) if "</answer>" in said else said.rpartition("<answer>")[2].strip()
        if "<answer>" in answer and "</answer>" in answer:
            answer = _inside(_TAGGED, answer)
    return answer in said if answer and said else None


def _inside(tag: re.Pattern[str], text: str) -> str:
    match = tag.search(text)
    return " ".join(match[1].split()) if match else ""

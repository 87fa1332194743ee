"""The judgement that the authors of ChestX-Reasoner stored with a published result, as `judged` of a row.

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


def stored_judgement(model: str, result: Mapping[str, Any]) -> dict[str, Any]:
    """{"reference": 8, "recalled": 3, "stated": 5, .., "right": True, "by": "gpt-4o"}

    A number is None where its judgement is an error string, not an object, or missing.
    """
    if "recall_res" not in result:
        if not any(family in model for family in ("ours", "qwenvl", "chexagent3b")):
            return {"by": GPT}  # GPT-4o judged each answer, and its verdicts are not in the files
        right = _by_substring(model, result.get("answer") or "", result.get("pred") or "")
        return {"right": right, "by": SUBSTRING}
    judgement: dict[str, Any] = {}
    for name, (key, count) in _COUNTS.items():
        counts = result.get(key)
        value = counts.get(count) if isinstance(counts, dict) else None
        value = len(value) if isinstance(value, list) else value
        judgement[name] = value if type(value) is int and value >= 0 else None
    correct = result.get("correct")
    judgement["right"] = "yes" in correct.lower() if isinstance(correct, str) else None
    return {**judgement, "by": SUBSTRING if "ours" in model else GPT}


def _by_substring(model: str, answer: str, reply: str) -> bool | None:
    """Whether the authors counted an answer as right; None: left out.

    Which of the two must be contained in the other depends on the model. Where a reply echoes its prompt, the empty
    tags of the prompt can be taken for the answer.
    """
    if "ours" in model:
        reply, answer = _inside(_TAGGED, reply.rpartition("assistant")[2]), _inside(_TAGGED, answer)
        reply, answer = answer.lower(), reply.lower()
    elif "qwenvl" in model:
        if "<answer>" in reply:
            reply = _inside(_TAGGED_LINES, reply) if "</answer>" in reply else reply.rpartition("<answer>")[2].strip()
        if "<answer>" in answer and "</answer>" in answer:
            answer = _inside(_TAGGED, answer)
    return answer in reply if answer and reply else None


def _inside(tag: re.Pattern[str], text: str) -> str:
    match = tag.search(text)
    return " ".join(match[1].split()) if match else ""

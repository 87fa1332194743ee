"""Rows for the pages that are tested in a browser: attacks in every text, two models, a study without a question."""

from collections.abc import Callable
from typing import Any

from tests.viewer.browser import Viewer

ATTACK = '</script><img src=x onerror="document.title=1"><svg onload="document.title=2"> {{7*7}}'
REPORT = "FINDINGS: \U0001fac1 Small left effusion. No edema. IMPRESSION: Effusion."
Open = Callable[..., Viewer]


def step(text: str, verdict: str | None, *spans: str, **more: Any) -> dict[str, Any]:
    evidence = [{"start": (at := REPORT.index(span)), "end": at + len(span)} for span in spans]
    return {"text": text, "verdict": verdict, "reason": "as the rules say", "evidence": evidence, **more}


EFFUSION = {
    "id": "p1/binary/effusion",
    "task": "binary",
    "question": "Is there an effusion?",
    "options": ["Yes", "No"],
    "answer": "Yes",
    "findings": ["pleural effusion"],
    "report": REPORT,
    "images": ["film.png", "gone.png"],
    "steps": [
        step("I look at the pleura.", "not_checkable", kind="plan"),
        step("There is a left effusion.", "supported", "Small left effusion.", "Effusion."),
        step("There is edema.", "contradicted", "No edema."),
    ],
    "support": 0.5,
    "checked_by": "engine:rules|version:0",
}
EDEMA = {
    "id": "p2/anomaly",
    "task": "anomaly",
    "question": ATTACK,
    "options": ["Normal", ATTACK],
    "answer": "Normal",
    "findings": ["edema", ATTACK],
    "report": ATTACK,
    "steps": [{"text": ATTACK, "verdict": "unmentioned", "reason": ATTACK, "fault": f"fault {ATTACK}"}],
    ATTACK: ATTACK,
}
STUDY = {"id": "p3", "report": "The heart is large.", "labels": {"cardiomegaly": 1}}
FIRST = [
    EFFUSION
    | {
        "answered_by": "engine:vllm|model:rl|seed:0",
        "predictions": [{"text": "<think>Fluid on the left. No edema.</think><answer>A</answer>"}],
        "scores": {"accuracy": 1.0, "factuality": None},
        "why": {"factuality": "no observation predicted"},
    },
    EDEMA | {"answered_by": "engine:vllm|model:rl|seed:0", "predictions": [{"text": ATTACK}]},
    STUDY,
]
SECOND = [EFFUSION | {"answered_by": "sft", "prediction": "<think>All clear.</think><answer>B</answer>"}]

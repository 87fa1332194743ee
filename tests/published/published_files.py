"""A small folder in the layout in which ChestX-Reasoner's results were published, with all that is odd in theirs."""

import json
from pathlib import Path
from typing import Any

AIR = "Is there air in the pleura? Options:\nA) Yes\nB) No"
SEEN = "What is seen? Options:\nA) Edema\nB) Nodule"
ASKED = "\nLet's think step by step. Reasons in <think></think>, then <answer></answer>."
NODULE = "<think> A nodule is seen. </think><answer> B </answer>"
EDEMA = "<think> Edema is seen. </think><answer> A </answer>"
ERROR = {"reason_steps": "Error", "refined_steps": [], "final_conclusion": ""}


def answer(item: str | None, right: str, said: str | None, question: str = AIR) -> dict[str, Any]:
    row = {"question": question, "answer": right, "pred": said, "image_path": ["films/1.png"], "item_id": item}
    return row if item else {key: row[key] for key in ("question", "answer", "pred")}


def echoed(question: str, said: str) -> str:
    """A reply as it comes from a pipeline that gives the prompt back too."""
    return f"system\nYou help.\nuser\n{question}\nassistant\n{said}"


def findings(n: int) -> dict[str, Any]:
    return {"key_conclusion": [{"observation": f"sign {i}", "status": "present"} for i in range(n)]}


def judged(reference: int, recalled: int, stated: int, right: int, effective: int, ineffective: int) -> dict[str, Any]:
    return {
        "gt_key_finding": findings(reference),
        "pred_key_finding": findings(stated),
        "recall_res": {"recalled_findings": [], "recalled_count": recalled},
        "precision_res": {"correct_steps": [], "correct_count": right},
        "efficiency": {"effective_steps": [], "effective_count": effective, "ineffective_count": ineffective},
        "correct": "yes",
    }


def reasoned(item: str | None, said: str, steps: Any, report: str, **judgement: Any) -> dict[str, Any]:
    return {**answer(item, "A", said, SEEN), "reason_steps": steps, "original_report": report, **judgement}


FILES: dict[str, Any] = {
    "accuracy_res/chexagent3b/air.json": [
        answer("one", "A", "(A) Yes"),
        answer("two", "A", "B) No Air"),  # has an A in it
        answer("three", "B", ""),
    ],
    "accuracy_res/llavanext/air.json": [
        answer("one", "A", "I cannot tell from an image. Please ask a doctor."),
        answer("two", "A", "**Final Answer:** (A) Yes"),
        answer("three", "B", None),
        answer("four", "B", "There is no air in the pleura."),
    ],
    "accuracy_res/ours_final/air.json": [
        answer("three", "<answer> B </answer>", echoed(AIR + ASKED, "<think> Clear. </think><answer> B </answer>")),
        answer("one", "<answer> A </answer>", echoed(AIR + ASKED, "<think> Clear. <answer> B </answer> </think>")),
        answer("two", "<answer> A </answer>", echoed(AIR + ASKED, "<think> Air. </think>")),
    ],
    "accuracy_res/qwenvl7b/air.json": [answer(None, "A", echoed(AIR + ASKED, "<answer>A) Yes</answer>"), AIR + ASKED)],
    "reasoning_res/gpt4o/seen.json": [
        reasoned("x", "There is edema, so A.", ["Edema is seen."], "Edema.", **judged(4, 2, 2, 1, 3, 1)),
        reasoned("y", "", {"steps": ["Look.", "Edema is seen."]}, "Mild edema.", **judged(5, 0, 2, 2, 4, 0)),
        reasoned("z", "A or B.", "Edema is seen. Nothing else.", "Some edema.", **judged(0, 0, 0, 0, 0, 0)),
        reasoned("v", "A)", "Error", "More edema.", **{**judged(4, 4, 4, 4, 1, 1), "efficiency": ERROR}),
        reasoned("w", "A)", "", "No edema.", **{**judged(4, 5, 4, 4, 1, 1), "pred_key_finding": ERROR}),
    ],
    "reasoning_res/ours_final/seen.json": [
        reasoned(None, NODULE, '{"reason_steps": ["Edema."]}', "Mild edema.", **judged(4, 1, 1, 1, 1, 1)),
        reasoned(
            None,
            "<think> Edema is seen. </think><answer> A </answer>",
            ["Edema."],
            "Edema.",
            **judged(4, 4, 5, 4, 1, 3),
        ),
    ],
}
for row in FILES["reasoning_res/ours_final/seen.json"]:
    row["question"] += ASKED


def write(folder: Path) -> Path:
    for name, rows in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(rows))
    return folder

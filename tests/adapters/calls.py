"""The tools call our adapters: `python -m tests.adapters.calls` prints what they got as JSON."""

import json
import pickle
from pathlib import Path
from typing import Any

from cxr_cli import Rules, score
from cxr_cli.answers.replies.reply_format import completion_text
from cxr_cli.errors import CxrError

CASE: dict[str, Any] = {
    "task": "binary",
    "question": "Is there edema?",
    "options": ["Yes", "No"],
    "images": ["a.png"],
}
CASES = [
    {
        "id": "a",
        **CASE,
        "answer": "Yes",
        "report": "Edema.",
        "steps": ["There is edema."],
        "predictions": [{"text": "What another model said."}],
    },
    {"id": "b", **CASE, "answer": "No", "report": None},  # it has no factuality
]
REPLY = completion_text(["There is edema.", "There is a fracture."], "A")


def torchmetrics() -> Any:
    from torchmetrics import MetricCollection

    from cxr_cli.adapters.torchmetrics_metric import ReportMetric

    metric = pickle.loads(pickle.dumps(ReportMetric()))
    metric.update(refs=["Edema.", None], hyps=["Edema. Fracture.", "Edema."])
    metric.update(refs=["No edema."], hyps=["No edema."])
    Path("own.toml").write_text('[[finding]]\nname = "gizmo"\nterms = ["gizmo"]\n')
    both = MetricCollection({"usual": ReportMetric(), "own": ReportMetric(Rules("own.toml"))})
    both.update(refs=["Edema."], hyps=["Edema."])
    both.update(refs=["Gizmo."], hyps=["No gizmo."])
    assert float(both.compute()["own_finding_errors"]) == 0.5
    return {name: float(metric.compute()[name]) for name in ("finding_precision", "finding_recall")}


def spacy() -> Any:
    import spacy
    from spacy.tokens import Doc

    import cxr_cli.adapters.spacy_component  # noqa: F401

    nlp = spacy.blank("en")
    nlp.add_pipe("cxr_findings")
    texts = ["Small left effusion. No edema.", "Right hydropneumothorax."]
    doc = Doc.from_docs([*nlp.pipe(texts, n_process=2)])  # findings come from other processes, and change their places
    spans = doc.spans["findings"]
    assert all(doc.text[span._.finding.start : span._.finding.end] == span.text for span in spans)
    return [(span.text, span.label_, span._.finding.status, span._.finding.side) for span in spans]


def lm_eval() -> Any:
    from lm_eval import simple_evaluate
    from lm_eval.api.model import LM

    from cxr_cli.adapters.lm_eval_task import case_task

    class Same(LM):
        """Replies with the same text each time."""

        MULTIMODAL = True
        asked: tuple[Any, ...] = ()

        def generate_until(self, requests: list[Any], disable_tqdm: bool = False) -> list[str]:
            Same.asked = requests[0].args
            return [REPLY] * len(requests)

        loglikelihood = loglikelihood_rolling = generate_until

    Path("cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in CASES))
    Path("one.jsonl").write_text(json.dumps(CASES[0]))
    tasks = [case_task("cases.jsonl", "."), case_task("one.jsonl", ".")]
    done = simple_evaluate(Same(), tasks=tasks, bootstrap_iters=0, log_samples=False)
    assert done["results"]["cxr_one"]["accuracy,none"] == 1
    text, _, films = Same.asked
    scores = {name.partition(",")[0]: value for name, value in done["results"]["cxr_cases"].items()}
    for row in ("", json.dumps({"id": "a", "question": "Edema?"})):
        Path("one.jsonl").write_text(row)
        try:
            case_task("one.jsonl", ".")
        except CxrError:
            continue
        raise AssertionError("a task without cases, or with one that cannot be asked")
    return {
        "asked": text,
        "films": [film.size for film in films["visual"]],
        "scores": {name: scores[name] for name in ("accuracy", "factuality")},
    }


def inspect() -> Any:
    from inspect_ai import Task, eval
    from inspect_ai.model import ModelOutput, ModelUsage, get_model
    from inspect_ai.scorer import mean, precomputed_scores

    from cxr_cli.adapters.adapter_cases import answered_case
    from cxr_cli.adapters.inspect_scorer import case_sample, case_scores, score_record

    samples = [case_sample(case, ".") for case in CASES]
    records = [score_record(score(answered_case(case, REPLY))) for case in CASES]
    Path("scores.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    stored = precomputed_scores("scores.jsonl", metrics={"*": [mean()]})
    output = ModelOutput.from_content("mockllm/model", REPLY)
    output.usage = ModelUsage()  # tokens that Inspect need not count
    model = get_model("mockllm/model", custom_outputs=[output] * len(CASES))
    [log] = eval(Task(dataset=samples, scorer=[case_scores(), stored]), model=model, display="none", log_dir="logs")
    assert log.status == "success", log.error
    assert log.results is not None
    names = ("accuracy", "factuality")
    means = [{s.name: s.metrics["mean"].value for s in log.results.scores if s.scorer == by and s.name in names}
             for by in ("case_scores", "precomputed_scores")]  # fmt: skip
    return means


if __name__ == "__main__":
    from PIL import Image

    Image.linear_gradient("L").resize((4, 3)).save("a.png")
    print(json.dumps({call.__name__: call() for call in (torchmetrics, spacy, lm_eval, inspect)}))

"""What other tools call the columns that a stage needs, to be suggested in its error."""

from collections.abc import Iterable

OTHER_NAMES = {
    "id": ("uid", "study_id", "image_id", "qid", "question_id", "sample_id", "item_id", "idx", "index", "case_id"),
    "question": ("query", "prompt", "instruction", "problem", "question_text", "input"),
    "prediction": (
        *(
            "response",
            "output",
            "pred",
            "completion",
            "model_output",
            "model_response",
            "model_answer",
            "generated_text",
        ),
        *("generation", "generated_answer", "predicted", "predicted_answer", "reply", "model_prediction", "llm_output"),
    ),
    "answer": (
        *(
            "gt",
            "target",
            "ground_truth",
            "groundtruth",
            "gold",
            "gt_answer",
            "reference",
            "correct_answer",
            "solution",
        ),
        *("expected", "expected_answer", "answer_key", "correct", "truth", "gold_answer", "labels_text"),
    ),
    "options": ("choices", "candidates", "answer_options"),
    "report": ("report_text", "reference_report", "ground_truth_report", "gt_report"),
}


def mapping_advice(wanted: Iterable[str], row: Iterable[str]) -> str:
    """ "--map prediction=response,answer=gt": the columns of a row that bear another tool's name for what is wanted; ""
    if there is none."""
    columns = {str(column).strip().lower().replace(" ", "_").replace("-", "_"): str(column) for column in row}
    found = (
        (name, next((columns[other] for other in OTHER_NAMES.get(name, ()) if other in columns), None))
        for name in wanted
        if name not in columns.values()
    )
    pairs = [f"{name}={column}" for name, column in found if column]
    return f"--map {','.join(pairs)}" if pairs else ""

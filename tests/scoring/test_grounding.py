"""`cxr score --grounding`: the overlap of boxes."""

import json
from typing import Any

import pytest

from cxr_cli import Rules

BOX, HALF, FAR = [0.1, 0.1, 0.5, 0.5], [0.1, 0.1, 0.5, 0.3], [0.6, 0.6, 0.9, 0.9]


def scored(boxes: Any, predicted: Any, text: str = "Nodule.") -> tuple[float | None, str | None]:
    row = {"id": "1", "report": "Nodule.", "boxes": boxes, "predictions": [{"text": text, "boxes": predicted}]}
    result = Rules().score(row, grounding=True)
    return result["scores"]["iou"], result["why"].get("iou")


@pytest.mark.parametrize(
    ("boxes", "predicted", "iou"),
    [
        ([BOX], [BOX], 1),
        ([BOX, FAR], [FAR, BOX], 1),
        ([BOX], [HALF], 0.5),
        ([BOX], [FAR], 0),
        ([BOX], [BOX, FAR], 0.5),
        ([BOX, FAR], [BOX], 0.5),
        ([BOX, BOX], [BOX], 0.5),
        ([[10, 10, 50, 50]], [[10, 10, 50, 30]], 0.5),
        (BOX, [BOX], 1),
        (str([BOX]), str(HALF), 0.5),
    ],
)
def test_the_overlap_of_boxes(boxes: Any, predicted: Any, iou: float) -> None:
    assert scored(boxes, predicted) == (pytest.approx(iou), None)


def test_boxes_in_the_text_of_a_reply() -> None:
    assert scored([BOX], None, "A nodule at [0.1, 0.1, 0.5, 0.3].") == (pytest.approx(0.5), None)
    assert scored([[1, 2, 30, 40]], None, '{"bbox_2d": [1,2,30,40], "label": "nodule"}') == (1, None)
    assert scored([[1, 2, 30, 40]], None, "<|box_start|>(1,2),(30,40)<|box_end|>") == (1, None)
    assert scored([BOX, FAR], None, str([tuple(BOX), tuple(FAR)])) == (1, None)
    reasoned = "<think>It is at [0.1, 0.1, 0.5, 0.5].</think>"
    assert scored([BOX], None, f"{reasoned}<answer>[0.1, 0.1, 0.5, 0.3]</answer>") == (pytest.approx(0.5), None)
    for answer in (str(BOX), json.dumps({"answer": BOX}), f"It is at {BOX}.", "A"):
        assert scored([BOX], None, f"{reasoned}<answer>{answer}</answer>") == (1, None)
    for answer in (f"A nodule at {BOX}.", [BOX], BOX):
        structured = json.dumps({"reasoning": f"A scar at {FAR}.", "answer": answer})
        assert scored([BOX], None, structured) == (1, None)


@pytest.mark.parametrize("left", [0.1 + 0.2, 1 / 3, 5e-05, 0.12345678901234567])
def test_numbers_as_programs_write_them(left: float) -> None:
    """With all their digits, or with an exponent."""
    assert scored([BOX, [left, 0.1, 0.9, 1.0]], None, f"{BOX}, [{left}, .1, 0.9, 1.]") == (1, None)


@pytest.mark.parametrize(
    ("boxes", "predicted", "reason"),
    [
        (None, [BOX], "no boxes in the row"),
        ([], [BOX], "no boxes in the row"),
        ("[]", [BOX], "no boxes in the row"),
        ([BOX], None, "no boxes in the prediction"),
        ([BOX], [], "no boxes in the prediction"),
        ([BOX], "BOX", "`boxes` of the prediction is no list of boxes"),
        ([BOX], [[0.1, 0.1, 0.5]], "box 1 of the prediction is not four numbers"),
        ([BOX], [BOX, [0.1, 0.1, "a", 0.5]], "box 2 of the prediction is not four numbers"),
        ([BOX], [[0.1, 0.1, 0.1, 0.5]], "box 1 of the prediction has no area"),
        ([BOX], [[0.5, 0.1, 0.1, 0.5]], "box 1 of the prediction is not left, top, right, bottom"),
        ([[-0.1, 0.1, 0.5, 0.5]], [BOX], "box 1 of the row begins outside the film"),
        ([BOX], [[10, 10, 50, 50]], "the boxes of one side are in parts of the film, those of the other in pixels"),
    ],
)
def test_boxes_that_cannot_be_compared(boxes: Any, predicted: Any, reason: str) -> None:
    assert scored(boxes, predicted) == (None, reason)


def test_without_the_flag_there_is_no_such_score() -> None:
    result = Rules().score({"id": "1", "report": "Nodule.", "boxes": [BOX], "prediction": "Nodule."})
    assert "iou" not in result["scores"]
    assert "grounding" not in result["scored_by"]

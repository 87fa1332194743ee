"""`cxr score --grounding`: does a reply place what it states where the reference boxes are?

    iou   the mean intersection over union of the boxes: each is paired with at most one of the other side, the best
          pairs first; a box without a partner counts 0. Equal boxes give 1.

    {"id": "1", "boxes": [[0.1, 0.5, 0.4, 0.9]], "predictions": [{"text": "..", "boxes": [[0.1, 0.5, 0.4, 0.9]]}]}

A box is [left, top, right, bottom], all in parts of the film's width and height, or all in pixels. A prediction without
`boxes` has those that stand in its answer, else in its reasoning: each four numbers in brackets, or two corners in
brackets, (left,top),(right,bottom).
"""

import re
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from cxr_cli.answers.replies.reply_parts import answer_as_written
from cxr_cli.engines.conversations import Conversation, without_requests
from cxr_cli.rows.files import json_text
from cxr_cli.scoring.metrics.radrscore import Scores
from cxr_cli.scoring.scores import ScoreSettings

IOU = "iou"
Box = tuple[float, float, float, float]
_BOX_NUMBER = r"\s*(-?(?:\d{1,9}(?:\.\d{0,30})?|\.\d{1,30})(?:[eE][-+]?\d{1,3})?)\s*"
_TWO_NUMBERS = rf"{_BOX_NUMBER},{_BOX_NUMBER}"
_BOX_TEXT = re.compile(rf"[\[(]{_TWO_NUMBERS}(?:,|[\])]\s*,\s*[\[(]){_TWO_NUMBERS}[\])]")


class GroundingScores:
    """The metric of each reply; None with a reason where there are no boxes, or none that can be compared."""

    metrics = (IOU,)

    def __init__(self, settings: ScoreSettings) -> None:
        self.is_on = settings.grounding

    def applies(self, row: Mapping[str, Any]) -> bool:
        return self.is_on

    def measure(self, row: Mapping[str, Any], texts: Sequence[str]) -> Conversation[list[Scores]]:
        replies = row.get("predictions") or [{}] * len(texts)
        return without_requests([_scores(row, reply, text) for reply, text in zip(replies, texts, strict=True)])


def _scores(row: Mapping[str, Any], reply: Mapping[str, Any], text: str) -> Scores:
    try:
        reference = _boxes(row.get("boxes"), "the row")
        guess = _boxes(reply["boxes"] if reply.get("boxes") is not None else _reply_boxes(text), "the prediction")
        if _in_parts(reference) != _in_parts(guess):
            raise ValueError("the boxes of one side are in parts of the film, those of the other in pixels")
    except ValueError as error:
        return {IOU: None}, {IOU: str(error)}
    return {IOU: mean_iou(reference, guess)}, {}


def _reply_boxes(reply: str) -> list[list[float]]:
    """The boxes of the answer; if it has none, those of the reasoning."""
    return boxes_in(answer_as_written(reply)) or boxes_in(reply)


def boxes_in(text: str) -> list[list[float]]:
    """The boxes that a text writes: "[0.1, 0.2, 0.3, 0.4]", or by two corners, "(10,20),(30,40)"."""
    return [[float(number) for number in match.groups()] for match in _BOX_TEXT.finditer(text)]


def mean_iou(reference: Sequence[Box], guess: Sequence[Box]) -> float:
    """From 0 to 1; neither side is empty."""
    pairs = [(_box_iou(a, b), i, j) for i, a in enumerate(reference) for j, b in enumerate(guess)]
    total, free, free_guess = 0.0, set(range(len(reference))), set(range(len(guess)))
    for iou, i, j in sorted(pairs, reverse=True):
        if i in free and j in free_guess:
            total += iou
            free.remove(i)
            free_guess.remove(j)
    return total / max(len(reference), len(guess))


def _boxes(value: Any, whose: str) -> list[Box]:
    """ValueError: there are none, or one is no box."""
    if isinstance(value, str) and value:  # in the cell of a table
        value = json_text.parsed_text(value)
    if not value:
        raise ValueError(f"no boxes in {whose}")
    if not isinstance(value, list):
        raise ValueError(f"`boxes` of {whose} is no list of boxes")
    boxes = value if isinstance(value[0], list | dict | str) else [value]  # one box alone
    return [_box(box, number, whose) for number, box in enumerate(boxes, 1)]


def _box(value: Any, number: int, whose: str) -> Box:
    parts = value if isinstance(value, list) else []
    numbers = [float(part) for part in parts if isinstance(part, int | float) and not isinstance(part, bool)]
    if len(numbers) != 4 or len(parts) != 4 or not all(map(isfinite, numbers)):
        raise ValueError(f"box {number} of {whose} is not four numbers")
    left, top, right, bottom = numbers
    if min(numbers) < 0:
        raise ValueError(f"box {number} of {whose} begins outside the film")
    if left > right or top > bottom:
        raise ValueError(f"box {number} of {whose} is not left, top, right, bottom")
    if left == right or top == bottom:
        raise ValueError(f"box {number} of {whose} has no area")
    return left, top, right, bottom


def _in_parts(boxes: Sequence[Box]) -> bool:
    return max(map(max, boxes)) <= 1


def _box_iou(a: Box, b: Box) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)

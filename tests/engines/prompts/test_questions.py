"""Which rows no model is asked about: by `cxr infer`, `cxr sft` and `cxr rl` alike."""

import pytest

from cxr_cli.engines.prompts.predictor import check_askable
from cxr_cli.errors import RowError
from tests.cases import Row


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"question": ""}, "field `question`: missing or empty"),
        ({"question": "\u200b "}, "field `question`: a blank text"),
        ({"question": "<image>\nIs it?"}, "field `question`: it has <image>, which stands for a film"),
        ({"question": "Is it? </THINK>"}, "field `question`: it has </THINK>, which marks a part of the reply"),
        ({"options": ["No", "no "]}, "field `options`: one occurs twice"),
        ({"options": ["<answer>", "No"]}, "field `options`: it has <answer>, which marks a part of the reply"),
        ({"options": [str(number) for number in range(27)]}, "field `options`: there are 27, and only 26 letters"),
        ({"images": []}, "field `images`: missing or empty"),
    ],
)
def test_a_question_that_would_be_misread(change: Row, reason: str) -> None:
    row = {"id": "x", "question": "Is it?", "options": ["Yes", "No"], "images": ["a.png"]}
    check_askable(row)
    with pytest.raises(RowError) as error:
        check_askable(row | change)
    assert error.value.reason.startswith(reason)

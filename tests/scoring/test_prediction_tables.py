"""Tables of predictions as other tools write them: scored as they are, or the error names their columns."""

import json
from pathlib import Path

import pytest

from tests.conftest import Cxr

TABLE = """id,prediction,label
1,Yes,1
2,The answer is no,0
3,B,B
4,"A, C",AC
5,pneumothorax,Pneumothorax
6,,1
7,left,right
8,Unable to determine,1
9,RUL,right upper lobe
"""


def test_prediction_and_label_are_enough(cxr: Cxr, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TABLE)
    rows = [json.loads(line) for line in cxr("score", "t.csv").stdout.splitlines()]
    assert [row["scores"]["accuracy"] for row in rows] == [1, 1, 1, 1, 1, None, 0, None, 1]
    assert [row["why"].get("accuracy") for row in rows if row["why"]] == ["no answer", "refused"]
    assert all("finding_f1" not in row["scores"] for row in rows)


def test_lists_in_cells(cxr: Cxr, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(
        "id,question,options,answer,prediction\n"
        "1,Is there edema?,Yes|No,No,B\n"
        '2,Seen?,"[""Edema"", ""Mass""]",Mass,B\n'
        "3,Seen?,\"['Edema', 'Mass']\",1,B\n"
        "4,Seen?,Edema;Mass;Hernia,\"['A', 'C']\",AC\n"
    )
    rows = [json.loads(line) for line in cxr("score", "t.csv").stdout.splitlines()]
    assert [row["options"] for row in rows] == [["Yes", "No"], *[["Edema", "Mass"]] * 2, ["Edema", "Mass", "Hernia"]]
    assert [row["scores"]["accuracy"] for row in rows] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("table", "advice"),
    [
        ("id,question,response,gt\n1,Edema?,No,No\n", "--map prediction=response,answer=gt"),
        ("id,question,Output,ground_truth\n1,Edema?,No,No\n", "--map prediction=Output,answer=ground_truth"),
        ("id,prediction,target\n1,No,No\n", "--map answer=target"),
        ("uid,prediction,label\n1,No,No\n", "--map id=uid"),
    ],
)
def test_columns_of_other_tools_are_suggested(cxr: Cxr, tmp_path: Path, table: str, advice: str) -> None:
    (tmp_path / "t.csv").write_text(table)
    done = cxr("score", "t.csv")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("cxr: t.csv:2: field ")
    assert f"(if it has another name: {advice})" in done.stderr


def test_a_reply_that_was_cut_off_has_no_answer(cxr: Cxr) -> None:
    predictions = [{"text": "I first look at the hila, so the answer is A", "finish": "length"}]
    row = {"id": "a", "question": "Seen?", "options": ["Edema", "Mass"], "answer": "Edema", "predictions": predictions}
    [scored] = [json.loads(line) for line in cxr("score", stdin=json.dumps(row)).stdout.splitlines()]
    assert (scored["scores"]["accuracy"], scored["why"]["accuracy"]) == (None, "cut off before an answer")

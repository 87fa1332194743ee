"""The fingerprint of a set of rows."""

from typing import Any

from cxr_cli.rows.fingerprint import Fingerprint
from tests.conftest import Cxr

A = {"id": "a", "question": "Is there edema?", "options": ["Yes", "No"], "answer": "Yes", "images": ["a.png"]}
B = {"id": "b", "question": "What is there?", "answer": ["Edema", "Nodule"]}


def of(*rows: dict[str, Any]) -> str:
    fingerprint = Fingerprint()
    for row in rows:
        fingerprint.add(row)
    return str(fingerprint)


def test_neither_order_nor_added_keys_change_it() -> None:
    assert of(A, B) == of(B | {"steps": [], "scores": {"accuracy": 1}}, A | {"support": None}) == "e869ef29"
    assert of(B) == of(B | {"options": [], "images": None})


def test_every_question_changes_it() -> None:
    changed = [A | {key: "other"} for key in A]
    assert len({of(A, B), of(A), of(B), of(), of(A, A), of(A, A, A), *map(of, changed)}) == 6 + len(A)


def test_score_names_the_set_of_its_rows(cxr: Cxr, tmp_path: Any) -> None:
    row = '{"id":"%s","question":"Is there edema?","options":["Yes","No"],"answer":"Yes","prediction":"%s"}\n'
    one = cxr("score", "--summary", stdin=row % ("a", "Yes") + row % ("b", "No"))
    other = cxr("score", "--summary", stdin=row % ("b", "Yes") + row % ("a", "No"))
    named = [line for line in one.stdout.splitlines() if line.startswith("set: ")]
    assert named == ["set: 2 rows, ba8ebc59"]
    assert named[0] in other.stdout

"""The files of RadRBench-CXR as INPUT of any stage."""

import json
from pathlib import Path
from typing import Any

from tests.cases import rows
from tests.conftest import Cxr, Run
from tests.shared import DATA, needs_shared

ITEM = {
    "item_id": "[siim] [1.2.3]",
    "image_path": ["images/1.2.3.png"],
    "question": "Does this chest X-ray show pneumothorax? Options:\nA) Yes\nB) No\n",
    "answer": "<answer> B </answer>",
    "dataset_name": "siim",
    "reason_steps": ["No pleural line is seen.", "So the answer is No."],
    "original_report": "No pneumothorax.",
}


def write(path: Path, *items: Any) -> Path:
    path.write_text(json.dumps(items, indent=1))
    return path


def test_an_item_becomes_a_case(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "siim_binary_test_option.json", ITEM, ITEM | {"pred": "", "item_id": None})
    done = run("copy", "siim_binary_test_option.json")
    assert (done.returncode, done.stderr) == (0, "")
    first, second = rows(done.stdout)
    assert first == {
        "id": "[siim] [1.2.3]",
        "task": "binary",
        "question": "Does this chest X-ray show pneumothorax?",
        "options": ["Yes", "No"],
        "answer": "No",
        "report": "No pneumothorax.",
        "steps": ["No pleural line is seen.", "So the answer is No."],
        "images": ["images/1.2.3.png"],
        "dataset_name": "siim",
    }
    assert (second["id"], second["prediction"]) == ("siim_binary_test_option/2", "")


FORMS: list[tuple[str, Any, Any]] = [
    ("multi", {"answer": "A, B"}, {"task": "multiple", "answer": ["Yes", "No"]}),
    ("multi", {"answer": "A"}, {"answer": "Yes"}),  # one option, of several findings
    (
        "multi_no_option",
        {"question": "Which?", "answer": "edema, scar"},
        {"answer": ["edema", "scar"], "options": []},
    ),
    ("other", {"question": "Which?", "answer": "edema, scar"}, {"task": None, "answer": "edema, scar"}),
    ("single", {"answer": "Z"}, {"answer": None, "why": {"answer": "none of the options"}}),
    ("single", {"question": "Which?", "options": ["edema", "scar"], "answer": "scar"}, {"answer": "scar"}),
    ("single", {"question": "Which?", "options": {"A": "edema", "B": "scar"}, "answer": "B"}, {"answer": "scar"}),
    (
        "single",
        {"question": None, "q": "Which?", "options": ["edema"], "answer": None, "a": "edema"},
        {"answer": "edema"},
    ),
    ("x", {"reason_steps": "One. Two."}, {"steps": "One. Two."}),
    ("x", {"reason_steps": {"reason_steps": ["One."]}}, {"steps": ["One."]}),
    ("x", {"reason_steps": {"edema": ["One."], "end": "Two."}}, {"steps": ["One.", "Two."]}),
    (
        "x",
        {"reason_steps": {"error_response": "busy"}},
        {"steps": None, "why": {"steps": "the file holds an error in their place"}},
    ),
    ("x", {"reason_steps": "", "original_report": ""}, {"steps": None, "report": None}),
    ("x", {"image_path": None, "images_path": "a.png"}, {"images": ["a.png"]}),
    (
        "temporal",
        {
            "image_path": ["a.png", "b.png"],
            "original_report": None,
            "original_report_1": "1",
            "original_report_2": "2",
        },
        {"images": ["b.png"], "report": "2", "prior": {"images": ["a.png"], "report": "1"}, "task": "temporal"},
    ),
]


def test_the_forms_of_an_item(run: Run, tmp_path: Path) -> None:
    """Each item has its own file, with the task in the file's name."""
    files = [f"{number:02}_{name}.json" for number, (name, _, _) in enumerate(FORMS)]
    for file, (_, change, _) in zip(files, FORMS, strict=True):
        write(tmp_path / file, ITEM | {"item_id": None} | change)
    done = run("copy", *files)
    for file, row, (_, _, expected) in zip(files, rows(done.stdout), FORMS, strict=True):
        assert {key: row[key] for key in expected} == expected
        assert row["id"] == f"{file.removesuffix('.json')}/1"
        assert not row.keys() & {"q", "a", "item_id", "images_path", "reason_steps", "original_report"}


def test_stages_take_it(cxr: Cxr, tmp_path: Path) -> None:
    write(tmp_path / "siim_binary.json", ITEM | {"pred": "<think>No air.</think><answer>B</answer>"})
    (checked,) = rows(cxr("verify", "siim_binary.json", "--keep", "all").stdout)
    assert [step["verdict"] for step in checked["steps"]] == ["supported", "not_checkable"]
    (scored,) = rows(cxr("score", "siim_binary.json").stdout)
    assert scored["scores"]["accuracy"] == 1


def test_other_arrays_and_files_that_are_not_arrays(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "a.json", {"uid": 1, "report": "Clear."}, 7)
    done = run("copy", "a.json", "--map", "id=uid", "--on-error", "skip", "--rejects", "bad.jsonl")
    assert rows(done.stdout) == [{"id": "1", "uid": 1, "report": "Clear."}]
    assert rows((tmp_path / "bad.jsonl").read_text())[0]["reason"] == "not an object"
    for text, reason in (
        ('{"id": "1"}', "not a JSON array of objects"),
        ('[{"id": "1"}, ', "broken JSON: it ends in the middle"),
        ("", "broken JSON: it ends in the middle"),
        ('[{"id": "1", "id": "2"}]', "a key occurs twice in one object"),
    ):
        (tmp_path / "a.json").write_text(text)
        stderr = f"cxr: a.json: {reason}; a file with one row a line must be named .jsonl\n"
        assert run("copy", "a.json").stderr == stderr
    (tmp_path / "a.json").write_bytes('["\xdf"]'.encode("latin-1"))
    assert run("copy", "a.json").stderr.startswith("cxr: a.json: not UTF-8 at byte 3; if Windows wrote it")


@needs_shared
def test_the_published_files(cxr: Cxr) -> None:
    """Each of them is read, and every row has an id."""
    files = sorted((DATA / "published").glob("*/*/*.json"))
    for file in (files[0], files[-1]):
        done = cxr("score", file, "--summary")
        assert (done.returncode, done.stderr) == (0, "")

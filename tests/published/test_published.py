"""Published results: their files as rows, their figures recounted, what is wrong in them; and nine models' answers."""

import csv
import hashlib
import io
import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from cxr_cli.answers.replies.reply_format import parse_prompt
from cxr_cli.answers.reply_reader import answer_of
from cxr_cli.published.results import find_results
from tests.conftest import Cxr
from tests.published import published_files
from tests.shared import DATA, needs_shared

GOLDEN = Path(__file__).parents[1] / "golden"
THEIRS = DATA / "published"
PARTS = ("factuality", "completeness", "effectiveness")


def rows_of(done: Any) -> dict[str, dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    return {row["id"]: row for row in map(json.loads, done.stdout.splitlines())}


def summary(cxr: Cxr, folder: Path, *more: str) -> dict[str, Any]:
    done = cxr("score", "--from", "chestx-reasoner", folder, "--summary", "--format", "json", *more)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def lines_of(found: dict[str, Any]) -> dict[tuple[str, str, str], dict[str, Any]]:
    return {(line["task"], line["model"], line["metric"]): line for line in found["lines"]}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The scored rows of the small folder, by id, judged as stored."""
    folder = published_files.write(tmp_path_factory.mktemp("published"))
    command = [sys.executable, "-m", "cxr_cli", "score", "--from", "chestx-reasoner", str(folder), "--judge", "stored"]
    return rows_of(subprocess.run(command, capture_output=True, text=True))


def test_files_become_rows(rows: dict[str, Any]) -> None:
    assert len(rows) == sum(map(len, published_files.FILES.values()))
    first = rows["chexagent3b/air/one"]
    assert (
        first
        | {
            "item": "air/one",
            "answered_by": "chexagent3b",
            "task": "air",
            "question": "Is there air in the pleura?",
            "options": ["Yes", "No"],
            "answer": "Yes",
            "prediction": "(A) Yes",
            "images": ["films/1.png"],
            "source": "chestx-reasoner",
            "judged": {"right": True, "by": "substring"},
        }
        == first
    )
    assert first["scores"]["accuracy"] == 1
    assert first["why"]["factuality"] == "no stored judgement"
    judged = rows["gpt4o/seen/x"]["judged"]
    counts = {"reference": 4, "recalled": 2, "stated": 2, "correct": 1, "effective": 3, "ineffective": 1}
    assert judged == {**counts, "right": True, "by": "gpt-4o"}
    assert [rows["gpt4o/seen/x"]["scores"][part] for part in PARTS] == [0.5, 0.5, 0.75]


def test_items_without_an_id_are_found_by_question_and_report(rows: dict[str, Any]) -> None:
    assert rows["ours_final/seen/x"]["item"] == rows["gpt4o/seen/x"]["item"] == "seen/x"
    assert rows["ours_final/seen/y"]["question"] == "What is seen?"
    assert "item" not in rows["qwenvl7b/air/#1"]


@pytest.mark.parametrize(
    ("id", "steps", "defects"),
    [
        ("gpt4o/seen/x", ["Edema is seen."], None),
        ("gpt4o/seen/y", ["Look.", "Edema is seen."], ["steps as an object"]),
        ("gpt4o/seen/z", ["Edema is seen.", "Nothing else."], ["steps as a string"]),
        ("gpt4o/seen/v", None, ["steps as an error"]),
        ("gpt4o/seen/w", None, None),
        ("ours_final/seen/y", ["Edema."], ["steps as a string"]),
    ],
)
def test_steps_in_any_form(rows: dict[str, Any], id: str, steps: Any, defects: Any) -> None:
    assert (rows[id]["steps"] and [step["text"] for step in rows[id]["steps"]]) == steps
    assert rows[id].get("defects") == defects


def test_stored_judgements_ours_and_theirs(rows: dict[str, Any], cxr: Cxr, tmp_path: Path) -> None:
    folder = published_files.write(tmp_path / "res")
    theirs = rows_of(cxr("score", "--from", "chestx-reasoner", folder, "--judge", "stored", "--empty", "zero"))
    ours = rows

    def parts(rows: dict[str, Any], id: str) -> list[Any]:
        return [rows[id]["scores"][part] for part in PARTS]

    assert parts(ours, "gpt4o/seen/y") == [None, None, None]
    assert ours["gpt4o/seen/y"]["why"]["effectiveness"] == "no reasoning"
    assert parts(theirs, "gpt4o/seen/y") == [1, 0, 1]
    assert parts(ours, "gpt4o/seen/z") == [None, None, None]
    assert ours["gpt4o/seen/z"]["why"]["completeness"] == "no observation in the reference"
    assert parts(theirs, "gpt4o/seen/z") == [0, 0, 0]
    assert parts(ours, "gpt4o/seen/v") == parts(theirs, "gpt4o/seen/v") == [1, 1, None]
    assert theirs["gpt4o/seen/v"]["why"]["effectiveness"] == "judge: unparsable"
    assert parts(ours, "gpt4o/seen/w") == [None, None, 0.5]
    assert ours["gpt4o/seen/w"]["why"]["completeness"] == "judge: impossible counts"
    assert parts(theirs, "gpt4o/seen/w") == [None, 1.25, 0.5]
    assert theirs["chexagent3b/air/one"]["scores"]["factuality"] is None


def test_summary_as_published_and_ours(cxr: Cxr, tmp_path: Path) -> None:
    found = summary(cxr, published_files.write(tmp_path / "res"), "--judge", "stored")
    lines = lines_of(found)

    def numbers(*key: str) -> tuple[Any, ...]:
        line = lines[key]  # type: ignore[index]
        values = (line["published"], line["script"], line["ours"])
        return (*(None if value is None else round(value, 4) for value in values), line["n"], line["nulls"])

    assert numbers("air", "chexagent3b", "accuracy") == (1.0, 1.0, 0.3333, 3, 0)
    assert numbers("air", "llavanext", "accuracy") == (None, None, 0.5, 2, 1)
    assert numbers("air", "ours_final", "accuracy") == (0.5, 0.5, 0.5, 2, 1)
    assert numbers("air", "qwenvl7b", "accuracy") == (None, None, 1.0, 1, 0)
    # of x, y, z, v, w: factuality 1/2, 2/2, 0, 4/4, unparsable; completeness 2/4, 0, 0, 4/4, 5/4; ours of x and y
    assert numbers("seen", "gpt4o", "factuality") == (0.625, 0.8333, 0.25, 2, 0)
    assert numbers("seen", "gpt4o", "completeness") == (0.55, 0.9167, 0.25, 2, 0)
    assert numbers("seen", "gpt4o", "effectiveness") == (0.5625, 0.5833, 0.375, 2, 0)
    assert numbers("seen", "gpt4o", "radrscore") == (0.5792, 0.7778, 0.2917, 2, 0)
    assert numbers("seen", "ours_final", "factuality") == (0.9, 0.9, 0.9, 2, 0)
    line = lines["seen", "gpt4o", "factuality"]
    assert line["because"] == pytest.approx({"empty": -0.25, "nothing": 0.125, "items": -0.25})
    for line in lines.values():
        if line["change"] is not None:
            assert sum(line["because"].values()) == pytest.approx(line["change"])
    assert ("air", "llavanext", "factuality") not in lines


def test_defects_are_named(cxr: Cxr, tmp_path: Path) -> None:
    found = summary(cxr, published_files.write(tmp_path / "res"), "--judge", "stored")
    assert {defect["name"]: defect["n"] for defect in found["defects"]} == {
        "empty predictions": 3,
        "differing item sets": 4,
        "rows without an item": 1,
        "matching by substring": 9,
        "answers left out": 2,
        "verdicts not stored": 4,
        "impossible counts": 1,
        "failed judgements": 2,
        "half-counted rows": 2,
        "nothing to count": 3,
        "changed references": 1,
        "steps as a string": 2,
        "steps as an error": 1,
        "steps as an object": 1,
    }


def test_summary_for_a_person_and_a_spreadsheet(cxr: Cxr, tmp_path: Path) -> None:
    folder = published_files.write(tmp_path / "res")
    command = ("score", "--from", "chestx-reasoner", folder, "--summary", "--judge", "stored", "--format")
    table = cxr(*command, "table").stdout
    assert max(map(len, table.splitlines())) <= 100
    assert "  gpt4o        accuracy           1.000  5  0.500  2      0  -0.500  items -0.250\n" in table
    assert "  empty predictions          3  1 of them got credit" in table
    assert "the released script prints for gpt4o, seen:" in table
    markdown = cxr(*command, "markdown").stdout
    assert "| seen | gpt4o | accuracy | 1.000 | 5 | 0.500 | 2 | 0 | -0.500 | items -0.250 |\n" in markdown
    assert "  - empty predictions (3): 1 of them got credit\n" in markdown
    assert r"\par{\footnotesize empty predictions (3): 1 of them got credit" in cxr(*command, "latex").stdout
    sheet = [*csv.DictReader(io.StringIO(cxr(*command, "csv").stdout))]
    assert sheet[0]["task"] == "air"
    assert sheet[0]["because"] == "empty -0.3333, judge -0.3333"


def test_rules_judge_and_rows_beside_the_summary(cxr: Cxr, tmp_path: Path) -> None:
    found = summary(cxr, published_files.write(tmp_path / "res"), "-o", "rows.jsonl")
    lines = lines_of(found)
    assert lines["seen", "gpt4o", "factuality"]["ours"] == 0.5  # edema is seen in x; nothing in y
    assert ("air", "llavanext", "factuality") not in lines
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert len(rows) == found["rows"] == 18
    again = rows_of(cxr("score", "rows.jsonl", "--judge", "stored", "--empty", "zero"))
    assert again["gpt4o/seen/w"]["scores"]["completeness"] == 1.25


@pytest.mark.parametrize(
    ("content", "where", "reason"),
    [
        (b'[{"pred": "A"', "", "broken JSON"),
        (b"", "", "broken JSON"),
        (b'[{"pred": "\xe9"}]', "", "not UTF-8 at byte 12"),
        (b'{"pred": "A"}', "", "not a list of results"),
        (b'[{"question": "Q", "pred": "A"}, "Error"]', ":2", "not a result"),
        (b'[{"question": "Q", "pred": 7}]', ":1", "field `pred`: expected a string"),
    ],
)
def test_broken_files(tmp_path: Path, content: bytes, where: str, reason: str) -> None:
    path = tmp_path / "accuracy_res" / "m" / "t.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    *_, (place, _, why) = find_results(str(tmp_path)).items()
    assert place == f"{path}{where}"
    assert str(why).startswith(reason)


def test_a_broken_row_is_named_and_stops_the_run(cxr: Cxr, tmp_path: Path) -> None:
    path = tmp_path / "res" / "accuracy_res" / "m" / "t.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps([{"item_id": "a"}, {"item_id": "b", "pred": 7}]))
    done = cxr("score", "--from", "chestx-reasoner", "res", "--summary")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "cxr: res/accuracy_res/m/t.json:2: field `pred`: expected a string or null\n"


def test_an_item_twice_and_a_list_are_defects_and_stay(cxr: Cxr, tmp_path: Path) -> None:
    """As published all rows count; of ours the first of an item does. A list of texts is read as its lines."""
    question = "Is there air in the pleura? Options:\nA) Yes\nB) No"
    results = [
        {"question": question, "answer": "A", "pred": "A", "item_id": "one"},
        {"question": question, "answer": "A", "pred": "B", "item_id": "one"},
        {"question": question, "answer": "A", "pred": ["(A) Yes"], "item_id": "two"},
        {"question": question, "answer": "A", "pred": ["It is dark.", "The answer is A."], "item_id": "three"},
    ]
    path = tmp_path / "res" / "accuracy_res" / "qwenvl" / "air.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(results))
    rows = rows_of(cxr("score", "--from", "chestx-reasoner", "res"))
    assert {id: row["scores"]["accuracy"] for id, row in rows.items()} == {
        "qwenvl/air/one": 1.0,
        "qwenvl/air/one#2": 0.0,
        "qwenvl/air/two": 1.0,
        "qwenvl/air/three": 1.0,
    }
    found = summary(cxr, tmp_path / "res")
    assert {defect["name"]: defect["n"] for defect in found["defects"]} == {
        "items twice": 1,
        "predictions as a list": 2,
        "matching by substring": 4,
    }
    line = lines_of(found)["air", "qwenvl", "accuracy"]
    assert (line["published"], line["published_n"], line["ours"], line["n"]) == (0.75, 4, 1.0, 3)


def test_unknown_files_are_listed_and_passed_over(cxr: Cxr, tmp_path: Path) -> None:
    folder = published_files.write(tmp_path / "res")
    (folder / "accuracy_res" / "notes.txt").write_text("x")
    (folder / "accuracy_res" / "summary.json").write_text("{}")
    (folder / "accuracy_res" / "gpt4o").mkdir()
    (folder / "accuracy_res" / "gpt4o" / "air.json.bak").write_text("")
    (folder / "accuracy_res" / ".DS_Store").write_text("")
    done = cxr("score", "--from", "chestx-reasoner", "res", "--summary", "--judge", "stored")
    assert done.returncode == 0
    listed = "accuracy_res/gpt4o/air.json.bak, accuracy_res/notes.txt, accuracy_res/summary.json"
    assert f"res: passed over, not MODEL/TASK.json: {listed}\n" in done.stderr
    assert "18 rows" in done.stdout


def test_wrong_folders(cxr: Cxr, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = cxr("score", "--from", "chestx-reasoner", "empty")
    assert (done.returncode, done.stdout) == (1, "")
    assert "empty: neither accuracy_res/MODEL/TASK.json nor reasoning_res/MODEL/TASK.json" in done.stderr
    assert "nowhere: no such folder" in cxr("score", "--from", "chestx-reasoner", "nowhere").stderr


def test_one_of_the_two_folders_alone(cxr: Cxr, tmp_path: Path) -> None:
    folder = published_files.write(tmp_path / "res")
    assert summary(cxr, folder / "reasoning_res", "--judge", "stored")["rows"] == 7


@needs_shared
def test_the_authors_figures_are_reproduced(cxr: Cxr) -> None:
    """Figure 1: by their formulas, and as their script adds up, from the files alone."""
    done = cxr("score", "--from", "chestx-reasoner", THEIRS / "reasoning_res", "--judge", "stored", "--empty", "zero")
    scores: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in rows_of(done).values():
        scores[row["answered_by"], row["task"]].append(row["scores"])
    lines = lines_of(summary(cxr, THEIRS / "reasoning_res", "--judge", "stored"))
    seen = 0
    for path in sorted((THEIRS / "reasoning_res").glob("*/*.json")):
        model, task = path.parent.name, path.stem
        sums: dict[str, float] = dict.fromkeys(PARTS, 0.0)
        counts = dict.fromkeys(PARTS, 0)
        added, whole = dict.fromkeys(PARTS, 0.0), 0
        for row in json.loads(path.read_text()):
            parts: dict[str, float | None] = dict.fromkeys(("completeness", "factuality", "effectiveness"))
            if "key_conclusion" in row["gt_key_finding"]:
                total = len(row["gt_key_finding"]["key_conclusion"])
                parts["completeness"] = row["recall_res"]["recalled_count"] / total if total else 0.0
            if "key_conclusion" in row["pred_key_finding"]:
                total = len(row["pred_key_finding"]["key_conclusion"])
                parts["factuality"] = row["precision_res"]["correct_count"] / total if total else 0.0
            if "effective_count" in row["efficiency"]:
                steps = row["efficiency"]["effective_count"] + row["efficiency"]["ineffective_count"]
                parts["effectiveness"] = row["efficiency"]["effective_count"] / steps if steps else 0.0
            stopped = False
            for part, share in parts.items():
                stopped = stopped or share is None
                if share is not None:
                    sums[part] += share
                    counts[part] += 1
                    added[part] += 0.0 if stopped else share
            whole += not stopped
        for part in PARTS:
            line = lines[task, model, part]
            assert line["published"] == pytest.approx(sums[part] / counts[part], abs=1e-12, rel=0)
            assert line["script"] == pytest.approx(added[part] / whole, abs=1e-12, rel=0)
            values = [each[part] for each in scores[model, task] if each[part] is not None]
            assert sum(values) / len(values) == pytest.approx(sums[part] / counts[part], abs=1e-12, rel=0)
            seen += 1
        mean = sum(sums[part] / counts[part] for part in PARTS) / 3
        assert lines[task, model, "radrscore"]["published"] == pytest.approx(mean, abs=1e-12, rel=0)
    assert seen == 15


@needs_shared
def test_answers_of_nine_models() -> None:
    """200 answers drawn with a seed from all files, and labelled by hand before the parser had read them."""
    labels = [json.loads(line) for line in (GOLDEN / "published_answers.jsonl").read_text().splitlines()]
    files = {label["file"]: json.loads((THEIRS / label["file"]).read_text()) for label in labels}
    wrong = []
    for label in labels:
        row = files[label["file"]][label["index"]]
        assert hashlib.sha256(row["pred"].encode()).hexdigest()[:16] == label["digest"]
        _, options = parse_prompt(row["question"])
        texts = answer_of({"question": row["question"]}, row["pred"]).texts
        said = "ABCD"[options.index(texts[0])] if texts else None
        if said != label["expected"]:
            wrong.append((label["file"], label["index"], label["expected"], said))
    assert len({(label["file"], label["index"]) for label in labels}) == 200
    assert len(wrong) <= 2, wrong

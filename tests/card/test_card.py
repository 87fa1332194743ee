"""`cxr card`: what it counts, what it reports as a leak."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cxr_cli.card.counts import Split
from tests.conftest import Cxr, needs

NORMAL = "FINDINGS: The heart is of normal size. The lungs are clear. No effusion or pneumothorax. Bones are intact."


def case(id: str, patient: str | None, image: str, report: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "patient": patient, "images": [image], "report": report, "source": "ward", **more}


TRAIN = [
    case(
        "a/edema", "p1", "a.png", "Mild edema.", task="binary", findings=["edema"], options=["Yes", "No"], answer="Yes"
    ),
    case("a/mass", "p1", "a.png", "Mild edema.", task="binary", findings=["mass"], options=["Yes", "No"], answer="No"),
    case("b/anomaly", "p2", "b.png", NORMAL, task="anomaly", options=["Normal", "Abnormal"], answer="Normal"),
]
TEST = [
    case("c/anomaly", "p3", "c.png", NORMAL.upper(), task="anomaly", options=["Normal", "Abnormal"], answer="Normal"),
    case("d/open", "p4", "d.png", "Left effusion.", task="multiple", findings=["mass"], answer=["Mass"]),
]
STEPS = [{"text": "The film is hazy.", "verdict": "supported"}, {"text": "So it is.", "verdict": None}]


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    write(tmp_path / "train.jsonl", [TRAIN[0] | {"steps": STEPS}, *TRAIN[1:]])
    write(tmp_path / "test.jsonl", TEST)
    for name in "abcd":
        (tmp_path / f"{name}.png").write_bytes(b"film of " + name.encode())
    return tmp_path


def table(page: str, title: str) -> dict[str, list[str]]:
    lines = page.partition(f"## {title}\n")[2].partition("\n## ")[0].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return {row[0]: row[1:] for row in cells[2:]}


@needs("plot")
def test_a_card(cxr: Cxr, files: Path) -> None:
    done = cxr("card", "train=train.jsonl", "test=test.jsonl", "-o", "card")
    assert (done.returncode, done.stderr) == (0, "cxr: 5 rows of train, test -> card/README.md\n")
    assert done.stdout == (
        "leak                              splits       shared  rows  for example\n"
        "nearly the same report (no leak)  train, test  1       1, 1  b/anomaly, c/anomaly\n"
    )
    page = (files / "card" / "README.md").read_text()
    head = table(page.replace("# Data card", "## Data card"), "Data card")
    assert head["questions"] == ["3", "2"]
    assert head["studies"] == head["patients"] == head["films"] == ["2", "2"]
    assert (head["steps"], head["- supported"], head["- no verdict"]) == (["2", "0"], ["1", "0"], ["1", "0"])
    assert head["rows without steps"] == ["2", "2"]
    assert (head["words of a report, median"], head["words of all its steps, median"]) == (["2", "2"], ["7", "-"])
    assert table(page, "Sources") == {"ward": ["3", "2"]}
    assert table(page, "Tasks") == {"binary": ["2", "0"], "anomaly": ["1", "1"], "multiple": ["0", "1"]}
    assert table(page, "Findings") == {"mass": ["0 / 1 / 0", "0 / 0 / 1"], "edema": ["1 / 0 / 0", "0 / 0 / 0"]}
    assert "--all" not in page
    assert table(page, "Licences") == {"ward": ["*licence*", "*terms*"]}
    assert (files / "card" / "distribution.png").read_bytes().startswith(b"\x89PNG")
    assert "</svg>" in (files / "card" / "distribution.svg").read_text()


def test_a_card_without_matplotlib_has_no_plot(files: Path) -> None:
    tool = "import sys; sys.modules['matplotlib'] = None; from cxr_cli.cli import main; main()"
    command = [sys.executable, "-c", tool, "card", "train=train.jsonl", "test=test.jsonl", "-o", "card"]
    done = subprocess.run(command, cwd=files, capture_output=True, text=True, timeout=600)
    assert (done.returncode, done.stderr) == (
        0,
        'cxr: the card has no plot: matplotlib is not installed: pip install -e ".[plot]" in a clone of the project\n'
        "cxr: 5 rows of train, test -> card/README.md\n",
    )
    assert [path.name for path in (files / "card").iterdir()] == ["README.md"]
    page = (files / "card" / "README.md").read_text()
    assert "distribution" not in page
    assert table(page, "Tasks") == {"binary": ["2", "0"], "anomaly": ["1", "1"], "multiple": ["0", "1"]}


@needs("plot")
def test_the_findings_that_occur_and_all(cxr: Cxr, tmp_path: Path) -> None:
    shared = {"report": "Mild edema.", "options": ["Yes", "No"]}
    choice = {"options": ["Mass", "Pulmonary edema"], "findings": ["mass", "edema"]}
    rows = [
        shared | {"id": "a", "task": "binary", "findings": ["nodule"], "answer": "No"},
        shared | {"id": "b", "task": "binary", "findings": ["fracture"], "answer": "Yes"},
        choice | {"id": "c", "task": "single", "answer": "Pulmonary edema"},
        {"id": "d", "task": "multiple", "findings": ["scarring"], "answer": ["Scarring"]},
        {"id": "e", "task": "temporal", "findings": ["effusion"], "options": ["Better", "Worse"], "answer": "Better"},
        {"id": "f", "task": "multiple", "options": ["Cavity", "Edema"], "findings": ["cavity", "edema"], "answer": []},
    ]
    write(tmp_path / "rows.jsonl", rows)
    assert cxr("card", "rows.jsonl", "-o", "few").returncode == 0
    page = (tmp_path / "few" / "README.md").read_text()
    assert [*table(page, "Findings")] == ["edema", "effusion", "fracture", "scarring"]
    assert "3 more findings that questions name occur in no answer: `cxr card --all` lists them too." in page
    assert cxr("card", "rows.jsonl", "-o", "all", "--all").returncode == 0
    page = (tmp_path / "all" / "README.md").read_text()
    names = ["edema", "cavity", "effusion", "fracture", "mass", "nodule", "scarring"]
    assert [*table(page, "Findings")] == names
    assert "--all" not in page


HOSTILE = "<img src=x onerror=alert(1)>|`</script>`[a](javascript:b)![c](http://d)&lt;*e*\n# f \u202eg\x1b[31m $\\frac$"


@needs("plot")
def test_names_are_texts_and_never_markup(cxr: Cxr, tmp_path: Path) -> None:
    row = {"id": HOSTILE, "source": HOSTILE, "task": HOSTILE, "findings": [HOSTILE], "options": [HOSTILE, "b"]}
    row |= {"answer": HOSTILE, "made_by": HOSTILE, "split": HOSTILE, "patient": "p"}
    write(tmp_path / "rows.jsonl", [row, row | {"id": "2", "split": "other", "findings": ["x" * 900, "字"]}])
    done = cxr("card", "rows.jsonl", "-o", "card")
    assert done.returncode == 1
    assert "Warning" not in done.stderr
    page = (tmp_path / "card" / "README.md").read_text()
    assert [line for line in page.splitlines() if line.startswith("# ")] == ["# Data card"]
    assert not {"\u202e", "\x1b"} & {*page}
    made, text = page.partition("## How it was made\n\n")[2].partition("\n")[0], re.sub("``+ .*? ``+", "", page)
    assert made.startswith("- `` made_by: <img src=x onerror=alert(1)>|`</script>`[a]")
    for sign in "<[&":
        assert re.findall(rf"(?<!\\)\{sign}", text.replace("![Questions", "")) == []
    cells = {len(re.findall(r"(?<!\\)\|", line)) for line in page.splitlines() if line.startswith("|")}
    assert cells == {4, 5, 6}


def test_it_is_the_same_when_made_again_and_not_written_over(cxr: Cxr, files: Path) -> None:
    made = []
    for folder in ("one", "two"):
        cxr("card", "train=train.jsonl", "-o", folder)
        made.append([path.read_bytes() for path in sorted((files / folder).iterdir())])
    assert made[0] == made[1]
    done = cxr("card", "train=train.jsonl", "-o", "one")
    assert (done.returncode, done.stderr) == (1, "cxr: one/README.md exists: --overwrite replaces it\n")
    assert cxr("card", "train=train.jsonl", "-o", "one", "--overwrite").returncode == 0


def leaks(cxr: Cxr, folder: Path, row: dict[str, Any], *flags: str) -> tuple[int, str, list[str]]:
    write(folder / "test.jsonl", [*TEST, row])
    done = cxr("card", "train=train.jsonl", "test=test.jsonl", "-o", "card", "--overwrite", *flags)
    return done.returncode, done.stderr.splitlines()[-1], [line[:16].strip() for line in done.stdout.splitlines()[1:-1]]


@needs("plot")
def test_a_patient_in_two_splits(cxr: Cxr, files: Path) -> None:
    found = leaks(cxr, files, case("x", "p2", "d.png", "Mass."))
    assert found == (1, "cxr: the splits leak: patients 1; keep each patient in one split", ["same patient"])
    assert table((files / "card" / "README.md").read_text(), "Leaks")["same patient"] == [
        "train, test",
        "1",
        "1, 1",
        "b/anomaly, x",
    ]


@needs("plot")
def test_a_film_under_another_name_is_found_by_its_bytes(cxr: Cxr, files: Path) -> None:
    (files / "copy.png").write_bytes((files / "a.png").read_bytes())
    row = case("x", "p9", "copy.png", "Mass.")
    assert leaks(cxr, files, row)[0] == 0
    found = leaks(cxr, files, row, "--images", ".")
    assert found == (1, "cxr: the splits leak: films 1; keep each patient in one split", ["same film"])


@needs("plot")
def test_a_prior_film_counts(cxr: Cxr, files: Path) -> None:
    row = case("x", "p9", "d.png", "Mass.", task="temporal", prior={"images": ["b.png"]})
    assert leaks(cxr, files, row)[1] == "cxr: the splits leak: films 1; keep each patient in one split"


@needs("plot")
def test_a_question_in_two_splits(cxr: Cxr, files: Path) -> None:
    found = leaks(cxr, files, case("a/edema", None, "d.png", "Mass."))
    assert found[:2] == (1, "cxr: the splits leak: ids 1; keep each patient in one split")
    assert "rows without patient | 0 | 1 |" in (files / "card" / "README.md").read_text()


@needs("plot")
def test_a_split_without_rows_is_shown(cxr: Cxr, files: Path) -> None:
    (files / "test.jsonl").write_text("")
    done = cxr("card", "train=train.jsonl", "test=test.jsonl", "-o", "card")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "cxr: no rows in test.jsonl\ncxr: 3 rows of train, test -> card/README.md\n"
    page = (files / "card" / "README.md").read_text()
    assert "| questions | 3 | 0 |" in page
    assert "| words of a report, median | 2 | - |" in page


@needs("plot")
def test_rows_that_name_their_split(cxr: Cxr, files: Path) -> None:
    rows = [row | {"split": "train"} for row in TRAIN] + TEST
    done = cxr("card", "-", "-o", "card", stdin="".join(json.dumps(row) + "\n" for row in rows))
    assert done.returncode == 0
    assert "train, no split" in done.stdout


@needs("plot")
@pytest.mark.parametrize(
    ("lines", "flags", "reason"),
    [
        ("", (), "no rows to make a card of"),
        ('{"id": "a"}\n{"id"', (), "stdin:2: broken JSON: the file ends in the middle of the row"),
        ('{"id": "a", "images": ["no.png"]}', ("--images", "."), "stdin:1: image no.png cannot be read: No such file"),
        ('{"id": "a", "steps": [{"x": 1}]}', (), "stdin:1: field `steps[0].text`: missing (id a)"),
    ],
)
def test_what_cannot_be_counted(cxr: Cxr, lines: str, flags: tuple[str, ...], reason: str) -> None:
    done = cxr("card", "-", "-o", "card", *flags, stdin=lines)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].startswith(f"cxr: {reason}")


def test_the_median_of_few() -> None:
    split = Split("x")
    for number, words in enumerate((5, 1, 9, 2)):
        split.add({"id": str(number), "report": "word " * words})
    assert split.median("words of a report") == 2
    assert split.median("steps of a question") is None

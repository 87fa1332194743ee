"""`cxr mine --with-images`, `--steps`: which studies are asked about, and which get steps."""

import json

from tests.cases import rows
from tests.conftest import Cxr

STUDIES = [
    {"id": "a", "report": "Mild edema.", "images": ["a.png"]},
    {"id": "b", "report": None, "labels": {"Edema": 1}, "images": []},
    {"id": "c", "labels": {"Edema": 0}, "images": ["c.png"]},
]
LINES = "".join(json.dumps(study) + "\n" for study in STUDIES)
ASK = ("--findings", "edema", "--task", "binary")


def test_studies_without_films_are_left_out(cxr: Cxr) -> None:
    done = cxr("mine", "--with-images", *ASK, stdin=LINES)
    assert [row["id"] for row in rows(done.stdout)] == ["a/binary/edema", "c/binary/edema"]
    assert done.stderr == "cxr: 1 studies left out: they have no film\n"


def test_steps_where_there_is_a_report(cxr: Cxr) -> None:
    made = cxr("mine", *ASK, "--steps", "reported", stdin=LINES)
    assert [(row["steps"] is None, row.get("why")) for row in rows(made.stdout)] == [
        (False, None),
        (True, {"steps": "no report"}),
        (True, {"steps": "no report"}),
    ]
    kept = cxr("verify", stdin=made.stdout)
    assert [row["id"][0] for row in rows(kept.stdout)] == ["a", "b", "c"]
    assert kept.returncode == 0


def test_no_steps(cxr: Cxr) -> None:
    done = cxr("mine", *ASK, "--steps", "none", stdin=LINES)
    assert {(row["steps"], row["why"]["steps"]) for row in rows(done.stdout)} == {(None, "not asked for")}
    refused = cxr("mine", "--steps", "none", "-m", "http://localhost:1/v1", stdin=LINES)
    assert refused.returncode == 2
    assert "--steps none leaves nothing for -m to write." in refused.stderr


def test_brief_steps_have_no_plan_and_one_wording(cxr: Cxr) -> None:
    made = cxr("mine", *ASK, "--brief", stdin=LINES)
    assert made.returncode == 0, made.stderr
    again = cxr("mine", *ASK, "--brief", "--seed", "7", stdin=LINES)
    chains = [[(step["kind"], step["text"]) for step in row["steps"]] for row in rows(made.stdout)]
    assert chains == [[(step["kind"], step["text"]) for step in row["steps"]] for row in rows(again.stdout)]
    assert {kind for chain in chains for kind, _ in chain} == {"observe", "conclude"}
    assert all(text.startswith("There is ") for chain in chains for kind, text in chain if kind == "observe")
    assert "|brief:True|" in rows(made.stdout)[0]["made_by"]
    assert "brief" not in cxr("mine", *ASK, stdin=LINES).stdout
    refused = cxr("mine", "--brief", "-m", "http://localhost:1/v1", stdin=LINES)
    assert refused.returncode == 2
    assert "--brief is for steps by rules; -m writes its own." in refused.stderr

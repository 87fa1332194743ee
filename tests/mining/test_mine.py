"""`cxr mine`: studies in, cases out."""

import json
import os
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest

from cxr_cli.answers.replies.reply_format import prompt_text
from cxr_cli.rows.signatures import signature
from cxr_cli.sources import EXAMPLES
from tests.cases import LEXICON, answers, examples, rows, steps_with_evidence
from tests.conftest import Cxr


def test_a_study_becomes_a_case(cxr: Cxr) -> None:
    study = '{"id":"s1","report":"No pneumothorax. Small left effusion.","ward":[7]}\n'
    done = cxr("mine", "--task", "binary", "--findings", "Pleural Effusion", stdin=study)
    assert (done.returncode, done.stderr) == (0, "")
    options = {
        "unmentioned": "normal",
        "uncertain": "skip",
        "seed": 0,
        "task": "binary",
        "findings": "pleural effusion",
    }
    made_by = signature("rules", LEXICON.digest, **options)
    plan = "First, I check the costophrenic angles for blunting of a costophrenic angle and a meniscus."
    assert done.stdout == (
        '{"id":"s1/binary/pleural-effusion","report":"No pneumothorax. Small left effusion.","ward":[7],'
        '"task":"binary","question":"Is there a pleural effusion in this chest X-ray?","options":["Yes","No"],'
        '"answer":"Yes","findings":["pleural effusion"],"steps":['
        f'{{"text":"{plan}","kind":"plan","evidence":[]}},'
        '{"text":"A small left pleural effusion is seen.","kind":"observe","evidence":[{"start":17,"end":37}]},'
        '{"text":"As a pleural effusion is seen, the answer is Yes.","kind":"conclude","evidence":[]}],'
        f'"made_by":"{made_by}"}}\n'
    )
    case = rows(done.stdout)[0]
    assert prompt_text(case["question"], case["options"]) == (
        "Is there a pleural effusion in this chest X-ray? Options:\nA) Yes\nB) No"
    )


def test_a_terminal_reads_the_examples(cxr: Cxr) -> None:
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "cxr_cli", "mine"]
    done = subprocess.run(command, stdin=theirs, capture_output=True, text=True, timeout=600)
    os.close(ours)
    os.close(theirs)
    assert done.stderr == "cxr: no INPUT: reading `examples`, which comes with cxr\n"
    assert done.stdout == cxr("mine", "examples").stdout
    assert {row["id"].partition("/")[0] for row in rows(done.stdout)} == {study["id"] for study in examples()}


def test_a_table_with_other_names(cxr: Cxr, tmp_path: Any) -> None:
    (tmp_path / "a.csv").write_text("uid,findings,impression\n7,Clear lungs.,No edema.\n")
    done = cxr("mine", "a.csv", "--map", "id=uid,report=findings+impression", "--findings", "edema", "--task", "binary")
    (case,) = rows(done.stdout)
    assert case["report"] == "FINDINGS: Clear lungs.\nIMPRESSION: No edema."
    assert (case["id"], case["answer"], steps_with_evidence(case)[1][1]) == ("7/binary/edema", "No", ["No edema."])


def test_a_study_without_anything(cxr: Cxr, tmp_path: Any) -> None:
    studies = '{"id":"a","text":"Edema."}\n{"id":"b","findings":["edema"]}\n{"id":"c","report":"Edema."}\n'
    done = cxr("mine", stdin=studies)
    assert (done.returncode, done.stdout) == (1, "")
    assert (
        done.stderr
        == "cxr: stdin:1: no report and no labels (if the report has another name: --map report=COLUMN) (id a)\n"
    )
    done = cxr("mine", "--on-error", "skip", "--rejects", "bad.jsonl", "--task", "anomaly", stdin=studies)
    assert (done.returncode, answers(rows(done.stdout))) == (3, {"anomaly": "Abnormal"})
    assert [(r["where"], r["reason"]) for r in rows((tmp_path / "bad.jsonl").read_text())] == [
        ("stdin:1", "no report and no labels (if the report has another name: --map report=COLUMN)"),
        ("stdin:2", "no report and no labels (if the report has another name: --map report=COLUMN)"),
    ]


@pytest.mark.parametrize(
    "said", ['"report":"Two views. XXXX."', '"report":" "', '"report":null,"labels":{"edema":null}']
)
def test_a_study_that_says_nothing(cxr: Cxr, said: str) -> None:
    done = cxr("mine", stdin=f'{{"id":"a",{said}}}\n')
    reason = "; with no findings section: 1" if "Two views" in said else ""  # the film's name alone
    assert (done.returncode, done.stdout, done.stderr) == (0, "", f"cxr: studies that gave no question: 1{reason}\n")


def test_resume_does_nothing_twice(cxr: Cxr, tmp_path: Any) -> None:
    whole = cxr("mine", "examples").stdout
    (tmp_path / "a.jsonl").write_text("".join(whole.splitlines(keepends=True)[:33]))
    assert cxr("mine", "examples", "-o", "a.jsonl", "--resume").returncode == 0
    assert (tmp_path / "a.jsonl").read_text() == whole


def test_own_findings_and_what_they_are_called(cxr: Cxr, tmp_path: Any) -> None:
    (tmp_path / "my.toml").write_text(
        '[[finding]]\nname = "azygos lobe"\nis_a = ["lung abnormality"]\n'
        'terms = ["azygos lobe"]\nsay = "an azygos lobe"\n'
    )
    study = '{"id":"a","report":"Azygos lobe."}\n'
    done = cxr("mine", "--lexicon", "my.toml", "--findings", "azygos lobe", "--task", "binary", stdin=study)
    (case,) = rows(done.stdout)
    assert (case["question"], case["answer"]) == ("Is there an azygos lobe in this chest X-ray?", "Yes")
    assert steps_with_evidence(case)[0][0] in ("I look for an azygos lobe.", "I check the image for an azygos lobe.")


def test_draws_depend_on_seed_and_ids_alone(cxr: Cxr) -> None:
    lines = EXAMPLES.read_text().splitlines(keepends=True)
    whole = cxr("mine", "examples").stdout.splitlines()
    assert sorted(cxr("mine", stdin="".join(reversed(lines))).stdout.splitlines()) == sorted(whole)
    single = [line for line in whole if json.loads(line)["task"] == "single"]
    alone = cxr("mine", "examples", "--task", "single").stdout.splitlines()
    assert [line.replace("|task:single", "") for line in alone] == single  # the signature names the option
    other = cxr("mine", "examples", "--task", "single", "--seed", "1").stdout.splitlines()
    assert [json.loads(line)["options"] for line in other] != [json.loads(line)["options"] for line in single]


def test_all_asks_each_finding_of_each_study(cxr: Cxr) -> None:
    studies = "".join(f'{{"id":"{i}","report":"Lungs clear. Mild cardiomegaly."}}\n' for i in "ab")
    cases = rows(cxr("mine", "--task", "binary", "--findings", "all", stdin=studies).stdout)
    worth = [name for name, entry in LEXICON.entries.items() if entry.answer]
    assert [case["findings"][0] for case in cases] == worth * 2
    assert [case["findings"][0] for case in cases[: len(worth)] if case["answer"] == "Yes"] == ["cardiomegaly"]


def test_balance_is_exact_and_does_not_depend_on_the_order(cxr: Cxr) -> None:
    lines = [f'{{"id":"{i}","report":"{"Small effusion" if i % 3 else "No effusion"}."}}\n' for i in range(60)]
    flags = ["--per-finding", "10", "--findings", "effusion", "--balance"]
    done = cxr("mine", *flags, stdin="".join(lines))
    assert Counter(case["answer"] for case in rows(done.stdout)) == {"Yes": 5, "No": 5}
    assert done.stderr == ""
    again = cxr("mine", *flags, stdin="".join(reversed(lines))).stdout
    assert sorted(again.splitlines()) == sorted(done.stdout.splitlines())
    assert sorted(cxr("mine", *flags, "--seed", "1", stdin="".join(lines)).stdout) != sorted(done.stdout)
    natural = rows(cxr("mine", *flags[:-1], stdin="".join(lines)).stdout)
    assert len(natural) == 10
    few = cxr("mine", *flags, stdin="".join(lines[:4]))
    assert Counter(case["answer"] for case in rows(few.stdout)) == {"Yes": 2, "No": 2}
    assert few.stderr == "cxr: 1 of 1 findings have fewer than 10 cases\n"
    odd = cxr("mine", *flags, "--per-finding", "5", stdin="".join(lines))
    assert Counter(case["answer"] for case in rows(odd.stdout)) == {"Yes": 2, "No": 2}
    assert odd.stderr == ""


def test_per_finding_rejects_as_usual(cxr: Cxr) -> None:
    studies = '{"id":"a"}\n{"id":"b","report":"Edema."}\n'
    flags = ["--per-finding", "1", "--findings", "edema"]
    done = cxr("mine", *flags, stdin=studies)
    assert done.returncode == 1
    assert done.stderr.startswith("cxr: stdin:1: no report and no labels")
    done = cxr("mine", *flags, "--on-error", "skip", "--rejects", "bad.jsonl", stdin=studies)
    assert (done.returncode, answers(rows(done.stdout))) == (3, {"binary/edema": "Yes"})

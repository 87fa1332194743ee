"""Questions, options, answers, task by task."""

from typing import Any

import pytest

from cxr_cli.errors import RowError
from cxr_cli.findings.agreement import COURSE, COURSE_WORDS
from cxr_cli.mining.cases import Miner
from tests.cases import LEXICON, READER, Row, answers, mined, steps_with_evidence


@pytest.mark.parametrize(("policy", "expected"), [("skip", {}), ("yes", "Yes"), ("no", "No")])
def test_uncertain(policy: Any, expected: Any) -> None:
    cases = mined("Possible small left effusion.", uncertain=policy, tasks=["binary"], findings=["pleural effusion"])
    assert answers(cases) == (expected and {"binary/pleural-effusion": expected})
    for case in cases:
        (_, (observed, evidence), (concluded, _)) = steps_with_evidence(case)
        assert READER.read(observed)[0][:3] == ("pleural effusion", "uncertain", "left")
        assert evidence == ["Possible small left effusion."]
        assert concluded == f"A pleural effusion is possible but not certain, so the answer is {expected}."


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        ("The effusion has decreased.", {"temporal/pleural-effusion": "Improving"}),
        ("New left nodule.", {"temporal/nodule": "Worsening"}),
        ("The pneumonia has resolved.", {"temporal/pneumonia": "Improving"}),
        (
            "Stable mild cardiomegaly. Worsening edema.",
            {"temporal/cardiomegaly": "Stable", "temporal/edema": "Worsening"},
        ),
        ("The right effusion is larger. The left effusion is smaller.", {}),
        ("The endotracheal tube is unchanged.", {}),
        ("The left lung remains clear.", {}),
        ("Left effusion.", {}),
    ],
)
def test_temporal(report: str, expected: Row) -> None:
    cases = mined(report, tasks=["temporal"])
    assert answers(cases) == expected
    assert all(case["options"] == ["Worsening", "Stable", "Improving"] for case in cases)


@pytest.mark.parametrize(
    ("report", "changes", "expected"),
    [
        (
            None,
            {"Pleural_Effusion": "worsening", "Edema": None, "no such": "stable"},
            {"pleural effusion": ("Worsening", 0)},
        ),
        ("Edema has improved.", {"edema": "stable"}, {"edema": ("Stable", 0)}),  # goes before what the report says
        ("Edema has improved.", {"edema": "Improving"}, {"edema": ("Improving", 1)}),
        ("Effusion is stable.", {"edema": "improving"}, {"edema": ("Improving", 0), "pleural effusion": ("Stable", 1)}),
        ("Edema is worse.", None, {"edema": ("Worsening", 1)}),
    ],
)
def test_changes_that_a_data_set_gives(report: str | None, changes: Row | None, expected: Row) -> None:
    """expected: finding -> the answer, and how many sentences of the report it rests on."""
    cases = Miner(LEXICON, tasks=["temporal"])({"id": "s", "report": report, "changes": changes})
    assert {case["findings"][0]: (case["answer"], len(case["steps"][1]["evidence"])) for case in cases} == expected
    for case in cases:
        _, observed, concluded = (step["text"] for step in case["steps"])
        (finding,) = READER.read(observed)
        assert COURSE[finding.change or ""] == COURSE_WORDS[case["answer"].lower()]
        assert concluded.endswith(f"so the answer is {case['answer']}.")


def test_changes_alone_give_no_other_question() -> None:
    assert Miner(LEXICON)({"id": "s", "changes": {"lung": "stable"}}) == []
    with pytest.raises(
        RowError, match="field `changes`: a value that is none of worsening, stable, improving and null"
    ):
        Miner(LEXICON)({"id": "s", "changes": {"edema": "gone"}})


def test_temporal_steps() -> None:
    (case,) = mined("The small left effusion has increased.", tasks=["temporal"])
    assert case["question"] == "How has the pleural effusion changed since the prior chest X-ray?"
    (_, (observed, evidence), (concluded, _)) = steps_with_evidence(case)
    assert READER.read(observed)[0][:6] == ("pleural effusion", "present", "left", None, "mild", "worse")
    assert evidence == ["The small left effusion has increased."]
    assert concluded == "The pleural effusion has worsened, so the answer is Worsening."
    for case in mined("The small left effusion has increased.", tasks=["binary", "anomaly", "single"]):
        assert all(f.change is None for text, _ in steps_with_evidence(case) for f in READER.read(text)), (
            "one film shows no change"
        )


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        ("No acute disease.", {"anomaly": "Normal"}),
        ("Mild scoliosis.", {"anomaly": "Abnormal"}),
        ("Left pacemaker. Sternotomy wires.", {}),
        ("Left pacemaker. Edema.", {"anomaly": "Abnormal"}),
        ("Possible nodule. Heart normal.", {}),
    ],
)
def test_anomaly(report: str, expected: Row) -> None:
    assert answers(mined(report, tasks=["anomaly"])) == expected


def test_a_normal_film_is_described_organ_by_organ() -> None:
    (case,) = mined("Heart size normal. No infiltrate or effusion. No fracture.", tasks=["anomaly"])
    seen = [(READER.read(text), evidence) for text, evidence in steps_with_evidence(case)[1:-1]]
    assert [([f.name for f in found], evidence) for found, evidence in seen] == [
        (["infiltration"], ["No infiltrate or effusion."]),
        (["pleural effusion", "pneumothorax"], ["No infiltrate or effusion."]),
        (["cardiomegaly"], ["Heart size normal."]),
        (["enlarged cardiomediastinum"], []),
        (["fracture"], ["No fracture."]),
    ]
    assert {f.status for found, _ in seen for f in found} == {"absent"}


def test_single_and_multiple() -> None:
    report = "Right apical pneumothorax. Left lower lobe atelectasis. No fracture, no cardiomegaly, no edema."
    single, multiple, every = mined(report, tasks=["single", "multiple"])
    there = {"Pneumothorax", "Atelectasis"}
    assert single["question"] == "Which finding is in this chest X-ray?"
    assert len(single["options"]) == len(set(single["options"])) == 4
    assert there & set(single["options"]) == {single["answer"]}
    assert (len(multiple["options"]), set(multiple["answer"])) == (5, there)
    assert (every["options"], every["answer"], every["findings"]) == (
        [],
        ["Pneumothorax", "Atelectasis"],
        ["pneumothorax", "atelectasis"],
    )
    for case in (single, multiple):
        assert [step["kind"] for step in case["steps"]] == ["plan", *["observe"] * len(case["options"]), "conclude"]


def test_no_option_is_what_might_be_there() -> None:
    """Not broader nor narrower than what is there, nor passed over beside its like, nor uncertain."""
    options = {
        name
        for seed in range(40)
        for case in mined("Left basal opacity. Possible rib fracture.", tasks=["single"], seed=seed)
        for name in case["findings"]
    }
    assert (
        options & {"consolidation", "pneumonia", "nodule", "airspace opacity", "fracture", "acute bone abnormality"}
        == set()
    )
    assert {"cardiomegaly", "lung opacity"} <= options


def test_questions_are_grammatical() -> None:
    questions = {
        case["findings"][0]: case["question"] for case in mined("Edema.", tasks=["binary"], findings=LEXICON.entries)
    }
    expected = {
        "endotracheal tube": "Is there an endotracheal tube in this chest X-ray?",
        "cardiomegaly": "Is there cardiomegaly in this chest X-ray?",
        "low lung volumes": "Are there low lung volumes in this chest X-ray?",
        "copd": "Is there COPD in this chest X-ray?",
        "elevated diaphragm": "Is there elevation of the hemidiaphragm in this chest X-ray?",
        "acute abnormality": "Is there an acute abnormality in this chest X-ray?",
    }
    assert {name: questions[name] for name in expected} == expected

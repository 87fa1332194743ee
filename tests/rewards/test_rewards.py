"""The rewards: literal values with the ugly cases among them; other trainers' signatures; the audit."""

import importlib
import inspect
import json
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from cxr_cli import rewards
from cxr_cli.answers.reply_format import completion_text
from cxr_cli.errors import CxrError
from cxr_cli.findings import reader
from cxr_cli.mining.cases import Miner
from cxr_cli.rewards.audit import CHEATS, as_table, audit
from cxr_cli.rewards.functions import statement_metrics
from cxr_cli.rewards.reward_mix import select
from tests.cases import LEXICON, examples
from tests.shared import needs_shared, openi_reports, report_text

REPORT = "Small left pleural effusion. No pneumothorax. The heart is not enlarged."
CASE: dict[str, Any] = {
    "id": "a",
    "task": "binary",
    "question": "Is there a pleural effusion in this chest X-ray?",
    "options": ["Yes", "No"],
    "answer": "Yes",
    "findings": ["pleural effusion"],
    "report": REPORT,
    "steps": [
        "I look at the costophrenic angles.",
        "There is a small left pleural effusion.",
        "No pneumothorax is seen.",
    ],
}
ONE_OF = {"task": "single", "options": ["Edema", "Nodule"], "answer": "Edema"}
NORMAL_OR_NOT = {"task": "anomaly", "options": ["Normal", "Abnormal"], "answer": "Abnormal"}
NORMAL = "The lungs are clear. There is no pleural effusion or pneumothorax. The heart is not enlarged."


def paid(name: str, think: str, said: str = "A", **case: Any) -> float | None:
    [value] = rewards.REWARDS.load(name)([completion_text(think, said)], case=[{**CASE, **case}])
    return None if value is None else round(value, 3)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("<think> Hazy. </think><answer> A </answer>", 1.0),
        ("<think>Hazy.</think>\n<answer>A</answer>\n", 1.0),
        ("<think> Hazy. </think><answer> A </answer> So A.", 0.0),
        ("<think> Hazy. </think><answer> A </answer><answer> B </answer>", 0.0),
        ("<answer> A </answer><think> Hazy. </think>", 0.0),
        ("<think></think><answer> A </answer>", 0.0),
        ("<think> Hazy. <answer> A </answer>", 0.0),
        ("", 0.0),
    ],
)
def test_format(text: str, value: float) -> None:
    assert rewards.format([text], case=[CASE]) == [value]


@pytest.mark.parametrize(
    ("answer", "case", "value"),
    [
        ("A", {}, 1.0),
        ("Yes", {}, 1.0),
        ("B", {}, 0.0),
        ("A or B", {}, 0.0),  # both is no answer, and no answer is not paid
        (" ", {}, 0.0),
        ("A", {"answer": None}, None),
        ("A, B", {"options": ["Edema", "Nodule", "Mass"], "answer": ["Edema", "Mass"], "task": "multiple"}, 0.5),
        ("A, C", {"options": ["Edema", "Nodule", "Mass"], "answer": ["Edema", "Mass"], "task": "multiple"}, 1.0),
        ("A, B, C", {"options": ["Edema", "Nodule", "Mass"], "answer": ["Edema", "Mass"], "task": "multiple"}, 0.8),
        ("A left-sided effusion", {"options": [], "answer": ["Pleural effusion"], "task": "multiple"}, 0.75),
        ("Pleural effusion, edema", {"options": [], "answer": ["Pleural effusion"], "task": "multiple"}, 0.667),
        ("Edema", {"options": [], "answer": ["Pleural effusion"], "task": "multiple"}, 0.0),
    ],
)
def test_accuracy(answer: str, case: dict[str, Any], value: float | None) -> None:
    assert paid("accuracy", "So.", answer, **case) == value


@pytest.mark.parametrize(
    ("think", "value"),
    [
        ("There is a small left pleural effusion. No pneumothorax is seen.", 1.0),
        ("There is a small left pleural effusion.", 0.5),  # the absent half is not told
        ("No pneumothorax is seen.", 0.5),
        ("No pneumothorax is seen. There is no pleural effusion.", 0.5),  # a missed finding and a false one
        ("There is a small left pleural effusion and a pneumothorax.", 0.5),
        ("There is a small left pleural effusion. No pneumothorax is seen. There is a nodule.", 0.75),
        ("There is a right pleural effusion. No pneumothorax is seen.", 0.75),  # the wrong side: better than "none"
        ("There may be a small left pleural effusion. No pneumothorax is seen.", 0.75),
        ("I look at the image.", 0.0),
        ("", 0.0),
        (NORMAL, 0.5),
        (" ".join(["There is a small left pleural effusion."] * 50), 0.01),
    ],
)
def test_process(think: str, value: float) -> None:
    assert paid("process", think) == value


def test_process_does_not_pay_for_calling_all_in_doubt_absent() -> None:
    """Plain factuality pays more for four times "absent" than for an honest guess; process does not."""
    honest = "There is a small left pleural effusion. There is a pneumothorax."
    absent = "There is no pleural effusion. No pneumothorax is seen. There is no edema. There is no mass."
    assert (paid("factuality", honest), paid("factuality", absent)) == (0.5, 0.75)
    assert (paid("process", honest), paid("process", absent)) == (0.5, 0.5)
    only = {"steps": ["There is a small left pleural effusion."]}
    assert (paid("process", "There is a left pleural effusion.", **only), paid("process", absent, **only)) == (1.0, 0.0)


def test_what_does_not_apply_is_none() -> None:
    think = "There is a left pleural effusion."
    assert [paid(name, think, report=None) for name in ("process", "factuality")] == [None, None]
    assert [paid(name, think, report="  ") for name in ("process", "factuality")] == [None, None]
    assert [paid(name, think, steps=None) for name in ("completeness", "effectiveness")] == [None, None]
    assert paid("process", think, steps=None) == 1.0  # the report about what is asked is the reference
    assert paid("consistency", think, options=["1", "2"], task="count") is None


@pytest.mark.parametrize(
    ("name", "think", "value"),
    [
        ("factuality", "There is a left pleural effusion. There is a nodule.", 0.5),
        ("factuality", "", 0.0),
        ("completeness", "There is a small left pleural effusion.", 0.5),
        ("completeness", "", 0.0),
        ("effectiveness", "There is a small left pleural effusion. The heart is not enlarged.", 0.5),
        ("effectiveness", "", 0.0),
        ("length", "word " * 15, 1.0),
        ("length", "word " * 3, 0.2),
        ("length", "word " * 600, 0.5),
        ("length", "", 0.0),
    ],
)
def test_the_other_rewards(name: str, think: str, value: float) -> None:
    assert paid(name, think) == value


@pytest.mark.parametrize(
    ("think", "answer", "case", "value"),
    [
        ("There is a left pleural effusion.", "A", {}, 1.0),
        ("There is a left pleural effusion.", "B", {}, 0.0),
        ("There is no pleural effusion.", "B", {}, 1.0),
        ("The heart is not enlarged.", "B", {}, 0.0),  # says nothing of what is asked
        ("There is a nodule.", "", {}, 0.0),
        ("There is edema.", "A", ONE_OF, 1.0),
        (
            "There is edema and a nodule.",
            "A",
            ONE_OF,
            0.0,
        ),
        ("There is edema.", "B", NORMAL_OR_NOT, 1.0),
        ("No edema is seen.", "B", NORMAL_OR_NOT, 0.0),
    ],
)
def test_consistency(think: str, answer: str, case: dict[str, Any], value: float) -> None:
    assert paid("consistency", think, answer, **case) == value


def test_statement_metrics() -> None:
    told = ("There is a left pleural effusion. There is a nodule.", "There is no pleural effusion.")
    texts = [completion_text(text, "A") for text in told]
    assert statement_metrics(texts, case=[CASE, CASE]) == {"sensitivity": 0.5, "specificity": 0.0, "statements": 1.5}


def test_columns_conversations_and_json_give_the_same() -> None:
    text = completion_text("There is a small left pleural effusion.", "A")
    columns = {name: [CASE[name]] for name in CASE}
    message = [{"role": "assistant", "content": [{"type": "text", "text": text}]}]
    for name in rewards.REWARDS:
        reward = rewards.REWARDS.load(name)
        values = [
            reward([text], case=[CASE]),
            reward([text], case=[json.dumps(CASE)]),
            reward([message], **columns),
            reward([[{"role": "assistant", "content": text}]], prompts=["x"], trainer_state=None, **columns),
        ]
        assert values[0] == values[1] == values[2] == values[3], name


def test_trl_takes_them_by_dotted_path() -> None:
    for name in rewards.REWARDS:
        module, _, attribute = f"cxr_cli.rewards.{name}".rpartition(".")  # as trl.scripts.grpo does
        assert callable(getattr(importlib.import_module(module), attribute))


def test_verl_and_easyr1_take_them() -> None:
    import numpy as np

    from cxr_cli.rewards.easyr1 import compute_score as batch
    from cxr_cli.rewards.verl import compute_score

    assert list(inspect.signature(compute_score).parameters)[:4] == [
        "data_source",
        "solution_str",
        "ground_truth",
        "extra_info",
    ]
    text = completion_text(CASE["steps"], "A")
    info = {**CASE, "steps": np.array(CASE["steps"], dtype=object), "options": np.array(["Yes", "No"]), "index": 3}
    done = compute_score(data_source="x", solution_str=text, ground_truth="Yes", extra_info=info)
    assert done == {"score": 5.0, "format": 1.0, "accuracy": 1.0, "process": 1.0, "consistency": 1.0}
    assert compute_score("x", text, "Yes", {"id": "a", "case": json.dumps(CASE)}) == done
    truth = json.dumps({**CASE, "weights": {"length": 2}})
    [one] = batch([{"response": text, "response_length": 9, "ground_truth": truth}])
    assert one == {"overall": 2.0, "length": 1.0}


def test_rows_made_for_other_trainers_are_paid_there() -> None:
    from cxr_cli.rewards.easyr1 import compute_score as batch
    from cxr_cli.rewards.verl import compute_score
    from examples import for_trainers

    case, text = {**CASE, "id": "a", "images": ["a.png"]}, completion_text(CASE["steps"], "A")
    row = for_trainers.verl(case, ["/films/a.png"])
    assert row["prompt"][0]["content"].startswith(
        f"<image>{CASE['question']} Options:\nA) Yes\nB) No\nThink step by step."
    )
    truth = row["reward_model"]["ground_truth"]
    assert compute_score(row["data_source"], text, truth, row["extra_info"])["score"] == 5.0
    [paid] = batch([{"response": text, "ground_truth": for_trainers.easyr1(case, [])["answer"]}])
    assert paid["overall"] == 5.0
    assert rewards.process([text], case=[for_trainers.swift(case, [])["case"]]) == [1.0]


def test_swift_takes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    class ORM:
        def __call__(self, completions: Any, **kwargs: Any) -> list[float]:
            raise NotImplementedError

    swift, plugin = types.ModuleType("swift"), types.ModuleType("swift.plugin")
    plugin.ORM, plugin.orms = ORM, {}  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "swift", swift)
    monkeypatch.setitem(sys.modules, "swift.plugin", plugin)
    monkeypatch.delitem(sys.modules, "cxr_cli.rewards.ms_swift", raising=False)
    importlib.import_module("cxr_cli.rewards.ms_swift")
    registered = plugin.orms  # type: ignore[attr-defined]
    assert sorted(registered) == sorted(f"cxr_{name}" for name in rewards.REWARDS)
    texts = [completion_text(CASE["steps"], "A")]
    assert registered["cxr_process"]()(texts, **{name: [CASE[name]] for name in CASE}) == [1.0]
    assert registered["cxr_process"]()(texts, case=[{**CASE, "report": None}]) == [0.0]


def test_which_rewards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_reward.py").write_text("def short(completions, **_):\n    return [1.0 for c in completions]\n")
    monkeypatch.chdir(tmp_path)
    chosen = select(["format:0.5", "my_reward:short:2", "process"])
    assert (list(chosen.functions), chosen.weights) == (["format", "short", "process"], [0.5, 2.0, 1.0])
    assert select([]).weights == [1.0, 1.0, 2.0, 1.0]
    for text, message in [
        ("fromat", "did you mean format?"),
        ("zzz", "there is format, accuracy, process"),
        ("my_reward:long", "has no attribute 'long'"),
        ("no_module_x:f", "No module named"),
    ]:
        with pytest.raises(CxrError, match=message):
            select([text])
    with pytest.raises(CxrError, match="named twice"):
        select(["format", "format:2"])


def test_a_reward_of_ones_own_has_the_fields_of_the_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = "[len(told) + len(row['steps']) for told, row in zip(report, case)]"
    (tmp_path / "told_reward.py").write_text(f"def told(completions, report, case, **_):\n    return {counted}\n")
    monkeypatch.chdir(tmp_path)
    chosen = select(["told_reward:told"])
    wanted = len(CASE["report"]) + len(CASE["steps"])
    for case in (CASE, json.dumps(CASE)):  # as the audit and as a training give it
        assert chosen.pay(["x"], {"case": [case]})["told"].tolist() == [wanted]


def verified(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    mine = Miner(LEXICON)
    return [case for row in rows for case in mine(row)]


def check_audit(cases: list[dict[str, Any]]) -> None:
    done = audit(cases, select([]), reader(LEXICON))
    assert done.failed == []
    assert [line.name for line in done.lines] == ["honest chain", *CHEATS]
    assert done.lines[0].total > max(line.total for line in done.lines[1:]) + 0.1
    assert "pays as well" not in as_table(done)


def test_no_cheat_beats_the_honest_chain() -> None:
    check_audit(verified(examples()))


@needs_shared
def test_no_cheat_beats_the_honest_chain_on_real_reports() -> None:
    rows = [{"id": r["uid"], "report": report_text(r)} for r in openi_reports()[:120]]
    check_audit(verified(rows)[:300])


def test_the_audit_finds_rewards_that_can_be_cheated() -> None:
    done = audit(verified(examples()), select(["factuality", "format"]), reader(LEXICON))
    assert "one sentence fifty times" in done.failed
    assert "<- pays as well" in as_table(done)
    with pytest.raises(CxrError, match="nothing to audit"):
        audit([{"id": "a", "answer": "Yes"}], select([]), reader(LEXICON))


def test_rewards_import_no_model_code() -> None:
    script = "import sys; import cxr_cli.rewards; print('torch' in sys.modules, 'click' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "False False\n"

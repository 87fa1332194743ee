"""The rewards in TRL, verl, EasyR1 and ms-swift, each with its own signature."""

import importlib
import inspect
import json
import sys
import types
from typing import Any

import pytest

from cxr_cli import rewards
from cxr_cli.answers.replies.reply_format import completion_text
from tests.rewards.test_rewards import CASE


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
        f"<image>{CASE['question']} Options:\nA) Yes\nB) No\nLet's think step by step."
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

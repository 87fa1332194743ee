"""Which rewards a training uses: `--reward NAME[:WEIGHT]`, and functions of your own."""

import json
import sys
from pathlib import Path

import pytest

from cxr_cli.answers.replies.reply_format import completion_text
from cxr_cli.errors import CxrError
from cxr_cli.findings import reader
from cxr_cli.rewards.functions import use_reader
from cxr_cli.rewards.reward_mix import select
from tests.rewards.test_rewards import CASE


def test_which_rewards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_reward.py").write_text("def short(completions, **_):\n    return [1.0 for c in completions]\n")
    monkeypatch.chdir(tmp_path)
    chosen = select(["format:0.5", "my_reward:short:2", "process"])
    assert (list(chosen.functions), chosen.weights) == (["format", "short", "process"], [0.5, 2.0, 1.0])
    assert select([]).weights == [1.0, 1.0, 2.0, 1.0]
    for text, message in [
        ("fromat", "did you mean format?"),
        ("zzz", "there are: format, accuracy, process"),
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


def test_a_reward_may_import_its_neighbours_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And `sys.path` is afterwards as before."""
    monkeypatch.chdir(tmp_path)
    Path("late_neighbour.py").write_text("VALUE = 0.25\n")
    Path("early_reward.py").write_text(
        "def fair(completions, **_):\n    from late_neighbour import VALUE\n    return [VALUE] * len(completions)\n"
    )
    path = list(sys.path)
    mix = select(["early_reward:fair"])
    assert mix.pay(["a", "b"], {"case": [{}, {}]})["fair"].tolist() == [0.25, 0.25]
    assert sys.path == path


def test_the_policy_of_a_block() -> None:
    mix = select(["factuality"])
    columns = {"case": [{**CASE, "report": "No pneumothorax."}]}
    reply = completion_text("There is no pulmonary edema.", "A")

    def factuality() -> float:
        return float(mix.pay([reply], columns)["factuality"][0])

    assert factuality() == 1.0
    with use_reader(reader(), "unknown"):
        assert factuality() == 0.0
    assert factuality() == 1.0

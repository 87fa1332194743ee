"""`recipes/mini-rewards.mk`: its rewards as literals, its exposures, and what each of its arms is paid. The whole of it
runs in test_mini.py."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cxr_cli.answers.replies.reply_format import completion_text
from cxr_cli.rewards.reward_mix import select
from recipes.mini import agreement, rewards
from recipes.mini.expose import expose
from recipes.mini.pull import advantages, pulls
from recipes.mini.table import tables
from tests.recipes.own_commands import with_own_commands

ROOT = Path(__file__).parents[2]
CASE: dict[str, Any] = {
    "id": "a",
    "task": "single",
    "question": "Which finding is in this chest X-ray?",
    "options": ["Pleural effusion", "Edema"],
    "answer": "Pleural effusion",
    "findings": ["pleural effusion", "edema"],
    "report": "Small left pleural effusion. No edema. No nodule.",
    "steps": [{"text": "There is a left pleural effusion."}, {"text": "There is no edema."}],
}
TRUE = "There is a left pleural effusion. There is no edema."
BOTH_ABSENT = "There is no pleural effusion. There is no edema."
BOTH_PRESENT = "There is a left pleural effusion. There is edema."
HALF = "There is no edema."


def paid(reward: Any, *thinks: str, cases: Any = (), **more: Any) -> list[float]:
    texts = [completion_text(think, "A") for think in thinks]
    return [round(value, 3) for value in reward(texts, case=list(cases) or [CASE] * len(texts), **more)]


def test_balanced_weighs_each_finding_of_the_step_alike() -> None:
    assert paid(rewards.balanced, TRUE, BOTH_ABSENT, BOTH_PRESENT, HALF, "Nothing.") == [1, 0.333, 0.333, 0.5, 0]
    no_edema = CASE | {"id": "b", "steps": [{"text": "There is no edema."}]}
    # Two cases have no edema, which so weighs half: .5 / 1.5
    assert paid(rewards.balanced, HALF, HALF, cases=[CASE, no_edema]) == [0.333, 1]


def test_disputed_pays_where_the_group_disagrees() -> None:
    assert paid(rewards.disputed, TRUE, BOTH_ABSENT, HALF) == [1, 0, 0.5]
    assert paid(rewards.disputed, TRUE, TRUE) == [0.5, 0.5]
    assert paid(rewards.disputed, TRUE, BOTH_PRESENT, cases=[CASE, CASE | {"id": "b"}]) == [0.5, 0.5]


def test_reported_is_f1_against_the_report() -> None:
    assert paid(rewards.reported, TRUE, BOTH_ABSENT, BOTH_PRESENT, HALF, "Nothing.") == [1, 0, 0.667, 0, 0]
    normal = CASE | {"report": "No pleural effusion. No edema."}
    assert paid(rewards.reported, BOTH_ABSENT, BOTH_PRESENT, HALF, cases=[normal] * 3) == [1, 0, 1]


def test_calibrated_pays_less_for_an_absent_that_is_a_guess() -> None:
    assert paid(rewards.calibrated, TRUE, BOTH_ABSENT) == [1, 0.5]
    assert paid(rewards.calibrated, TRUE, BOTH_PRESENT) == [0.75, 0.5]
    assert paid(rewards.calibrated, HALF, "Nothing.") == [0.5, 0]


@pytest.mark.parametrize(("step", "value"), [(0, 0), (29, 0), (30, 1), (59, 1)])
def test_later_pays_in_the_second_half(step: int, value: float) -> None:
    state = SimpleNamespace(global_step=step, max_steps=60)
    assert paid(rewards.process_later, TRUE, trainer_state=state) == [value]
    assert paid(rewards.consistency_later, TRUE, trainer_state=state) == [value]
    assert paid(rewards.process_later, TRUE) == [1]


def test_an_exposure_keeps_what_is_there() -> None:
    film = np.tile(np.linspace(0.1, 0.9, 32), (32, 1))
    shown = [expose(film, np.random.default_rng(seed)) for seed in range(20)]
    assert np.std([one.mean() for one in shown]) > 0.02
    for one in shown:
        assert one.min() >= 0
        assert one.max() <= 1
        assert np.corrcoef(one.ravel(), film.ravel())[0, 1] > 0.95


def test_films_are_exposed_under_their_own_paths(tmp_path: Path) -> None:
    (tmp_path / "films").mkdir()
    Image.new("L", (16, 16), 100).save(tmp_path / "films" / "a.png")
    (tmp_path / "cases.jsonl").write_text(json.dumps({"images": ["films/a.png"]}) + "\n")
    command = [sys.executable, "-m", "recipes.mini.expose", "cases.jsonl", "--images", ".", "-o", "out"]
    subprocess.run(command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True)
    assert Image.open(tmp_path / "out" / "films" / "a.png").size == (16, 16)


def test_gains_are_taken_seed_by_seed(tmp_path: Path) -> None:
    for seed, (outcome, process) in enumerate([(0.5, 0.6), (0.7, 0.76)]):
        lines = [
            {"task": "all", "metric": "factuality", "centre": "other", "model": model, "mean": mean}
            for model, mean in (("outcome", outcome), ("process", process))
        ]
        (tmp_path / f"{seed}").mkdir()
        text = json.dumps({"models": ["outcome", "process"], "lines": lines})
        (tmp_path / f"{seed}" / "rewards.json").write_text(text)
    done = list(tables(sorted(tmp_path.glob("*/*.json")), against="outcome"))
    assert done[7] == "More than outcome, seed by seed"
    assert done[11:] == ["| process | - | +0.080 ± 0.028 | - | - | - | - |", ""]


def answered(*thinks: str, **more: Any) -> dict[str, Any]:
    return CASE | {"predictions": [{"text": completion_text(think, "A")} for think in thinks]} | more


def test_how_the_replies_to_a_question_agree() -> None:
    """Of two findings the replies dispute the effusion, which is there; none denies the edema, which is not."""
    assert agreement.line([answered("Nothing.", "Nothing.")]) == ["1", *["-"] * 6, "0.000"]
    told = agreement.line([answered(TRUE, TRUE, TRUE, BOTH_ABSENT)])
    assert told[:7] == ["1", "0.875", "1.000", "1.000", "0.375", "0.500", "0.500"]


def test_a_reward_pulls_at_what_it_pays() -> None:
    mix = select(["format:1", "factuality:1"])
    rows = [answered(TRUE, BOTH_ABSENT), answered(HALF, HALF, id="b")]
    texts = [[prediction["text"] for prediction in row["predictions"]] for row in rows]
    paid = advantages(mix, texts, [json.dumps(row) for row in rows])
    assert paid.round(2).tolist() == [[1.22, -1.22], [0, 0]]
    [line] = pulls(rows, {"factuality": mix})
    # Accuracy does not vary; factuality is 1 and .5, sensitivity 1 and 0.
    assert [cell.split(" ")[0] for cell in line[1:6]] == ["1.00", "0.000", "0.153", "0.306", "0.000"]


def run_make(out: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The recipe with tiny settings."""
    env = with_own_commands(out)
    command = ["make", "-f", "recipes/mini-rewards.mk", "MINI=smoke", f"OUT={out}/out", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=600)


def test_every_arm_gets_as_many_steps_and_its_own_rewards(tmp_path: Path) -> None:
    lines = run_make(tmp_path, "-n").stdout.replace("\\\n", "").splitlines()
    trained = [line for line in lines if line.startswith("cxr rl")]
    own = {
        match[1]: re.findall(r"--reward (\S+)", line)[2:]
        for line in trained
        if (match := re.search(r"seed-1/(\S+) --", line))
    }
    assert len(trained) == len(own)
    assert own["outcome"] == own["exposed-outcome"] == []
    assert own["process"] == own["exposed-process"] == ["process:2", "consistency:1"]
    assert own["disputed"] == ["recipes.mini.rewards:disputed:2", "consistency:1"]
    assert {re.findall(r"max_steps=(\d+)", line)[0] for line in trained} == {"6"}
    # Beside the arms the fine-tuned model answers: once, greedily, and eight times.
    assert sum(line.startswith("cxr infer") for line in lines) == len(own) + 3

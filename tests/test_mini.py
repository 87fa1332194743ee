"""`recipes/mini.mk`: damaged chains and tables in literals; the whole of it, in seconds, from films to the page."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from cxr_cli.findings import reader
from recipes.mini.damage import Damage
from recipes.mini.table import tables
from tests.cases import LEXICON, Row

ROOT = Path(__file__).parents[1]
NAMES = ["edema", "nodule", "mass", "pleural effusion"]
LABELS = dict.fromkeys(NAMES, 0) | {"pleural effusion": 1}


def chain(*observed: str) -> list[Row]:
    seen = [{"text": text, "kind": "observe", "evidence": []} for text in observed]
    return [{"text": "I look.", "kind": "plan"}, *seen, {"text": "So it is Yes.", "kind": "conclude"}]


def damaged(count: int, share: float = 1.0) -> list[Row]:
    damage = Damage(NAMES, share, reader(LEXICON))
    steps = chain("There is a left pleural effusion.", "No edema is seen.")
    return [damage({"id": f"case-{i}", "labels": LABELS, "steps": steps}) for i in range(count)]


def said(case: Row) -> list[tuple[str, str, str | None]]:
    return [finding[:3] for step in case["steps"] for finding in reader(LEXICON).read(step["text"])]


def test_each_kind_of_damage_does_what_it_says() -> None:
    effusion, edema = ("pleural effusion", "present", "left"), ("edema", "absent", None)
    for case in damaged(80):
        statements = said(case)
        match case["damage"]:
            case "flipped":
                assert statements in ([effusion, ("edema", "present", None)], [("pleural effusion", "absent", None), edema])
            case "swapped":
                assert statements[0] == ("pleural effusion", "present", "right") or statements[1][0] != "edema"
                assert (statements[0] == effusion) != (statements[1] == edema)
            case "invented":
                assert statements[:2] == [effusion, edema]
                assert statements[2][:2] in [("edema", "present"), ("nodule", "present"), ("mass", "present")]
            case "missing":
                assert statements == []
        assert [case["steps"][0]["text"], case["steps"][-1]["text"]] == ["I look.", "So it is Yes."]


def test_damage_comes_by_its_share_and_by_id_alone() -> None:
    cases = damaged(400, 0.3)
    assert cases == damaged(400, 0.3)
    assert 90 < sum("damage" in case for case in cases) < 150
    assert min(Counter(case["damage"] for case in cases if "damage" in case).values()) > 10


def test_tables_give_means_over_seeds(tmp_path: Path) -> None:
    for seed, mean in ((1, 0.5), (2, 0.7)):
        (tmp_path / f"{seed}").mkdir()
        lines = [
            {"task": "binary", "metric": "accuracy", "centre": centre, "model": "sft", "mean": mean}
            for centre in ("in-domain", "other")
        ]
        lines.append({"task": "all", "metric": "factuality", "centre": "in-domain", "model": "sft", "mean": None})
        text = json.dumps({"models": ["warm", "sft"], "lines": lines})
        (tmp_path / f"{seed}" / "training-ablation.json").write_text(text)
    done = list(tables(sorted(tmp_path.glob("*/*.json"))))
    assert done[0] == "Training ablation, in-domain; 2 seeds"
    assert done[4].split(" | ")[:5] == ["| warm", "-", "-", "-", "-"]
    assert done[5].split(" | ")[:5] == ["| sft", "0.600 ± 0.141", "-", "-", "-"]
    assert done[7] == "Training ablation, other; 2 seeds"


@pytest.mark.slow
def test_the_whole_miniature(tmp_path: Path) -> None:
    (tmp_path / "cxr").write_text(f'#!/bin/sh\nexec {sys.executable} -m cxr_cli "$@"\n')
    (tmp_path / "cxr").chmod(0o755)
    (tmp_path / "python").symlink_to(sys.executable)
    env = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    make = ["make", "-j2", "-f", "recipes/mini.mk", "MINI=smoke", f"OUT={tmp_path}/out"]
    done = subprocess.run(make, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    results = (tmp_path / "out" / "results.md").read_text()
    assert done.stdout.endswith(results)
    assert [line.split(" | ")[0] for line in results.splitlines() if " | " in line and "---" not in line][1:7] == [
        f"| {model}" for model in ("warm", "sft", "sft-longer", "outcome", "factuality", "process")
    ]
    assert (tmp_path / "out" / "page.html").stat().st_size > 100_000
    assert list((tmp_path / "out" / "seed-1" / "verification-ablation").glob("*.png"))
    test = [json.loads(line) for line in (tmp_path / "out" / "test.jsonl").read_text().splitlines()]
    taught = [json.loads(line) for line in (tmp_path / "out" / "single.jsonl").read_text().splitlines()]
    assert not {row["patient"] for row in test} & {row["patient"] for row in taught}
    assert {row["source"] for row in taught} == {"phantom-clinic", "phantom-digital", "phantom-film"}
    assert "phantom-ward" in {row["source"] for row in test}
    again = subprocess.run(make, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert again.stdout == results  # nothing is done twice
    shutil.rmtree(tmp_path / "out" / "seed-1" / "process")
    redone = subprocess.run([*make, "-n"], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert [line.split()[:2] for line in redone.stdout.splitlines()][:1] == [["cxr", "rl"]]

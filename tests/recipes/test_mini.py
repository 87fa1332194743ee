"""`recipes/mini.mk`: damaged chains and tables as literals; and the whole recipe with tiny settings."""

import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from cxr_cli.errors import enable_notes
from cxr_cli.findings import reader
from recipes.mini.damage import Damage
from recipes.mini.table import tables
from tests.cases import LEXICON, Row
from tests.conftest import needs
from tests.recipes.own_commands import with_own_commands

ROOT = Path(__file__).parents[2]
Make = Callable[..., "subprocess.CompletedProcess[str]"]
NAMES = ["edema", "nodule", "mass", "pleural effusion"]
LABELS = dict.fromkeys(NAMES, 0) | {"pleural effusion": 1}


def chain(*observed: str) -> list[Row]:
    seen = [{"text": text, "kind": "observe", "evidence": []} for text in observed]
    return [{"text": "I look.", "kind": "plan"}, *seen, {"text": "So it is Yes.", "kind": "conclude"}]


def damaged(count: int, share: float = 1.0) -> list[Row]:
    damage = Damage(NAMES, share, reader(LEXICON))
    steps = chain("There is a left pleural effusion.", "No edema is seen.")
    return [damage({"id": f"case-{i}", "labels": LABELS, "steps": steps}) for i in range(count)]


def findings_of(case: Row) -> list[tuple[str, str, str | None]]:
    return [finding[:3] for step in case["steps"] for finding in reader(LEXICON).read(step["text"])]


def test_each_kind_of_damage_does_what_it_says() -> None:
    effusion, edema = ("pleural effusion", "present", "left"), ("edema", "absent", None)
    for case in damaged(80):
        statements = findings_of(case)
        match case["damage"]:
            case "flipped":
                assert statements in (
                    [effusion, ("edema", "present", None)],
                    [("pleural effusion", "absent", None), edema],
                )
            case "swapped":
                assert statements[0] == ("pleural effusion", "present", "right") or statements[1][0] != "edema"
                assert (statements[0] == effusion) != (statements[1] == edema)
            case "invented":
                assert statements[:2] == [effusion, edema]
                assert statements[2][:2] in [("edema", "present"), ("nodule", "present"), ("mass", "present")]
            case "missing":
                assert statements == []
        assert [case["steps"][0]["text"], case["steps"][-1]["text"]] == ["I look.", "So it is Yes."]


def test_damage_is_drawn_by_id_with_the_given_share() -> None:
    cases = damaged(400, 0.3)
    assert cases == damaged(400, 0.3)
    assert 90 < sum("damage" in case for case in cases) < 150
    assert min(Counter(case["damage"] for case in cases if "damage" in case).values()) > 10


def test_scripts_that_print_notes_enable_them() -> None:
    """Only commands print them without being asked."""
    scripts = {path.name: path.read_text() for path in (ROOT / "recipes").rglob("*.py")}
    silent = {name for name, text in scripts.items() if " note(" in text and "__main__" in text}
    assert "warm_up.py" in silent
    enables = f"{enable_notes.__name__}()", "from cxr_cli.cli import main"
    assert {name for name in silent if not any(call in scripts[name] for call in enables)} == set()


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


def test_tables_give_the_share_that_verification_wins_back(tmp_path: Path) -> None:
    means = {"damaged": (0.5, 0.8), "verified": (0.65, 0.79), "sft": (0.7, 0.805)}
    lines = [
        {"task": "all", "metric": metric, "centre": "in-domain", "model": model, "mean": mean}
        for model, both in means.items()
        for metric, mean in zip(("factuality", "consistency"), both, strict=True)
    ]
    (tmp_path / "a.json").write_text(json.dumps({"models": [*means], "lines": lines}))
    won = next(line for line in tables([tmp_path / "a.json"]) if "won back" in line)
    assert won == "| won back | - | - | - | 75% | - | - | - | - | - |"


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """`make("-n")` runs the recipe with tiny settings, with this tool on the path, into a temporary folder."""
    env = with_own_commands(tmp_path)

    def run_make(*arguments: str, recipe: str = "mini") -> subprocess.CompletedProcess[str]:
        command = ["make", "-f", f"recipes/{recipe}.mk", "MINI=smoke", f"OUT={tmp_path}/out", *arguments]
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=600)

    return run_make


def test_every_trained_model_answers_and_is_compared(make: Make) -> None:
    """Each of the two ablations, with the same steps for the control and the rewards."""
    lines = [line for line in make("-n").stdout.splitlines() if line.startswith("cxr ")]
    trained = [line for line in lines if line.startswith(("cxr sft", "cxr rl"))]
    out = [re.search(r"-o \S+/seed-1/(\S+)", line) for line in trained]
    rewards = {
        "outcome": "",
        "factuality": " --reward factuality:1",
        "process": " --reward process:2 --reward consistency:1",
    }
    names = ["sft", "sft-longer", *rewards, "damaged", "verified"]
    assert [match[1] for match in out if match] == names
    assert [re.findall(r"max_steps=(\d+)", line) for line in trained] == [["4"], *[["6"]] * 4, ["4"], ["4"]]
    paid = [line.partition("--reward ")[2] for line in trained[2:5]]
    assert paid == [f"format:1 --reward accuracy:1{more}" for more in rewards.values()]
    assert sum(line.startswith("cxr infer") for line in lines) == len(names) + 2
    assert sum(line.startswith("cxr score") for line in lines) == 2


@needs("train")
@pytest.mark.slow
def test_from_films_to_the_page(make: Make, tmp_path: Path) -> None:
    few = ("-j2", "TRAINED=warm sft by-step", "TAUGHT=verified sft")
    done = make(*few)
    assert done.returncode == 0, done.stderr[-2000:]
    out = tmp_path / "out"
    results = (out / "results.md").read_text()
    assert done.stdout.endswith(results)
    models = [line.split(" | ")[0] for line in results.splitlines() if re.match(r"\| [a-z]", line)]
    assert models == [f"| {name}" for name in (*["warm", "sft", "by-step"] * 2, *["verified", "sft"] * 2)]
    assert (out / "page.html").stat().st_size > 100_000
    assert list((out / "seed-1" / "verification-ablation").glob("*.png"))
    test, taught = (
        [json.loads(line) for line in (out / name).read_text().splitlines()] for name in ("test.jsonl", "single.jsonl")
    )
    assert not {row["patient"] for row in test} & {row["patient"] for row in taught}
    assert {row["source"] for row in taught} == {"phantom-clinic", "phantom-digital", "phantom-film"}
    assert "phantom-ward" in {row["source"] for row in test}
    assert make(*few).stdout == results  # nothing is done twice
    shutil.rmtree(out / "seed-1" / "by-step")
    for name in ("results.md", "seed-1/training-ablation.json", "seed-1/by-step.answers.jsonl"):
        (out / name).unlink()
    again = [line.split()[:2] for line in make(*few, "-n").stdout.splitlines()]
    assert again[:2] == [["cxr", "rl"], ["cxr", "infer"]]
    # mini-rewards.mk begins with the same films and the same fine-tuned model
    done = make("ARMS=outcome later", recipe="mini-rewards")
    assert done.returncode == 0, done.stderr[-2000:]
    assert "More than outcome, seed by seed" in done.stdout
    assert done.stdout.endswith(make("ARMS=outcome later", recipe="mini-rewards").stdout)

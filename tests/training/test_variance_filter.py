"""`cxr rl --filter-variance K`: prompts whose K answers are paid the same are left out."""

import json
from pathlib import Path

from tests.conftest import Cxr
from tests.training.small_trainings import (
    ROLL,
)


def test_prompts_that_do_not_vary_are_left_out(
    cxr: Cxr, drawn: Path, tiny_models: dict[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(
        "def odd(completions, case, **_):\n"
        "    import json\n"
        "    rows = [c if isinstance(c, dict) else json.loads(c) for c in case]\n"
        "    return [float(ord(t[0]) % 5) if t and 'binary' in r['id'] else 0.0\n"
        "            for t, r in zip((c if isinstance(c, str) else c[-1]['content'] for c in completions), rows)]\n"
    )
    flags = ("-m", tiny_models["qwen2_vl"], "-o", "out", "--images", drawn, "--limit", 8, "--reward", "mine:odd")
    sets = [f"{name}={value}" for name, value in {**ROLL, "max_steps": 1, "warmup_steps": 0}.items()]
    more = [word for text in sets for word in ("--set", text)]
    done = cxr("rl", drawn / "steps.jsonl", *flags, "--filter-variance", 4, *more)
    assert done.returncode == 0, done.stderr
    kept = json.loads((tmp_path / "out" / "varied.json").read_text())
    assert kept["rows"] == 8
    assert kept["kept"]
    assert all("binary" in id for id in kept["kept"])
    assert f"cxr: {len(kept['kept'])} of 8 prompts vary in 4 answers" in done.stderr
    assert json.loads((tmp_path / "out" / "training.json").read_text())["rows"] == len(kept["kept"])

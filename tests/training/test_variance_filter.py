"""`cxr rl --filter-variance K`: prompts whose K answers are paid the same are left out."""

import json
from pathlib import Path

import pytest

from cxr_cli.errors import CxrError
from cxr_cli.stages import rl
from cxr_cli.training.data.dataset import check_payable
from cxr_cli.training.data.training_rows import TrainingData, read_training_data
from cxr_cli.training.run_record import record_of, write_record
from cxr_cli.training.settings.job import Job
from cxr_cli.training.variance_filter import kept_prompts
from tests.conftest import Cxr
from tests.training.small_trainings import ROLL, letter_reward, make_job


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
    done = cxr("rl", drawn / "steps.jsonl", *flags, "--filter-variance", 8, *more, "--resume")
    assert done.returncode == 1
    assert "out was begun differently: filter_variance (4 before, 8 now): choose the same, or another -o" in done.stderr


def test_a_choice_of_prompts_of_another_run_is_refused(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path
) -> None:
    job = make_job(drawn, tiny_models["qwen2_vl"], tmp_path)
    data = read_training_data(job, check_payable)
    rows = len(data.rows)
    ids = [data.rows[0]["id"]]
    (tmp_path / "varied.json").write_text(json.dumps({"samples": 4, "rows": rows, "kept": ids}))
    assert len(kept_prompts(job, data, 4).rows) == len(kept_prompts(job, data, None).rows) == 1
    with pytest.raises(CxrError, match=f"of {rows} rows and 4 samples, and this run has {rows} and 8: remove it"):
        kept_prompts(job, data, 8)
    (tmp_path / "varied.json").write_text(json.dumps({"samples": 4, "rows": rows + 1, "kept": ids}))
    with pytest.raises(CxrError, match=f"of {rows + 1} rows and 4 samples, and this run has {rows} and 4: remove it"):
        kept_prompts(job, data, 4)
    (tmp_path / "varied.json").write_text('{"samples": 4, "ro')
    with pytest.raises(CxrError, match=r"varied.json is damaged: remove it, and --filter-variance writes it again"):
        kept_prompts(job, data, 4)
    job = make_job(drawn, tiny_models["qwen2_vl"], tmp_path, resume=True)
    write_record(tmp_path, record_of(job, "rl", data, letter_reward(), filter_variance=4))
    with pytest.raises(CxrError, match=r"varied.json is damaged"):
        rl.train(job, letter_reward(), samples=4, dry_run=True)


def test_prompts_that_are_too_few_for_a_generation_are_no_training(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the answers of the model say how many are kept."""

    def keep_one(job: Job, data: TrainingData, *_: object) -> None:
        kept = {"samples": 4, "rows": len(data.rows), "kept": [data.rows[0]["id"]]}
        (job.out / "varied.json").write_text(json.dumps(kept))

    monkeypatch.setattr(rl, "filter_prompts", keep_one)
    job = make_job(drawn, tiny_models["qwen2_vl"], tmp_path / "out", **ROLL, max_steps=1)
    with pytest.raises(CxrError, match=r"^one generation takes 2 prompts, and there are 1 rows: lower the batch$"):
        rl.train(job, letter_reward(), samples=4)
    assert not (tmp_path / "out" / "model.safetensors").exists()

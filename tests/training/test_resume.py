"""What `--resume` goes on with: how far a training has come, what may have changed, which checkpoint was the best."""

import json
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from cxr_cli.errors import CxrError
from tests.conftest import needs
from tests.training.small_trainings import FAST, history, make_job, same, sft, weights

pytestmark = needs("train")

SAVED = {"save_strategy": "steps", "save_steps": 1, "save_total_limit": 9}


@pytest.fixture(scope="module")
def finished(drawn: Path, tiny_models: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training of two steps."""
    out = tmp_path_factory.mktemp("finished") / "out"
    sft(drawn, tiny_models["qwen2_vl"], out, max_steps=2, **SAVED)
    return out


@pytest.fixture
def out(finished: Path, tmp_path: Path) -> Path:
    return shutil.copytree(finished, tmp_path / "out")


def changed(path: Path, **values: Any) -> None:
    """Changes values in a JSON file."""
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_all_that_a_training_writes_is_part_of_it(drawn: Path, tiny_models: dict[str, Path], out: Path) -> None:
    from cxr_cli.training.out_folder import check_out_folder

    check_out_folder(make_job(drawn, tiny_models["qwen2_vl"], out, overwrite=True))


def test_a_training_that_was_killed_while_it_became_longer(
    drawn: Path, tiny_models: dict[str, Path], out: Path
) -> None:
    """run.json says how long it was to become, training.json how long it was before."""
    settings = json.loads((out / "run.json").read_text())["settings"]
    changed(out / "run.json", settings=settings | {"max_steps": 3})
    assert sft(drawn, tiny_models["qwen2_vl"], out, max_steps=3, **SAVED, resume=True)[-1]["step"] == 3


def test_a_finished_training_without_checkpoints_is_not_begun_anew(
    drawn: Path, tiny_models: dict[str, Path], out: Path
) -> None:
    for number in (1, 2):
        shutil.rmtree(out / f"checkpoint-{number}")
    with pytest.raises(CxrError, match=r"out is finished, and has no checkpoint to go on from: train it .* -m /.*out$"):
        sft(drawn, tiny_models["qwen2_vl"], out, max_steps=3, **SAVED, resume=True)
    assert len(history(out)) == 3


def test_a_dry_run_misses_the_optimizer_of_a_checkpoint(drawn: Path, tiny_models: dict[str, Path], out: Path) -> None:
    (out / "checkpoint-2" / "optimizer.pt").unlink()
    with pytest.raises(CxrError, match="checkpoint-2 was saved without its optimizer: a training cannot go on from it"):
        sft(drawn, tiny_models["qwen2_vl"], out, max_steps=3, **SAVED, resume=True, dry_run=True)


def test_fewer_epochs_than_were_trained_are_finished(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, few = tmp_path / "out", {"limit": 4, **SAVED}
    sft(drawn, tiny_models["qwen2_vl"], out, num_train_epochs=2, **few)
    sft(drawn, tiny_models["qwen2_vl"], out, num_train_epochs=1, **few, resume=True)
    assert capsys.readouterr().err.endswith("out is finished: there is nothing to resume\n")
    before = history(out)
    for name in ("training.json", "model.safetensors"):  # killed after its last checkpoint
        (out / name).unlink()
    sft(drawn, tiny_models["qwen2_vl"], out, num_train_epochs=2, **few, resume=True)
    assert history(out) == before


def test_checkpoints_without_a_record_go_on_with_a_warning(
    drawn: Path, tiny_models: dict[str, Path], out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (out / "run.json").unlink()
    sft(drawn, tiny_models["qwen2_vl"], out, max_steps=3, **SAVED, resume=True)
    assert "WARNING: " in (error := capsys.readouterr().err)
    assert "out has no run.json: nobody knows whether it was begun with the same rows and settings" in error


def test_the_first_process_alone_says_what_has_changed(
    out: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from cxr_cli.training.run_record import check_same, read_record

    record = read_record(out) or {}
    record["settings"]["max_steps"] = 9
    note = "cxr: this training goes on with other settings: max_steps (2 before, 9 now)\n"
    for rank, error in {"0": note, "1": ""}.items():
        monkeypatch.setenv("RANK", rank)
        check_same(out, record)
        assert capsys.readouterr().err == error


def test_intervals_that_change_are_the_new_ones(drawn: Path, tiny_models: dict[str, Path], out: Path) -> None:
    """A state has those of the time when it was saved."""
    sft(drawn, tiny_models["qwen2_vl"], out, max_steps=6, **SAVED | {"save_steps": 2}, logging_steps=3, resume=True)
    assert sorted(path.name for path in out.glob("checkpoint-*"))[2:] == ["checkpoint-4", "checkpoint-6"]
    assert [log["step"] for log in history(out)] == [1, 2, 2, 3, 6, 6]


@pytest.mark.parametrize("settings", [{"max_steps": 2}, {"max_steps": 3}], ids=str)
def test_the_best_checkpoint_of_a_folder_that_was_moved(
    drawn: Path, tiny_models: dict[str, Path], out: Path, settings: dict[str, int]
) -> None:
    """Killed after its last checkpoint, or before it. The best is in this folder, whatever path the state has."""
    for name in ("training.json", "model.safetensors"):
        (out / name).unlink()
    best = {"best_model_checkpoint": "elsewhere/checkpoint-1", "best_metric": 0.001, "best_global_step": 1}
    changed(out / "checkpoint-2" / "trainer_state.json", **best)
    held_out = {"evaluation": str(drawn / "steps.jsonl"), "allow_overlap": True, "eval_strategy": "steps"}
    (out / "run.json").unlink()
    how = {**SAVED, **settings, **held_out, "eval_steps": 1, "load_best_model_at_end": True}
    sft(drawn, tiny_models["qwen2_vl"], out, **how, resume=True)
    assert same(weights(out), weights(out / "checkpoint-1"))


def test_a_best_checkpoint_that_is_gone(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from cxr_cli.training.checkpoints import point_to_best

    state = out / "checkpoint-2" / "trainer_state.json"
    changed(state, best_model_checkpoint="out/checkpoint-7", best_metric=0.001)
    point_to_best(str(state.parent))
    assert json.loads(state.read_text())["best_metric"] is None
    assert "checkpoint-7, the best checkpoint so far, is gone: the best of those to come is taken" in (
        capsys.readouterr().err
    )


def test_a_signal_that_comes_after_the_last_step(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was trained to its end is saved."""
    from cxr_cli.training.checkpoint_callbacks import StopCallback

    monkeypatch.setattr(StopCallback, "on_train_end", lambda self, *_, **__: self.request(signal.SIGTERM))
    sft(drawn, tiny_models["qwen2_vl"], tmp_path / "out", max_steps=1)
    assert (tmp_path / "out" / "training.json").exists()


def test_a_model_that_was_replaced_is_another(
    drawn: Path, tiny_models: dict[str, Path], out: Path, tmp_path: Path
) -> None:
    from safetensors.torch import save_file

    model, lora = tmp_path / "model", {"r": 2, "alpha": 4, "dropout": 0.0, "target_modules": ["q_proj"]}
    shutil.copytree(tiny_models["qwen2_vl"], model)
    sft(drawn, model, tmp_path / "lora", max_steps=1, lora=lora, **SAVED)
    save_file(weights(out), model / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(CxrError, match=r"begun differently: model files \(\w{12} before, \w{12} now\): choose"):
        sft(drawn, model, tmp_path / "lora", max_steps=2, lora=lora, **SAVED, resume=True)


def test_files_that_decide_what_a_training_makes_are_in_its_record(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path
) -> None:
    """A preset of DeepSpeed by what it says, rows that are held out where they choose the best checkpoint."""
    from cxr_cli.training.data.dataset import check_teachable
    from cxr_cli.training.data.training_rows import read_training_data
    from cxr_cli.training.run_record import check_same, record_of, write_record

    rows, preset = tmp_path / "held-out.jsonl", tmp_path / "preset.json"

    def record(stage: int, count: int, **settings: Any) -> dict[str, Any]:
        preset.write_text(json.dumps({"zero_optimization": {"stage": stage}}))
        rows.write_text("".join((drawn / "steps.jsonl").read_text().splitlines(keepends=True)[:count]))
        held_out = {"evaluation": str(rows), "allow_overlap": True}
        settings = {**FAST, **held_out, "deepspeed": str(preset), **settings}
        job = make_job(drawn, tiny_models["qwen2_vl"], tmp_path / "out", **settings)
        return record_of(job, "sft", read_training_data(job, check_teachable))

    write_record(tmp_path, record(2, 3))
    check_same(tmp_path, record(2, 4))
    with pytest.raises(CxrError, match=r"differently: deepspeed.zero_optimization.stage \(2 before, 3 now\): choose"):
        check_same(tmp_path, record(3, 3))
    write_record(tmp_path, record(2, 3, load_best_model_at_end=True))
    with pytest.raises(CxrError, match=r"differently: held-out rows \(.* before, .* now\): choose"):
        check_same(tmp_path, record(2, 4, load_best_model_at_end=True))


@pytest.mark.parametrize(
    ("names", "missing", "fault"),
    [
        (["rng_state_0.pth", "optimizer.pt", "scheduler.pt"], "rng_state.pth", "rng_state_1.pth is missing"),
        (["rng_state_0.pth", "rng_state_1.pth", "global_step2/a_optim_states.pt"], "optimizer.pt", "latest is missing"),
        (
            ["rng_state_0.pth", "rng_state_1.pth", "latest", "global_step2/a_optim_states.pt"],
            "optimizer.pt",
            "global_step2 has the optimizer of 1 of 2 processes",
        ),
    ],
)
def test_a_checkpoint_of_two_processes_is_whole_with_the_files_of_both(
    out: Path, names: list[str], missing: str, fault: str
) -> None:
    from cxr_cli.training.checkpoints import checkpoint_fault

    checkpoint = out / "checkpoint-2"
    for name in names:
        (checkpoint / name).parent.mkdir(exist_ok=True)
        source = "rng_state.pth" if name.endswith(".pth") else "optimizer.pt"
        if not (checkpoint / name).exists():
            (checkpoint / name).write_bytes((checkpoint / source).read_bytes())
    (checkpoint / missing).unlink()
    if "latest" in names:
        (checkpoint / "latest").write_text("global_step2")
    assert checkpoint_fault(checkpoint, 2) == fault


def test_ctrl_c_saves_and_a_second_one_ends_at_once() -> None:
    from cxr_cli.training.checkpoint_callbacks import StopCallback

    stop = StopCallback()
    assert [stop.request(signal.SIGINT), stop.requested, stop.exit_code] == [True, True, 130]
    assert stop.request(signal.SIGINT) is False
    assert [stop.request(signal.SIGTERM), stop.exit_code] == [True, 143]
    assert StopCallback(processes=2).request(signal.SIGINT) is False

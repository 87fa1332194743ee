"""OUT: what is in it is kept until a new training has a checkpoint, and `--resume` goes on with the same training."""

import errno
import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from cxr_cli.errors import CxrError
from cxr_cli.rewards.reward_mix import select
from tests.cases import lines
from tests.conftest import Cxr, needs
from tests.training.small_trainings import FAST, error_of, history, make_job, rl, same, sft, weights

pytestmark = needs("train")

SAVED = {"save_strategy": "steps", "save_steps": 2}


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def trained(tmp_path: Path) -> Path:
    """A folder as a training leaves it."""
    out = tmp_path / "out"
    (out / "checkpoint-2").mkdir(parents=True)
    (out / "model.safetensors").write_bytes(b"weights")
    (out / "training.json").write_text('{"stage": "sft", "steps": 2}')
    return out


def test_a_bad_row_leaves_what_overwrite_would_replace(drawn: Path, tmp_path: Path) -> None:
    out = trained(tmp_path)
    before = files(out)
    (tmp_path / "bad.jsonl").write_text(lines({"id": "a", "question": "Is it?", "images": ["a.png"]}))
    assert "bad.jsonl:1: field `answer`" in error_of(out, tmp_path / "bad.jsonl", overwrite=True)
    assert files(out) == before
    error = error_of(out, drawn / "steps.jsonl", model=str(tmp_path / "gone"), root=drawn, overwrite=True)
    assert "gone" in error
    assert files(out) == before


def test_a_folder_that_is_no_training_is_never_replaced(drawn: Path, tmp_path: Path) -> None:
    out = tmp_path / "data"
    out.mkdir()
    (out / "rows.jsonl").write_text((drawn / "steps.jsonl").read_text())
    for flags in ({"overwrite": True}, {"resume": True}):
        error = error_of(out, out / "rows.jsonl", **flags)
        assert error == f"{out} holds something other than a training of `cxr sft` or `cxr rl`: choose another -o"
    assert [path.name for path in out.iterdir()] == ["rows.jsonl"]


def test_a_record_of_another_tool_makes_no_training(drawn: Path, tmp_path: Path) -> None:
    for name in ("run.json", "history.jsonl", "checkpoint-2/trainer_state.json"):
        out = tmp_path / name.partition(".")[0].partition("/")[0]
        (out / name).parent.mkdir(parents=True)
        (out / name).write_text('{"global_step": 2}')
        assert "holds something other than a training" in error_of(out, drawn / "steps.jsonl", overwrite=True)
        assert (out / name).exists()


@pytest.mark.parametrize("dry_run", [False, True])
def test_what_the_training_reads_is_never_replaced(
    drawn: Path, tmp_path: Path, dry_run: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = trained(tmp_path)
    rows, config = out / "rows.jsonl", out / "settings.yaml"
    rows.write_text("")
    config.write_text("seed: 1\n")
    before = files(out)

    def error(inputs: Path = drawn / "steps.jsonl", **more: object) -> str:
        return error_of(out, inputs, overwrite=True, dry_run=dry_run, **more)

    assert error(rows) == f"--overwrite would remove {rows}, which INPUT needs: choose another -o"
    assert error(model=str(out)) == f"--overwrite would remove {out}, which -m needs: choose another -o"
    assert error(root=out).startswith(f"--overwrite would remove {out}, which --images needs")
    assert error(config=str(config)).startswith(f"--overwrite would remove {config}, which --config needs")
    rows.unlink()
    config.unlink()
    preset, adapter, link = out / "config.json", tmp_path / "adapter", out / "merges.txt"
    preset.write_text("{}")
    before = files(out)
    words = f"--overwrite would remove {preset}, which deepspeed needs: choose another -o"
    assert error(sets=[f"deepspeed={preset}"]) == words
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(out)}))
    assert error(model=str(adapter)) == f"--overwrite would remove {out}, which -m needs: choose another -o"
    film = {"id": "a", "question": "Is it?", "answer": "No", "images": [str(out / "curves" / "film.png")]}
    (tmp_path / "rows.jsonl").write_text(lines(film))
    words = f"--overwrite would remove {film['images'][0]}, a film of id a: choose another -o"
    assert error(tmp_path / "rows.jsonl") == words
    link.symlink_to(drawn / "steps.jsonl")
    assert error(link) == f"--overwrite would remove {link}, which INPUT needs: choose another -o"
    link.unlink()
    with monkeypatch.context() as patch:
        patch.chdir(out)
        assert error() == f"--overwrite would remove {out}, which is the working folder: choose another -o"
    (out.with_name("out.replaced")).mkdir()
    assert error().endswith("is what an interrupted --overwrite has set aside: move it back or remove it")
    assert files(out) == before


@pytest.mark.parametrize("name", ["thesis.txt", "rl/run.json", "predictions.jsonl", ".git/config"])
def test_what_is_no_part_of_a_training_is_never_removed(drawn: Path, tmp_path: Path, name: str) -> None:
    out = trained(tmp_path)
    (out / name).parent.mkdir(exist_ok=True)
    (out / name).write_text("{}")
    words = (
        f"--overwrite would remove {out / name.partition('/')[0]}, which is no part of a training: move it elsewhere"
    )
    assert error_of(out, drawn / "steps.jsonl", overwrite=True) == words


def test_a_place_where_no_folder_can_be(drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dry run says so, too."""
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "link")
    (tmp_path / "closed").mkdir()
    monkeypatch.setattr("os.access", lambda path, mode: path != tmp_path / "closed")
    for out, words in {
        "file": f"{tmp_path / 'file'} is a file: -o names a folder",
        "file/out": f"{tmp_path / 'file'} is a file: -o names a folder",
        "link": f"{tmp_path / 'link'} is a link to itself: choose another -o",
        "closed/new/out": f"{tmp_path / 'closed'} cannot be written to: choose another -o",
    }.items():
        for dry_run in (True, False):
            assert error_of(tmp_path / out, drawn / "steps.jsonl", dry_run=dry_run) == words


def test_a_folder_that_overwrite_has_not_moved_stays(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    own = tmp_path / "out.replaced" / "thesis.txt"
    own.parent.mkdir()
    own.write_text("x")
    sft(drawn, tiny_models["qwen2_vl"], tmp_path / "out", max_steps=1, save_strategy="steps", save_steps=1)
    assert own.exists()


def test_what_a_killed_overwrite_has_left_is_named(
    drawn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from cxr_cli.training.out_folder import check_out_folder

    out = trained(tmp_path)
    (tmp_path / "out.replaced").mkdir()
    check_out_folder(make_job(drawn, Path("model"), out, resume=True))
    line = f"cxr: {out}.replaced is what an interrupted --overwrite has set aside; --resume leaves it there\n"
    assert capsys.readouterr().err == line


def test_overwrite_keeps_the_old_model_until_a_checkpoint_stands(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = trained(tmp_path)
    before = files(out)

    def fail(*_: object) -> None:
        assert not (out / "model.safetensors").exists()
        raise CxrError("out of memory")

    with monkeypatch.context() as patch:
        patch.setattr("cxr_cli.stages.sft.sft.train", fail)
        with pytest.raises(CxrError, match="out of memory"):
            sft(drawn, tiny_models["qwen2_vl"], out, overwrite=True)
    assert files(out) == before
    assert not (tmp_path / "out.replaced").exists()
    sft(drawn, tiny_models["qwen2_vl"], out, overwrite=True, max_steps=2, **SAVED)
    assert not (tmp_path / "out.replaced").exists()
    assert json.loads((out / "training.json").read_text())["steps"] == 2
    assert (out / "checkpoint-2" / "trainer_state.json").exists()


def test_a_finished_training_is_not_trained_further(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, model = tmp_path / "out", tiny_models["qwen2_vl"]
    logs = sft(drawn, model, out, max_steps=2, **SAVED)
    before = files(out)
    sft(drawn, model, out, max_steps=2, **SAVED, resume=True)
    assert files(out) == before
    assert f"{out} is finished: there is nothing to resume" in capsys.readouterr().err
    (out / "model.safetensors").unlink()  # by mistake
    sft(drawn, model, out, max_steps=2, **SAVED, resume=True)
    (out / "training.json").write_text('{"stage": "s')  # killed while it was written
    sft(drawn, model, out, max_steps=2, **SAVED, resume=True)
    trained_weights = weights(out)
    for name in ("training.json", "model.safetensors"):  # killed after its last checkpoint
        (out / name).unlink()
    sft(drawn, model, out, max_steps=2, **SAVED, resume=True)
    assert same(weights(out), trained_weights)
    assert json.loads((out / "training.json").read_text())["steps"] == 2
    assert [log["step"] for log in history(out)] == [log["step"] for log in logs]
    longer = sft(drawn, model, out, max_steps=4, **SAVED, resume=True)
    assert "goes on with other settings: max_steps (2 before, 4 now)" in capsys.readouterr().err
    assert longer[-1]["step"] == 4


def test_resume_goes_on_with_the_same_training_alone(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")  # two processes on the CPU
    out, model = tmp_path / "out", tiny_models["qwen2_vl"]
    sft(drawn, model, out, max_steps=2, **SAVED)
    before = files(out)
    turned = tmp_path / "turned.jsonl"
    turned.write_text("".join((drawn / "steps.jsonl").read_text().splitlines(keepends=True)[::-1]))
    few = tmp_path / "few.jsonl"
    few.write_text("".join((drawn / "steps.jsonl").read_text().splitlines(keepends=True)[:8]))
    changes: list[tuple[dict[str, object], str]] = [
        ({"learning_rate": 0.5}, r"learning_rate \(0.001 before, 0.5 now\)"),
        ({"size": 84}, r"size \(56 before, 84 now\)"),
        ({"per_device_train_batch_size": 2}, r"per_device_train_batch_size \(4 before, 2 now\)"),
        ({"seed": 7}, r"seed \(none before, 7 now\)"),
        ({"lora": {"r": 4, "alpha": 8, "dropout": 0.0, "target_modules": ["q_proj"]}}, r"lora.alpha \(none before"),
        ({"sources": [str(few)]}, r"rows \("),
        ({"sources": [str(turned)]}, r"differently: order of rows \(\w{8} before, \w{8} now\): choose"),
        ({"gpus": 2}, r"processes \(1 before, 2 now\)"),
    ]
    for change, words in changes:
        with pytest.raises(CxrError, match=f"was begun .*{words}"):
            sft(drawn, model, out, **{"max_steps": 4, **SAVED, **change}, resume=True)
    with pytest.raises(CxrError, match=r"was begun differently: learning_rate"):
        sft(drawn, model, out, max_steps=4, **SAVED, learning_rate=0.5, resume=True, dry_run=True)
    with pytest.raises(CxrError, match=r"was begun differently: .*model \("):
        sft(drawn, tiny_models["qwen2_5_vl"], out, max_steps=4, **SAVED, resume=True)
    with pytest.raises(CxrError, match="is a training of `cxr sft`: --resume goes on with that alone"):
        rl(drawn, model, out, max_steps=4, **SAVED, resume=True)
    (out / "run.json").unlink()  # of an older version
    with pytest.raises(CxrError, match="is a training of `cxr sft`: --resume goes on with that alone"):
        rl(drawn, model, out, max_steps=4, **SAVED, resume=True)
    del before["run.json"]
    assert files(out) == before


def test_other_films_under_the_same_names_do_not_go_on(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path
) -> None:
    films, out, model = tmp_path / "films", tmp_path / "out", tiny_models["qwen2_vl"]
    shutil.copytree(drawn, films)
    sft(films, model, out, max_steps=1, **SAVED)
    first, second, *_ = sorted((films / "images").rglob("*.png"))
    shutil.copy(second, first)
    with pytest.raises(CxrError, match=r"was begun differently: films \(\w{8} before, \w{8} now\): choose"):
        sft(films, model, out, max_steps=2, **SAVED, resume=True)


def test_a_reward_that_was_written_anew_does_not_go_on(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    out, model, code = (
        tmp_path / "out",
        tiny_models["qwen2_vl"],
        "def f(completions, **_):\n    return [{}] * len(completions)\n",
    )
    Path("written.py").write_text(code.format(1))
    rl(drawn, model, out, select(["written:f"]), max_steps=1, **SAVED)
    Path("written.py").write_text(code.format(2))
    with pytest.raises(CxrError, match=r"was begun differently: code of reward.f \(\w{8} before, \w{8} now\): choose"):
        rl(drawn, model, out, select(["written:f"]), max_steps=2, **SAVED, resume=True)


def test_a_history_that_was_cut_off(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    out, model = tmp_path / "out", tiny_models["qwen2_vl"]
    sft(drawn, model, out, max_steps=2, **SAVED)
    with (out / "history.jsonl").open("a") as file:
        file.write('{"step": 3, "lo')
    logs = sft(drawn, model, out, max_steps=4, **SAVED, resume=True)
    assert [log["step"] for log in logs] == [1, 2, 2, 3, 4, 4]


@pytest.mark.slow
def test_a_command_that_is_killed_leaves_the_old_model(
    cxr: Cxr, cxr_process: Cxr, drawn: Path, tiny_models: dict[str, Path], tmp_path: Path
) -> None:
    """`kill -9` before the first checkpoint: what OUT held is beside it, whole, and the next command says so."""
    out = trained(tmp_path)
    before = files(out)
    (tmp_path / "killed.py").write_text(
        "import os, signal\ndef reward(completions, **_):\n"
        "    if any(c[-1]['content'] for c in completions):\n        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return [0.0] * len(completions)\n"
    )
    sets = [w for n, v in {**FAST, "num_generations": 4, "max_steps": 1}.items() for w in ("--set", f"{n}={v}")]
    flags = ("-m", tiny_models["qwen2_vl"], "-o", out, "--images", drawn, "--overwrite", *sets)
    done = cxr_process("rl", drawn / "steps.jsonl", *flags, "--reward", "killed:reward")
    assert done.returncode == -9, done.stderr
    assert files(tmp_path / "out.replaced") == before
    done = cxr("rl", drawn / "steps.jsonl", *flags)
    assert done.returncode == 1
    assert "out.replaced is what an interrupted --overwrite has set aside" in done.stderr


def test_a_link_to_a_training_is_replaced_where_it_points_to(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path
) -> None:
    out = trained(tmp_path)
    (tmp_path / "link").symlink_to(out)
    sft(drawn, tiny_models["qwen2_vl"], tmp_path / "link", overwrite=True, max_steps=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "out"]
    assert json.loads((out / "training.json").read_text())["steps"] == 1


def test_the_processes_of_a_training_hold_its_folder(tmp_path: Path) -> None:
    """They may outlive the command that has started them."""
    from cxr_cli.training.out_folder import _one_writer

    with _one_writer(tmp_path):
        process = subprocess.Popen(["sleep", "60"], close_fds=False)
    with pytest.raises(CxrError, match="another run is writing it"), _one_writer(tmp_path):
        pass
    process.kill()
    process.wait()
    with _one_writer(tmp_path):
        pass


def test_a_disk_that_is_full_from_the_start(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OUT is as before: not there."""

    def fail(path: Path, *_: object) -> None:
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", fail)
    with pytest.raises(CxrError, match=r"out/run.json: No space left on device$"):
        sft(drawn, tiny_models["qwen2_vl"], tmp_path / "out", max_steps=1)
    assert not (tmp_path / "out").exists()


def test_one_run_fills_a_folder(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second one is refused before it changes anything; one that fails at once leaves no folder behind."""
    out, model = tmp_path / "out", tiny_models["qwen2_vl"]
    sft(drawn, model, out, max_steps=2, **SAVED)
    before = files(out)
    folder = os.open(out, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)  # as a run does that fills it
    for flags in ({"overwrite": True}, {"resume": True, "max_steps": 4}):
        with pytest.raises(CxrError, match=r"out: another run is writing it; wait for its end, or choose another -o$"):
            sft(drawn, model, out, **{"max_steps": 2, **SAVED, **flags})
        assert files(out) == before
    os.close(folder)

    def fail(*_: object) -> None:
        raise CxrError("out of memory")

    monkeypatch.setattr("cxr_cli.stages.sft.sft.train", fail)
    with pytest.raises(CxrError, match="out of memory"):
        sft(drawn, model, tmp_path / "new" / "out", max_steps=2)
    assert not (tmp_path / "new" / "out").exists()

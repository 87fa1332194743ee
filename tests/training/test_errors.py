"""What a training says when it fails: a full disk is recognised, everything else keeps its own words."""

import errno
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import needs

pytestmark = needs("train")

WRITE = """
import json, resource, sys
import torch
from safetensors.torch import save_file
from cxr_cli.training.loop import full_disk

resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
weights = {"a": torch.zeros(100_000)}

def write(path):
    with open(path, "wb") as file:
        file.write(bytes(1_000_000))

reasons = []
for save in (write, lambda path: save_file(weights, path), lambda path: torch.save(weights, path)):
    try:
        save(sys.argv[1])
    except Exception as error:
        reasons.append(full_disk(error))
print(json.dumps(reasons))
"""


def test_a_file_for_which_there_is_no_room(tmp_path: Path) -> None:
    """By Python, by safetensors and by torch, where files may have 100 kB."""
    done = subprocess.run([sys.executable, "-c", WRITE, tmp_path / "weights"], capture_output=True, text=True)
    assert json.loads(done.stdout) == [
        "File too large",
        "File too large",
        "could not be written: is the disk full?",
    ], done.stderr


def other_errors() -> list[Exception]:
    import torch
    from safetensors import SafetensorError, safe_open

    def raised(code: Callable[[], object]) -> Exception:
        with pytest.raises(Exception) as caught:
            code()
        return caught.value

    return [
        RuntimeError("Trainer stopped"),
        NotImplementedError("no kernel on this device"),
        RecursionError("maximum recursion depth exceeded"),
        torch.distributed.DistBackendError("NCCL error: unhandled system error"),
        raised(lambda: torch.zeros(2, 3) @ torch.zeros(2, 3)),
        PermissionError(errno.EACCES, "Permission denied", "out/config.json"),
        FileNotFoundError(errno.ENOENT, "No such file or directory", "film.png"),
        SafetensorError("Error while deserializing header: header too large"),
        raised(lambda: safe_open("/nowhere/model.safetensors", "pt")),
        ValueError("unexpected pos 3"),
    ]


def test_other_errors_are_no_full_disk() -> None:
    from cxr_cli.training.loop import full_disk

    assert [full_disk(error) for error in other_errors()] == [None] * 10


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_the_system_says_that_a_disk_is_full(number: int) -> None:
    from safetensors import SafetensorError

    from cxr_cli.training.loop import full_disk

    words = {errno.ENOSPC: "No space left on device", errno.EDQUOT: "Disk quota exceeded"}[number]
    assert full_disk(OSError(number, "", "out/model.safetensors")) == words
    assert full_disk(SafetensorError(f"Error while serializing: I/O error: {words} (os error {number})")) == words


def test_an_error_of_training_keeps_its_words(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    """A reward that fails: its RuntimeError is no news of the disk."""
    from cxr_cli.rewards.reward_mix import RewardMix
    from tests.training.small_trainings import rl

    def broken(completions: list[str], **_: object) -> list[float | None]:
        raise NotImplementedError("this reward is not written yet")

    with pytest.raises(NotImplementedError, match=r"^this reward is not written yet$"):
        rl(drawn, tiny_models["qwen2_vl"], tmp_path / "out", RewardMix({"broken": broken}, [1.0]), max_steps=1)

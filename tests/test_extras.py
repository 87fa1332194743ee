"""Extras: what is missing is named with the line that installs it."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from cxr_cli.errors import CxrError
from cxr_cli.extras import need
from cxr_cli.training.settings.requirements import check_requirements

ROOT = Path(__file__).parents[1]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]


def test_a_missing_extra_is_named_with_its_line() -> None:
    line = r'pip install -e "\.\[train\]" in a clone of the project'
    with pytest.raises(CxrError, match=f"^no_such_module is not installed: {line}$"), need("train"):
        import no_such_module.part  # type: ignore[import-not-found]  # noqa: F401
    with pytest.raises(ModuleNotFoundError, match="cxr_cli"), need("train"):
        import cxr_cli.no_such_module  # type: ignore[import-not-found]  # noqa: F401
    with need("train"):
        import json  # noqa: F401


@pytest.mark.parametrize("arguments", [["sft", "-"], ["rl", "-"], ["sft", "-", "--dry-run"]])
def test_a_training_without_its_extra_names_the_line(arguments: list[str]) -> None:
    run = _base_install([*arguments, "-m", "model", "-o", "out"])
    assert (run.returncode, run.stderr) == (
        1,
        'cxr: trl is not installed: pip install -e ".[train]" in a clone of the project\n',
    )


@pytest.mark.parametrize(
    ("package", "version", "error"),
    [
        ("trl", "1.16.3", None),
        ("trl", "1.17.0", r"^trl 1\.17\.0 is installed, and this cxr was tried with trl<1\.17,>=1\.16: pip install -e"),
        ("transformers", "5.18.2", r"^transformers 5\.18\.2 is installed"),
        ("vllm", "0.32.0+cpu", None),
        ("vllm", "0.33.0", r"^vllm 0\.33\.0 is installed, and this cxr was tried with vllm<0\.33,>=0\.32"),
        ("vllm", "0.31.0", r"^vllm 0\.31\.0 is installed"),
    ],
)
def test_a_version_that_was_not_tried_is_refused(
    package: str, version: str, error: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what pyproject.toml takes, as it is installed with the package."""
    pytest.importorskip("packaging")
    extra = "vllm" if package == "vllm" else "train"
    lines = [f"{line}{' and' if ';' in line else ';'} extra == '{extra}'" for line in EXTRAS[extra]]
    for name, number, needs in (("cxr-cli", "0.1.0", lines), (package, version, [])):
        folder = tmp_path / f"{name.replace('-', '_')}-{number}.dist-info"
        folder.mkdir()
        head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {number}\n"
        (folder / "METADATA").write_text(head + "".join(f"Requires-Dist: {line}\n" for line in needs))
    monkeypatch.syspath_prepend(tmp_path)
    if error:
        with pytest.raises(CxrError, match=error):
            check_requirements({"rollouts": "vllm-colocate"})
    else:
        check_requirements({"rollouts": "vllm-colocate"})


def test_the_audit_of_rewards_needs_no_extra() -> None:
    cases = _base_install(["mine", "examples", "--task", "binary", "--findings", "edema,nodule"]).stdout
    run = _base_install(["rl", "-", "--audit"], cases)
    assert (run.returncode, run.stderr) == (0, "cxr: no cheat earns as much as the honest chains\n")


def _base_install(arguments: list[str], stdin: str = "") -> "subprocess.CompletedProcess[str]":
    """Runs `cxr` without the packages that only extras install."""
    names = {"trl", "torch", "transformers", "accelerate", "peft", "datasets", "safetensors", "huggingface_hub"}
    lacks = f"import sys; sys.modules.update(dict.fromkeys({names!r}))"
    tool = f"{lacks}; from cxr_cli.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", tool, *arguments], input=stdin, capture_output=True, text=True, check=False
    )


def test_extras_that_are_asked_for_exist() -> None:
    asked = {
        name for file in ROOT.glob("cxr_cli/**/*.py") for name in re.findall(r'\bneed\("(\w+)"\)', file.read_text())
    }
    assert asked <= EXTRAS.keys()

"""What is shipped: the source archive, the wheel that is made from it, and the wheel in an empty environment."""

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}

pytestmark = pytest.mark.slow


def run(*command: object, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([*map(str, command)], cwd=folder, env=CLEAN, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    return done


def environment(folder: Path, *packages: object) -> Path:
    """A virtual environment with nothing but these; its folder of programs."""
    run(sys.executable, "-m", "venv", folder)
    run(folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", *packages)
    return folder / "bin"


def files(*folders: str) -> set[str]:
    """What is in these folders of the project, `cxr_cli/cli.py`."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*"))
    return {str(path.relative_to(ROOT)) for path in found if path.is_file() and "__pycache__" not in path.parts}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    run(environment(folder / "build", "hatchling") / "hatchling", "build", "-t", "sdist", "-d", folder)
    [made] = folder.glob("*.tar.gz")
    return made


@pytest.fixture(scope="module")
def wheel(archive: Path) -> Path:
    """Made from the archive, as pip makes it for a user: with a backend that pip fetches."""
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", archive.parent, archive)
    [made] = archive.parent.glob("*.whl")
    return made


def test_the_archive_holds_the_project(archive: Path) -> None:
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert files("cxr_cli", "examples", "recipes", "tests") - names == set()
    assert {"CHANGELOG.md", "LICENSE", "Makefile", "README.md", "pyproject.toml", "cxr_cli/py.typed"} <= names


def test_the_wheel_holds_the_package_alone(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        names = {name for name in opened.namelist() if ".dist-info/" not in name}
        [metadata] = [opened.read(name).decode() for name in opened.namelist() if name.endswith("/METADATA")]
    presets = {f"cxr_cli/training/deepspeed/{path.name}" for path in (ROOT / "recipes" / "deepspeed").iterdir()}
    assert names == files("cxr_cli") | presets
    assert {Path(name).suffix for name in names} >= {
        ".toml",
        ".txt",
        ".js",
        ".css",
        ".html",
        ".jsonl",
        ".json",
        ".typed",
    }
    assert "Classifier: Typing :: Typed" in metadata


def test_the_wheel_runs_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    programs = environment(tmp_path / "venv", wheel)
    empty = tmp_path / "empty"
    empty.mkdir()
    line = f"set -o pipefail; PATH={programs}:$PATH; cxr mine examples | cxr verify | head -1"
    done = run("bash", "-c", line, folder=empty)
    [row] = map(json.loads, done.stdout.splitlines())
    assert {"question", "answer", "support", "checked_by"} <= row.keys()
    assert {step["verdict"] for step in row["steps"]} <= {"supported", "not_checkable"}
    assert list(empty.iterdir()) == []

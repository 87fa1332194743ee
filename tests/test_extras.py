"""Extras: what is missing is named with the line that installs it."""

import re
import tomllib
from pathlib import Path

import pytest

from cxr_cli.errors import CxrError
from cxr_cli.extras import need

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


def test_extras_that_are_asked_for_exist() -> None:
    asked = {
        name for file in ROOT.glob("cxr_cli/**/*.py") for name in re.findall(r'\bneed\("(\w+)"\)', file.read_text())
    }
    assert asked <= EXTRAS.keys()

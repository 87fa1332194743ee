"""`cxr` and `python` for recipes: of this tool and this Python, whatever is installed."""

import os
import sys
from pathlib import Path


def with_own_commands(folder: Path) -> dict[str, str]:
    """The environment in which both are those that are written to `folder`."""
    for name, words in (("cxr", "-m cxr_cli"), ("python", "")):
        (folder / name).write_text(f'#!/bin/sh\nexec {sys.executable} {words} "$@"\n')
        (folder / name).chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}

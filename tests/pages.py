"""The README and the guides as tests: the blocks of a page, run in order in one folder.

```sh        commands to paste; they are run, and what they print is compared with the `text` block below, if there is one
```console   commands after "$ ", each with what it prints
<!-- needs a model -->, above a block: it is not run; only its commands and flags are checked
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
_BLOCK = re.compile(r"(?:^<!-- needs (?P<needs>[^\n]+) -->\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.M | re.S)


class Command(NamedTuple):
    """script: as it is pasted. output: what it prints on both streams, None if the page does not say. needs: what is
    not there in a test, such as "a model"."""

    script: str
    output: str | None
    needs: str | None


def commands(page: str) -> Iterator[Command]:
    """The commands of a page, in order."""
    blocks = [*_BLOCK.finditer(page)]
    for block, after in zip(blocks, [*blocks[1:], None], strict=True):
        text, needs = block["text"], block["needs"]
        if block["kind"] == "sh":
            follows = after is not None and after["kind"] == "text" and not page[block.end() : after.start()].strip()
            yield Command(text, after["text"] if follows and after else None, needs)
        elif block["kind"] == "console":
            for part in re.split(r"^\$ ", text, flags=re.M)[1:]:
                script, _, output = part.partition("\n")
                yield Command(script, output, needs)


def run(page: str, folder: Path) -> None:
    """Runs the commands of a page in a folder; AssertionError for one that fails or that prints something else."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "CXR_CACHE": str(folder / ".cache")}
    for script, output, needs in commands(page):
        if needs:
            continue
        pasted = script.replace("PATH_TO_CLONE", str(ROOT))
        done = subprocess.run(
            ["bash", "-c", pasted if output is not None else f"set -e -o pipefail\n{pasted}"],
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if output is None:
            assert done.returncode == 0, f"{script}\n{done.stdout}"
        else:
            assert done.stdout == output, script


def invocations(script: str) -> Iterator[list[str]]:
    """The calls of `cxr` in a script: "CXR_CACHE=a cxr mine | cxr verify > steps.jsonl" -> ["mine"], ["verify"]."""
    for line in script.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(re.sub(r"\d?(<|>>?)(&\d| *\S+)", "", line), posix=True, punctuation_chars="|;&")
        lexer.whitespace_split = True
        words: list[str] = []
        for word in [*lexer, ";"]:
            if word[0] not in "|;&":
                words.append(word)
                continue
            if "cxr" in words:
                yield words[words.index("cxr") + 1 :]
            words = []

"""The README and the guides as tests: the commands of a page, run in order in one folder.

```sh        commands to paste; what they print is compared with the ```text block below, if there is one
```console   commands after "$ ", each with what it prints
<!-- needs a model -->, above a block: it is not run; only its commands and flags are checked

`python -m tests.pages docs/score.md` runs a page and writes what its commands print into it. Read the difference.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
_BLOCK = re.compile(r"(?:^<!-- needs (?P<needs>[^\n]+) -->\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.M | re.S)
_COMMAND = re.compile(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", re.M)


class Command(NamedTuple):
    """script: as it is pasted. output: where in the page its output stands, None if the page does not show it. needs:
    what a test does not have, such as "a model"."""

    script: str
    output: tuple[int, int] | None
    needs: str | None


def commands(page: str) -> Iterator[Command]:
    """The commands of a page, in order."""
    blocks = [*_BLOCK.finditer(page)]
    for block, after in pairwise([*blocks, None]):
        assert block is not None
        if block["kind"] == "sh":
            shown = after is not None and after["kind"] == "text" and not page[block.end() : after.start()].strip()
            yield Command(block["text"], after.span("text") if shown and after else None, block["needs"])
        elif block["kind"] == "console":
            for one in _COMMAND.finditer(page, *block.span("text")):
                yield Command(one[1], one.span(2), block["needs"])


def outputs(page: str, folder: Path) -> Iterator[tuple[Command, str]]:
    """Runs the commands of a page in a folder: each with what it prints on both streams. AssertionError for one that
    fails and whose output the page does not show."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "CXR_CACHE": str(folder / ".cache")}
    for command in commands(page):
        if command.needs:
            continue
        script = command.script.replace("CLONE=~/cxr ", f"CLONE={ROOT} ")
        strict = "set -e -o pipefail\n" if command.output is None else ""
        done = subprocess.run(
            ["bash", "-c", strict + script],
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0 or command.output, f"{script}\n{done.stdout}"
        yield command, done.stdout


def check(page: str, folder: Path) -> None:
    """AssertionError for a command that fails, or that prints something else than the page shows."""
    for command, printed in outputs(page, folder):
        if command.output is not None:
            assert printed == page[slice(*command.output)], command.script


def refresh(page: str, folder: Path) -> str:
    """The page, with what its commands print now."""
    for command, printed in reversed([*outputs(page, folder)]):
        if command.output is not None:
            start, end = command.output
            page = page[:start] + printed + page[end:]
    return page


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


if __name__ == "__main__":
    for name in sys.argv[1:]:
        with TemporaryDirectory() as temporary:
            if name == "README.md":
                for part in ("examples", "recipes"):
                    Path(temporary, part).symlink_to(ROOT / part)
            Path(name).write_text(refresh(Path(name).read_text(), Path(temporary)))

"""An engine and a data set of one's own: a module, a line in the table, and the command line knows them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.cases import lines, rows

OWN = '''
from collections import deque
from pathlib import Path

from cxr_cli.engines.requests import Reply, ignore_reply
from cxr_cli.rows import Source
from cxr_cli.sources.data_sets import DataSet


class Echo:
    """Answers each request with the length of its question."""

    name, capacity = "echo", 4

    def __init__(self, spec):
        self.signature, self.on_reply = {"engine": "echo", "model": spec.model}, ignore_reply
        self._waiting = deque()

    def submit(self, request):
        self._waiting.append(request)

    def ready(self):
        return bool(self._waiting)

    def next(self):
        request = self._waiting.popleft()
        text = f"<think> {len(request.messages[-1]['content'])} parts </think><answer> A </answer>"
        reply = Reply(request.id, text, "stop", 7, 3, request.seed)
        self.on_reply(reply)
        return reply

    def close(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


def find(name):
    items = [(path.name, {"id": path.stem, "report": path.read_text()}, None) for path in Path(name).glob("*.rpt")]
    return Source(name, lambda: iter(sorted(items)))


HOSPITAL = DataSet("s1.rpt", lambda folder: any(folder.glob("*.rpt")), find)
'''
MAIN = """
import sys

from cxr_cli.cli import main
from cxr_cli.engines.engine_table import ENGINES
from cxr_cli.sources import SOURCES

ENGINES["echo"] = "own:Echo"
SOURCES["hospital"] = "own:HOSPITAL"
main()
"""


def cxr(folder: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    (folder / "own.py").write_text(OWN)
    (folder / "main.py").write_text(MAIN)
    env = {**os.environ, "CXR_CACHE": str(folder / "cache")}
    command = [sys.executable, "main.py", *arguments]
    return subprocess.run(command, cwd=folder, env=env, input=stdin, capture_output=True, text=True, timeout=600)


def test_an_engine_of_ones_own(tmp_path: Path) -> None:
    Image.linear_gradient("L").save(tmp_path / "a.png")
    case = {"id": "c", "question": "Is there edema?", "options": ["Yes", "No"], "images": ["a.png"]}
    flags = ("--workers", "0", "-m", "any")
    done = cxr(tmp_path, "infer", *flags, "--engine", "echo", stdin=lines(case))
    assert done.returncode == 0, done.stderr
    [row] = rows(done.stdout)
    assert row["predictions"][0]["think"] == "2 parts"
    assert row["predictions"][0]["answer"] == "Yes"
    assert row["answered_by"].startswith("engine:echo|model:any|")
    assert "[auto|vllm|openai|transformers|echo]" in cxr(tmp_path, "infer", "--help").stdout
    assert "'echoes' is not one of" in cxr(tmp_path, "infer", *flags, "--engine", "echoes").stderr


@pytest.mark.parametrize("name", ["hospital:reports", "reports"])
def test_a_data_set_of_ones_own(tmp_path: Path, name: str) -> None:
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "s1.rpt").write_text("Small left pleural effusion.")
    done = cxr(tmp_path, "mine", name, "--task", "binary", "--findings", "pleural effusion")
    assert (done.returncode, [(row["id"], row["answer"]) for row in rows(done.stdout)]) == (
        0,
        [("s1/binary/pleural-effusion", "Yes")],
    )


def test_help_and_errors_name_a_data_set_of_ones_own(tmp_path: Path) -> None:
    assert "padchest-gr, hospital" in " ".join(cxr(tmp_path, "mine", "--help").stdout.split())
    (tmp_path / "empty").mkdir()
    assert cxr(tmp_path, "mine", "hospital:empty").stderr == (
        "cxr: hospital: empty is not recognised: it has no file such as s1.rpt\n"
    )

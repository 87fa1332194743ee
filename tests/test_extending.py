"""A judge, a score, a reward, a row-file format and a layout of published results of your own: a file and a line in a
table each, then used."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cases import lines, rows
from tests.engines.server import Server

FILES = {
    "strict_judge.py": '''
from cxr_cli.engines.conversations import without_requests
from cxr_cli.rows.signatures import sign
from cxr_cli.scoring.metrics.radrscore import scores_of


class StrictJudge:
    """No reasoning is good enough."""

    asks_model = False

    def __init__(self, settings):
        pass

    def signature(self, **settings):
        return sign(engine="strict", **settings)

    def judge(self, case, reasonings):
        parts = {"factuality": 0.0, "completeness": 0.0, "effectiveness": 0.0}
        return without_requests([scores_of(parts) for reasoning in reasonings])
''',
    "strict_step_judge.py": '''
from cxr_cli.engines.conversations import without_requests
from cxr_cli.verifying.steps.opinion import Opinion


class StrictStepJudge:
    """No step is good enough."""

    asks_model = False
    signature = "engine:strict"

    def __init__(self, verifier, model):
        pass

    def judge(self, id, steps, case):
        return without_requests([Opinion("contradicted", "too vague", []) for step in steps])
''',
    "modest_judge.py": '''
from cxr_cli.engines.requests import Request
from cxr_cli.rows.signatures import sign
from cxr_cli.scoring.metrics.radrscore import PARTS, scores_of


class ModestJudge:
    """Asks the model for one number."""

    asks_model = True

    def __init__(self, settings):
        self.engine = settings.model.engine

    def signature(self, **settings):
        return sign(engine="modest", **settings)

    def judge(self, case, reasonings):
        texts = [[{"role": "user", "content": reasoning}] for reasoning in reasonings]
        replies = yield [Request(f"{case['id']}/{n}", messages) for n, messages in enumerate(texts)]
        return [scores_of(dict.fromkeys(PARTS, float(reply.text))) for reply in replies]
''',
    "modest_step_judge.py": '''
from cxr_cli.engines.requests import Request
from cxr_cli.verifying.steps.opinion import Opinion


class ModestStepJudge:
    """Asks the model for one verdict on all steps."""

    asks_model, signature = True, "engine:modest"

    def __init__(self, verifier, model):
        self.engine = model.engine

    def judge(self, id, steps, case):
        [reply] = yield [Request(id, [{"role": "user", "content": steps[0]["text"]}])]
        return [Opinion(reply.text, "so it says", []) for step in steps]
''',
    "word_count.py": '''
from cxr_cli.engines.conversations import without_requests


class WordCount:
    """words: how long a reply is."""

    metrics = ("words",)

    def __init__(self, settings):
        pass

    def applies(self, row):
        return bool(row.get("question"))

    def measure(self, row, texts):
        return without_requests([({"words": float(len(text.split()))}, {}) for text in texts])
''',
    "brevity.py": '''
from cxr_cli.rewards.functions import read_completions


def brevity(completions, **columns):
    """1 for a reasoning of at most 100 words."""
    return [float(len((c.parts.think or "").split()) <= 100) for c in read_completions(completions, columns)]
''',
    "pipe_format.py": '''
class PipeFormat:
    """A row a line, `id|report`."""

    packed, appends, table, writable = False, False, False, True

    def read(self, path, pack):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            id, bar, report = line.partition("|")
            yield f"{path}:{number}", {"id": id, "report": report}, None if bar else "no bar"

    def shards(self, path):
        return None

    def write(self, path, pack):
        return path.open("wb")
''',
    "one_file.py": '''
from pathlib import Path

from cxr_cli.rows import Source


def find(name):
    """A file with one reply a line, all to the same question."""
    rows = ({"id": str(n), "question": "Is there edema?", "answer": "No", "prediction": line.strip()}
            for n, line in enumerate(Path(name).open()))
    return Source(name, lambda: ((name, row, None) for row in rows))
''',
    "fluid_set.py": """
from cxr_cli.labelling.label_set import LabelSet, NoFinding

FLUID = LabelSet(
    rule="mentions",
    labels={"Fluid": ("pleural effusion", "edema"), "Air": ("pneumothorax",), "Dry": ()},
    no_finding=NoFinding("Dry"),
)
""",
    "ward_table.py": """
from cxr_cli.labelling.label_tables import LabelTable

WARD = LabelTable("Text", ("Fracture", "Edema"), {"Edema": "Oedema"})
""",
}
TABLES = """
from cxr_cli.published.published_table import PUBLISHED_RESULTS
from cxr_cli.labelling.label_set import LABEL_SETS
from cxr_cli.labelling.label_tables import LABEL_TABLES
from cxr_cli.rewards.reward_table import REWARDS
from cxr_cli.rows.files.formats import FILE_FORMATS
from cxr_cli.scoring.judges.judge_table import JUDGES
from cxr_cli.scoring.scores import SCORES
from cxr_cli.verifying.judges.step_judge_table import STEP_JUDGES

JUDGES["strict"] = "strict_judge:StrictJudge"
JUDGES["modest"] = "modest_judge:ModestJudge"
STEP_JUDGES["strict"] = "strict_step_judge:StrictStepJudge"
STEP_JUDGES["modest"] = "modest_step_judge:ModestStepJudge"
SCORES["words"] = "word_count:WordCount"
REWARDS["brevity"] = "brevity:brevity"
LABEL_SETS["fluid"] = "fluid_set:FLUID"
LABEL_TABLES["ward"] = "ward_table:WARD"
FILE_FORMATS[".pipe"] = "pipe_format:PipeFormat"
PUBLISHED_RESULTS["one-file"] = "one_file:find"

from cxr_cli.cli import main

main()
"""
CASE = {"id": "a", "question": "Is there edema?", "options": ["Yes", "No"], "answer": "No", "report": "No edema."}
CASE |= {"steps": ["No edema is seen.", "So the answer is No."]}
REPLY = "<think> No edema. </think><answer> B </answer>"
Cxr = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def cxr(tmp_path: Path) -> Cxr:
    """`cxr("score", ..)` with the lines in the tables."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    path = os.pathsep.join([str(tmp_path), *sys.path])

    def run(*arguments: str, given: list[dict[str, Any]]) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", TABLES, *arguments]
        env = {**os.environ, "PYTHONPATH": path, "COLUMNS": "120"}
        return subprocess.run(command, input=lines(*given), capture_output=True, text=True, cwd=tmp_path, env=env)

    return run


def test_a_judge_and_a_score_of_your_own(cxr: Cxr) -> None:
    done = cxr("score", "--judge", "rules,strict", given=[{**CASE, "prediction": REPLY}])
    assert done.returncode == 0, done.stderr
    [row] = rows(done.stdout)
    assert (row["scores"]["radrscore"], row["scores"]["strict_radrscore"], row["scores"]["words"]) == (1.0, 0.0, 6.0)
    assert " & engine:strict|empty:null|" in row["scored_by"]
    assert "rules|llm|stored|strict|modest[,..]" in cxr("score", "--help", given=[]).stdout


def test_a_judge_of_your_own_that_asks_a_model(cxr: Cxr) -> None:
    given = [{**CASE, "prediction": REPLY}]
    with Server(lambda request: "0.25") as server:
        done = cxr("score", "--judge", "modest", "-m", server.url, "--no-cache", given=given)
        assert done.returncode == 0, done.stderr
        assert server.requests[0]["messages"] == [{"role": "user", "content": "No edema."}]
    [row] = rows(done.stdout)
    assert row["scores"]["radrscore"] == 0.25
    without = cxr("score", "--judge", "rules,modest", given=given)
    assert "--judge modest asks a model: name one with -m MODEL|URL." in without.stderr
    idle = cxr("score", "--judge", "strict", "-m", "http://localhost:1/v1", given=given)
    assert "-m is for --judge llm or --judge modest." in idle.stderr


def test_a_judge_of_steps_of_your_own(cxr: Cxr) -> None:
    done = cxr("verify", "--judge", "strict,rules", "--keep", "all", given=[CASE])
    assert done.returncode == 0, done.stderr
    [row] = rows(done.stdout)
    assert [step["verdict"] for step in row["steps"]] == ["contradicted", "contradicted"]
    assert row["steps"][0]["reason"] == "too vague"
    assert row["steps"][0]["second"]["verdict"] == "supported"
    assert row["checked_by"].startswith("engine:strict & engine:rules|")
    explained = cxr("verify", "--judge", "strict", "--explain", given=[CASE])
    assert "contradicted: too vague" in explained.stderr


def test_a_judge_of_steps_of_your_own_that_asks_a_model(cxr: Cxr) -> None:
    with Server(lambda request: "contradicted") as server:
        done = cxr("verify", "--judge", "modest", "--keep", "all", "-m", server.url, "--no-cache", given=[CASE])
        assert done.returncode == 0, done.stderr
        assert server.requests[0]["messages"] == [{"role": "user", "content": "No edema is seen."}]
    [row] = rows(done.stdout)
    assert [(step["verdict"], step["reason"]) for step in row["steps"]] == [("contradicted", "so it says")] * 2
    without = cxr("verify", "--judge", "modest", given=[CASE])
    assert (without.returncode, "--judge modest asks a model: name one" in without.stderr) == (2, True)
    idle = cxr("verify", "-m", "http://localhost:1/v1", given=[CASE])
    assert (idle.returncode, "-m is for --judge llm or --judge modest." in idle.stderr) == (2, True)


def test_a_reward_of_your_own(cxr: Cxr) -> None:
    done = cxr("rl", "--reward", "format", "--reward", "accuracy", "--reward", "brevity", "--audit", "-", given=[CASE])
    assert done.stdout.splitlines()[5].split() == ["brevity", "1.00", "0.00", "1.00", "1.00", "0"], done.stderr
    assert "brevity" in cxr("rl", "--help", given=[]).stdout
    wrong = cxr("rl", "--reward", "brevty", "--audit", "-", given=[CASE])
    assert "no reward is called brevty; did you mean brevity?" in wrong.stderr


REPORTS = [{"id": "a", "report": "Small effusion, no edema."}, {"id": "b", "report": "No pneumothorax."}]


def test_a_label_set_of_your_own(cxr: Cxr) -> None:
    done = cxr("label", "--set", "fluid", given=REPORTS)
    assert done.returncode == 0, done.stderr
    assert [row["labels"] for row in rows(done.stdout)] == [
        {"Fluid": 1, "Air": None, "Dry": None},
        {"Fluid": None, "Air": 0, "Dry": 1},
    ]
    assert "|set:fluid|" in rows(done.stdout)[0]["labelled_by"]
    some = cxr("label", "--set", "fluid", "--findings", "air", given=REPORTS)
    assert [row["labels"] for row in rows(some.stdout)] == [{"Air": None}, {"Air": 0}]
    assert "vindr|all|fluid]" in cxr("label", "--help", given=[]).stdout


def test_a_label_table_of_your_own(cxr: Cxr) -> None:
    done = cxr("label", "--format", "ward", given=REPORTS)
    assert done.returncode == 0, done.stderr
    assert done.stdout == 'Text,Fracture,Oedema\n"Small effusion, no edema.",,0.0\nNo pneumothorax.,,\n'
    assert "negbio|mimic|ward]" in cxr("label", "--help", given=[]).stdout


def test_a_format_of_row_files_of_your_own(cxr: Cxr, tmp_path: Path) -> None:
    (tmp_path / "reports.pipe").write_text("a|Moderate right pleural effusion.\nb\n")
    arguments = ("mine", "reports.pipe", "--findings", "effusion", "--task", "binary", "-o", "out.pipe")
    done = cxr(*arguments, "--on-error", "skip", "--rejects", "rejects.jsonl", given=[])
    assert done.returncode == 3, done.stderr
    assert "no bar" in (tmp_path / "rejects.jsonl").read_text()
    [row] = rows((tmp_path / "out.pipe").read_text())
    assert (row["id"], row["answer"]) == ("a/binary/pleural-effusion", "Yes")
    wrong = cxr("mine", "reports.pip", given=[])
    assert wrong.stderr == "cxr: reports.pip: no such file; did you mean reports.pipe?\n"
    (tmp_path / "reports.pip").touch()
    wrong = cxr("mine", "reports.pip", given=[])
    known = ".jsonl, .csv, .tsv (and .gz or .zst of these), .parquet, .arrow, .xlsx, .pipe"
    assert wrong.stderr == f"cxr: reports.pip: unknown extension; did you mean .pipe? there are: {known}\n"
    known = known.replace(" .xlsx,", "")  # which is not written
    assert f"not to stdout: {known}." in " ".join(cxr("mine", "--help", given=[]).stdout.split())


def test_a_layout_of_published_results_of_your_own(cxr: Cxr, tmp_path: Path) -> None:
    (tmp_path / "replies.txt").write_text("No.\nYes.\n")
    done = cxr("score", "--from", "one-file", "replies.txt", given=[])
    assert done.returncode == 0, done.stderr
    assert [row["scores"]["accuracy"] for row in rows(done.stdout)] == [1.0, 0.0]
    assert "[chestx-reasoner|one-file]" in cxr("score", "--help", given=[]).stdout


def test_the_tables_name_what_is_there() -> None:
    """Every line of a table can be loaded."""
    from cxr_cli.labelling.label_set import LABEL_SETS
    from cxr_cli.labelling.label_tables import LABEL_TABLES
    from cxr_cli.published.published_table import PUBLISHED_RESULTS
    from cxr_cli.rewards.reward_table import DEFAULT_WEIGHTS, REWARDS
    from cxr_cli.rows.files.formats import FILE_FORMATS
    from cxr_cli.scoring.judges.judge_table import JUDGES
    from cxr_cli.scoring.scores import SCORES
    from cxr_cli.verifying.judges.step_judge_table import STEP_JUDGES

    for table in (REWARDS, JUDGES, SCORES, STEP_JUDGES, FILE_FORMATS, PUBLISHED_RESULTS):
        assert [callable(table.load(name)) for name in table] == [True] * len(table)
    assert [type(LABEL_SETS.load(name)).__name__ for name in LABEL_SETS] == ["LabelSet"] * len(LABEL_SETS)
    assert [type(LABEL_TABLES.load(name)).__name__ for name in LABEL_TABLES] == ["LabelTable"] * len(LABEL_TABLES)
    assert DEFAULT_WEIGHTS.keys() <= REWARDS.keys()

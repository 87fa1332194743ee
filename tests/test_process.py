"""To import `cxr_cli` and to run its stages changes nothing in the process: its settings belong to the command."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from cxr_cli.environment import environment
from tests.conftest import needs

ROOT = Path(__file__).parents[1]
BASE = ("ahocorasick_rs", "click", "jsonlines", "msgspec", "numpy", "PIL.Image", "polars", "pydicom", "tqdm")
EXTRAS = (
    "accelerate",
    "aiohttp",
    "datasets",
    "deepspeed",
    "gdcm",
    "inspect_ai",
    "lm_eval",
    "matplotlib",
    "peft",
    "safetensors",
    "skyrl_gym",
    "spacy",
    "swift",
    "torch",
    "torchmetrics",
)
EXTRAS += ("transformers", "trl", "vllm", "yaml")

STATE = """
import csv, gc, importlib, json, logging, os, pkgutil, signal, sys, warnings

def state():
    loggers = [logging.root, *(one for one in logging.root.manager.loggerDict.values() if hasattr(one, "level"))]
    progress = sys.modules.get("transformers.utils.logging")
    return {
        "garbage": (gc.get_threshold(), gc.isenabled()),
        "signals": [(str(one), str(signal.getsignal(one))) for one in sorted(signal.valid_signals())],
        "blocked": [*signal.pthread_sigmask(signal.SIG_BLOCK, ())],
        "environment": dict(os.environ),
        "warnings": [str(one) for one in warnings.filters],
        "loggers": {one.name: (one.level, one.disabled, len(one.handlers), len(one.filters)) for one in loggers},
        "path": list(sys.path),
        "finders": [str(one) for one in sys.meta_path],
        "hooks": (str(sys.excepthook), str(sys.displayhook), str(sys.unraisablehook), sys.getrecursionlimit()),
        "longest_cell": csv.field_size_limit(),
        "bars": progress is None or progress.is_progress_bar_enabled(),
        "streams": [os.fstat(number).st_ino for number in range(3)],
    }

def changes(before):
    after = state()
    after["loggers"] = {name: kept for name, kept in after["loggers"].items() if name in before["loggers"]}
    return {name: [before[name], after[name]] for name in before if before[name] != after[name]}
"""
# The modules that come with an extra are made missing, as in a base install. What a base install does import is there
# before we look, for numpy and others have settings of their own.
IMPORT_ALL = """
base, extras = json.loads(sys.argv[1])

class Missing:
    def find_spec(name, path, target=None):
        if name.partition(".")[0] in extras:
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Missing)
for name in base:
    importlib.import_module(name)
before = state()
import cxr_cli
imported = []
for module in pkgutil.walk_packages(cxr_cli.__path__, "cxr_cli.", onerror=lambda name: None):
    if module.name == "cxr_cli.__main__":
        continue
    try:
        importlib.import_module(module.name)
    except Exception as error:  # extras.need turns a missing module into an error of ours
        missing = error.__cause__ or error
        if not (isinstance(missing, ModuleNotFoundError) and missing.name.partition(".")[0] in extras):
            raise
    else:
        imported.append(module.name)
print(json.dumps([imported, changes(before)]))
"""
RUN_STAGES = """
from contextlib import suppress
from pathlib import Path

import polars
with suppress(ModuleNotFoundError):
    import matplotlib.figure
from cxr_cli.rows import FlowOptions
from cxr_cli.stages import card, mine, score, verify, view

rows, out = map(Path, sys.argv[1:3])

def flow(name, output, **mapping):
    return FlowOptions([str(name)], output=out / output, mapping=mapping)

STAGES = [
    lambda: mine.run(mine.MineOptions(flow(rows / "studies.jsonl", "cases.csv"))),
    lambda: verify.run(verify.VerifyOptions(flow(out / "cases.csv", "steps.jsonl"))),
    lambda: score.run(score.ScoreOptions(flow(out / "steps.jsonl", "scored.jsonl", prediction=["question"]))),
    lambda: view.run(view.ViewOptions([str(out / "steps.jsonl")], out / "page.html", root=rows)),
    lambda: card.run(card.CardOptions([("train", str(out / "steps.jsonl"))], out / "card")),
]
"""
RUN_TRAININGS = """
from pathlib import Path
import datasets, deepspeed, matplotlib.figure, peft, polars, pydicom, torch
from transformers import AutoModelForImageTextToText
from trl import GRPOConfig, GRPOTrainer, SFTConfig, SFTTrainer
from cxr_cli.engines import Sampling, Spec
from cxr_cli.images import Films, Square
from cxr_cli.rows import FlowOptions
from cxr_cli.stages import infer, rl, sft
from cxr_cli.training.settings.job import TrainingOptions

rows, out, model = map(Path, sys.argv[1:])
inputs = [str(rows / "steps.jsonl")]
sft_sets = ("size=56", "max_steps=1", "warmup_steps=0", "per_device_train_batch_size=2", "save_strategy=no")
rl_sets = (*sft_sets, "num_generations=2", "max_completion_length=4")

def training(name, sets):
    return TrainingOptions(inputs, str(model), out / name, sets=sets, root=rows)

def answer():
    flow = FlowOptions(inputs, output=out / "answers.jsonl", limit=2)
    engine = Spec(str(model), "transformers", Sampling(max_tokens=2), cached=False)
    infer.run(infer.InferOptions(flow, engine, Films(rows, Square(56), workers=0)))

STAGES = [
    lambda: sft.run(sft.SftOptions(training("sft", sft_sets))),
    lambda: rl.run(rl.RlOptions(training("rl", rl_sets), rewards=["own_reward:fair"])),
    answer,
]
"""
TERMINATE = """
import click, os, signal
from cxr_cli.cli import main
from cxr_cli.termination import on_termination

def terminate():
    os.kill(os.getpid(), signal.SIGTERM)
    print("still here")
"""
IN_TURN = """
before = state()
for stage in STAGES:
    stage()
Path(out, "changes.json").write_text(json.dumps(changes(before)))
"""


def python(script: str, *arguments: str | Path, cwd: Path = ROOT) -> str:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(words, capture_output=True, text=True, cwd=cwd, env=env)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_to_import_it_changes_nothing() -> None:
    imported, changed = json.loads(python(STATE + IMPORT_ALL, json.dumps([BASE, EXTRAS])))
    assert changed == {}
    assert {"cxr_cli.cli", "cxr_cli.rows.flow", "cxr_cli.commands.mine", "cxr_cli.commands.sft"} <= {*imported}
    assert len(imported) > 150


def test_the_settings_of_a_command() -> None:
    """Rows make no cyclic garbage. That Ctrl-C ends a read, polars or not, is in test_ctrl_c."""
    show = "show = lambda: print(gc.get_threshold()[0])"
    script = f"import gc, click; from cxr_cli.cli import main; {show}; main(click.Command('look', callback=show))"
    assert python(script) == "50000\n"


def test_stages_change_nothing(tmp_path: Path, drawn: Path) -> None:
    """Libraries that have settings of their own, such as polars, are imported before we look."""
    python(STATE + RUN_STAGES + IN_TURN, drawn, tmp_path)
    assert json.loads((tmp_path / "changes.json").read_text()) == {}


@needs("train")
def test_trainings_change_nothing(tmp_path: Path, drawn: Path, tiny_models: dict[str, Path]) -> None:
    """They silence libraries, handle SIGTERM and import rewards of the working folder; afterwards all is as before."""
    (tmp_path / "own_reward.py").write_text("def fair(completions, **_): return [0.5] * len(completions)\n")
    python(STATE + RUN_TRAININGS + IN_TURN, drawn, tmp_path, tiny_models["qwen2_vl"], cwd=tmp_path)
    assert json.loads((tmp_path / "changes.json").read_text()) == {}
    assert (tmp_path / "rl" / "training.json").exists()


def test_variables_of_a_block() -> None:
    os.environ |= {"CXR_TEST_SET": "mine"}
    variables = {"CXR_TEST_SET": "yours", "CXR_TEST_NEW": "new"}
    seen = []
    for override in (False, True):
        with environment(variables, override=override):
            seen.append([os.environ.get(name) for name in variables])
    after = [os.environ.get(name) for name in variables]
    del os.environ["CXR_TEST_SET"]
    assert [*seen, after] == [["mine", "new"], ["yours", "new"], ["mine", None]]


def test_sigterm_ends_a_command_at_once() -> None:
    script = f"{TERMINATE}\nmain(click.Command('look', callback=terminate))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (143, "", "cxr: stopped by SIGTERM\n")


def test_sigterm_calls_back_who_asks_for_it() -> None:
    look = "def look():\n    with on_termination(lambda number: not print('stop')): terminate()\n    terminate()"
    script = f"{TERMINATE}\n{look}\nmain(click.Command('look', callback=look))"
    done = subprocess.run([sys.executable, "-u", "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (143, "stop\nstill here\n", "cxr: stopped by SIGTERM\n")


def test_a_program_of_its_own_keeps_its_handler() -> None:
    script = f"{TERMINATE}\nsignal.signal(signal.SIGTERM, lambda *_: print('own'))"
    script += "\nwith on_termination(lambda number: not print('stop')): terminate()"
    assert python(script) == "own\nstill here\n"


def test_no_plot_uses_what_all_plots_of_a_process_share() -> None:
    sources = {path.name: path.read_text() for path in (ROOT / "cxr_cli").rglob("*.py")}
    assert [name for name, text in sources.items() if "pyplot" in text or "matplotlib.use(" in text] == []


def test_signals_and_variables_are_set_in_one_place_each() -> None:
    """Handlers in `cli.main`; variables in `environment`."""
    sources = {path.relative_to(ROOT / "cxr_cli").as_posix(): path.read_text() for path in ROOT.glob("cxr_cli/**/*.py")}
    handlers = {name for name, text in sources.items() if re.search(r"signal\.(signal|siginterrupt)\(", text)}
    variables = {
        name
        for name, text in sources.items()
        if re.search(r"environ(\[[^\]]+\] = |\.(setdefault|update|pop)\(| \|= )|\bputenv\(", text)
    }
    assert (handlers, variables) == ({"cli.py"}, {"environment.py"})

"""To import `cxr_cli` changes nothing in the process: its settings belong to the command."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
BASE = ("ahocorasick_rs", "click", "jsonlines", "msgspec", "numpy", "PIL.Image", "polars", "pydicom", "tqdm")
EXTRAS = (
    "accelerate",
    "aiohttp",
    "datasets",
    "deepspeed",
    "gdcm",
    "matplotlib",
    "peft",
    "safetensors",
    "swift",
    "torch",
)
EXTRAS += ("transformers", "trl", "vllm", "yaml")

# The modules that come with an extra are made missing, as in a base install. What a base install does import is there
# before we look, for numpy and others have settings of their own.
IMPORT_ALL = """
import gc, importlib, json, logging, os, pkgutil, signal, sys, warnings

base, extras = json.loads(sys.argv[1])

class Missing:
    def find_spec(name, path, target=None):
        if name.partition(".")[0] in extras:
            raise ModuleNotFoundError(name, name=name)

def state():
    loggers = [logging.root, *(one for one in logging.root.manager.loggerDict.values() if hasattr(one, "level"))]
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
        "streams": [os.fstat(number).st_ino for number in range(3)],
    }

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
after = state()
after["loggers"] = {name: kept for name, kept in after["loggers"].items() if name in before["loggers"]}
print(json.dumps([imported, {name: [before[name], after[name]] for name in before if before[name] != after[name]}]))
"""


def python(script: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_to_import_it_changes_nothing() -> None:
    imported, changed = json.loads(python(IMPORT_ALL, json.dumps([BASE, EXTRAS])))
    assert changed == {}
    assert {"cxr_cli.cli", "cxr_cli.rows.flow", "cxr_cli.commands.mine", "cxr_cli.commands.sft"} <= {*imported}
    assert len(imported) > 150


def test_the_settings_of_a_command() -> None:
    """Rows make no cyclic garbage. That Ctrl-C ends a read, polars or not, is in test_ctrl_c."""
    show = "show = lambda: print(gc.get_threshold()[0])"
    script = f"import gc, click; from cxr_cli.cli import main; {show}; main(click.Command('look', callback=show))"
    assert python(script) == "50000\n"

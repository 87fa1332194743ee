"""What both trainings share: rows in, a trainer run and resumed, a folder out that says how it was made."""

import json
import os
import platform
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cxr_cli.errors import CxrError, RowError
from cxr_cli.images import Budget, Films, Square, films_of
from cxr_cli.records import Case
from cxr_cli.rows import Row, for_each_row, note
from cxr_cli.rows.signatures import cxr_version
from cxr_cli.training import distributed
from cxr_cli.training.config import Settings
from cxr_cli.training.data.dataset import Mixture, Rows

_CLAIMED = "CXR_CLAIMED"
LIBRARIES = ("torch", "transformers", "trl", "peft", "accelerate", "deepspeed", "vllm")
PRESETS = tuple(folder / "deepspeed" for folder in (Path(__file__).parents[2] / "recipes", Path(__file__).parent))


@dataclass
class Job:
    """One training, as the command line and the recipe have it.

    sources: files of rows, with their weights if they are mixed. evaluation: a file of rows, or None. settings: as
    `config.check` gives them.
    """

    model: str
    out: Path
    settings: Settings
    sources: Sequence[str]
    weights: Sequence[float] | None = None
    evaluation: str | None = None
    root: Path | None = None
    resume: bool = False
    overwrite: bool = False
    mapping: dict[str, list[str]] = field(default_factory=dict)
    limit: int | None = None

    @property
    def films(self) -> Films:
        size, pixels = self.settings.get("size", 448), self.settings.get("max_pixels")
        return Films(self.root, Budget(pixels) if pixels else Square(size))


def read_rows(job: Job, sources: Sequence[str], usable: Callable[[Row], None]) -> Rows:
    """The rows of some files. usable: raises RowError for a row that cannot be trained on, which stops the run."""
    rows = Rows()
    varied = job.out / "varied.json"
    most = job.settings.get("max_images")
    kept = set(json.loads(varied.read_text())["kept"]) if varied.is_file() else None

    def take(row: Row) -> None:
        if kept is not None and row["id"] not in kept:
            return
        usable(row)
        if most and (films := len(films_of(row))) > most:
            raise RowError("", f"{films} films, and max_images is {most}")
        rows.add(row)

    if "-" in sources and distributed.under_launcher():
        raise CxrError("several processes cannot all read stdin: name a file")
    for_each_row(sources, take, Case, mapping=job.mapping, limit=job.limit)
    rows.done()
    return rows


def mixture(job: Job, usable: Callable[[Row], None]) -> Mixture:
    """All training rows; the digest of the data with them."""
    seed = job.settings.get("seed", 42)
    if job.weights is None:
        return Mixture([read_rows(job, job.sources, usable)], None, seed)
    return Mixture([read_rows(job, [source], usable) for source in job.sources], job.weights, seed)


def arguments(job: Job, kind: Any, defaults: Settings) -> Any:
    """The trainer's arguments: its own defaults, ours, the recipe's. Raises CxrError for values that do not fit."""
    import torch

    from cxr_cli.training.config import OURS

    if (to := job.settings.get("report_to")) in ("tensorboard", "wandb") and not find_spec(to):
        raise CxrError(f"{to} is not installed: pip install {to}")
    gpu = torch.cuda.is_available()
    given = {name: value for name, value in job.settings.items() if name not in OURS}
    usual = {
        "bf16": gpu,
        "gradient_checkpointing": gpu,
        "dataloader_num_workers": min(4, os.cpu_count() or 1) if gpu else 0,
        "disable_tqdm": True,
        "report_to": "none",
        "save_total_limit": 3,
        "remove_unused_columns": False,
        "use_cpu": not gpu,
        "deepspeed": preset(job.settings.get("deepspeed")),
    }
    try:
        return kind(output_dir=str(job.out), **{**usual, **defaults, **given})
    except (ValueError, TypeError) as error:
        raise CxrError(f"the settings do not go together: {str(error).strip().splitlines()[0][:300]}") from error


def preset(name: str | None) -> str | None:
    """The JSON file of a DeepSpeed preset, or the one that is named."""
    if name is None:
        return None
    for folder in PRESETS:
        if (folder / f"{name}.json").is_file():
            return str(folder / f"{name}.json")
    if Path(name).is_file():
        return name
    raise CxrError(f"deepspeed: {name} is neither a file nor one of zero2, zero3, zero2-offload, zero3-offload")


def quieten() -> None:
    """Libraries speak of what they deprecate; the user hears of the training."""
    import logging
    import warnings

    import torch

    if not torch.cuda.is_available():
        os.environ.setdefault("DS_ACCELERATOR", "cpu")
    warnings.filterwarnings("ignore", category=FutureWarning)
    for name in ("datasets", "accelerate", "deepspeed", "DeepSpeed", "trl"):
        logging.getLogger(name).setLevel(logging.ERROR)
    os.environ.setdefault("DATASETS_VERBOSITY", "error")
    os.environ.setdefault("DS_LOG_LEVEL", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def claim(job: Job) -> None:
    """Makes OUT, or refuses one that holds something: once for all processes that this one starts."""
    if distributed.rank() or os.environ.get(_CLAIMED) == str(job.out.absolute()):
        return
    if job.out.exists() and not job.out.is_dir():
        raise CxrError(f"{job.out} is a file: -o names a folder")
    if job.out.is_dir() and any(job.out.iterdir()) and not job.resume:
        if not job.overwrite:
            raise CxrError(f"{job.out} exists: --resume continues it, --overwrite replaces it")
        shutil.rmtree(job.out)
    job.out.mkdir(parents=True, exist_ok=True)
    os.environ[_CLAIMED] = str(job.out.absolute())


def train(trainer: Any, job: Job) -> None:
    """Runs or continues a trainer, then fills OUT. Raises CxrError for what a user can mend."""
    import torch
    from safetensors import SafetensorError
    from transformers import PrinterCallback

    from cxr_cli.training.checkpoints import StopOnSignal, last_checkpoint

    stop = StopOnSignal()
    trainer.add_callback(stop)
    trainer.remove_callback(PrinterCallback)
    checkpoint = last_checkpoint(job.out) if job.resume else None
    if checkpoint and not distributed.rank():
        note(f"continues {checkpoint}")
    try:
        trainer.train(resume_from_checkpoint=checkpoint)
        if not stop.asked:
            trainer.save_model(str(job.out))
            (job.out / "training_args.bin").unlink(missing_ok=True)  # a pickle; training.json says it
    except CxrError as error:  # one from a loader's worker comes with the worker's traceback before it
        raise CxrError(str(error).strip().splitlines()[-1].removeprefix("cxr_cli.errors.CxrError: ")) from error
    except torch.OutOfMemoryError as error:
        raise CxrError(
            "out of memory: lower per_device_train_batch_size (and raise gradient_accumulation_steps), --set size=, or "
            "max_completion_length; or use gradient_checkpointing, lora, deepspeed: zero3"
        ) from error
    except (OSError, SafetensorError, RuntimeError) as error:
        if type(error) is RuntimeError and not re.search("PytorchStreamWriter|inline_container", str(error)):
            raise  # by these words torch says that a disk is full
        last = last_checkpoint(job.out)
        raise CxrError(
            f"{job.out}: {getattr(error, 'strerror', None) or 'could not be written'}; "
            f"{f'{last} is whole, --resume continues it' if last else 'no checkpoint was whole yet'}"
        ) from error
    if stop.asked:
        if not distributed.rank():
            note(f"stopped by SIGTERM after step {trainer.state.global_step}; the same command with --resume goes on")
        sys.exit(143)


def describe(job: Job, stage: str, trainer: Any, data: Mixture) -> None:
    """OUT/README.md, OUT/curves and, once all else is there, OUT/training.json: how this model was made."""
    if not trainer.is_world_process_zero():
        return
    from cxr_cli.training.logs.curves import draw

    made = {
        "stage": stage,
        "model": job.model,
        "command": shlex.join(["cxr", *sys.argv[1:]]),
        "cxr": cxr_version(),
        "libraries": {name: found for name in LIBRARIES if (found := _version(name))},
        "python": platform.python_version(),
        "rows": len(data),
        "data": [str(part.fingerprint) for part in data.parts],
        "steps": trainer.state.global_step,
        "settings": job.settings,
        "arguments": {k: v for k, v in trainer.args.to_dict().items() if v is not None and "token" not in k},
    }
    (job.out / "README.md").write_text(_card(made, trainer))
    draw(job.out)
    (job.out / "training.json").write_text(json.dumps(made, indent=2, default=str) + "\n")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _card(made: dict[str, Any], trainer: Any) -> str:
    last: dict[str, Any] = next((log for log in reversed(trainer.state.log_history) if "train_loss" not in log), {})
    numbers = "\n".join(f"| {k} | {v:.4g} |" for k, v in last.items() if isinstance(v, int | float))
    return f"""# A model trained by `cxr {made["stage"]}`

From `{made["model"]}`, {made["rows"]:,} rows, {made["steps"]:,} steps.
It answers questions on chest X-rays with its reasoning.
**For research. It makes no diagnosis and must not be used for one.**

```sh
{made["command"]}
cxr infer cases.jsonl -m .
```

`training.json` has all settings and versions, `history.jsonl` each log, `curves/` pictures of them. The last log:

| | |
|---|---|
{numbers}

The method is that of Fan et al., ChestX-Reasoner, Communications Medicine 2026, doi 10.1038/s43856-026-01654-y.
"""

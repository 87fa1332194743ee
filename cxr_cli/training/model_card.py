"""How a model was made: OUT/training.json, OUT/README.md and OUT/curves."""

import json
import platform
import shlex
import signal
import sys
from typing import Any

from cxr_cli.extras import installed_versions
from cxr_cli.scoring.tables.markdown import code_span, escape_markdown
from cxr_cli.termination import on_termination
from cxr_cli.training.data.row_store import Mixture
from cxr_cli.training.run_record import COMPLETE_RECORD
from cxr_cli.training.settings.job import Job
from cxr_cli.version import __version__

LIBRARIES = ("torch", "transformers", "trl", "peft", "accelerate", "deepspeed", "vllm")


def write_model_card(job: Job, stage: str, trainer: Any, data: Mixture) -> None:
    """Writes them, on the first rank alone. OUT/training.json comes last: a folder that has it is complete."""
    if trainer.is_world_process_zero():
        with on_termination(lambda number: number != signal.SIGINT):  # a few seconds, after days
            _write_card(job, stage, trainer, data)


def _write_card(job: Job, stage: str, trainer: Any, data: Mixture) -> None:
    from cxr_cli.training.logs.curves import draw_curves

    record = {
        "stage": stage,
        "model": job.model,
        "command": shlex.join(["cxr", *sys.argv[1:]]),
        "cxr": __version__,
        "libraries": installed_versions(*LIBRARIES),
        "python": platform.python_version(),
        "instruction": job.instruction,
        "rows": len(data),
        "data": [str(part.fingerprint) for part in data.parts],
        "steps": trainer.state.global_step,
        "settings": job.settings,
        "arguments": {k: v for k, v in trainer.args.to_dict().items() if v is not None and "token" not in k},
    }
    (job.out / "README.md").write_text(_card_text(record, trainer.state.log_history), "utf-8")
    draw_curves(job.out)
    (job.out / COMPLETE_RECORD).write_text(json.dumps(record, indent=2, default=str) + "\n", "utf-8")


def _card_text(record: dict[str, Any], logs: list[dict[str, Any]]) -> str:
    last_log: dict[str, Any] = next((log for log in reversed(logs) if "train_loss" not in log), {})
    metrics = "\n".join(
        f"| {escape_markdown(k)} | {v:.4g} |" for k, v in last_log.items() if isinstance(v, int | float)
    )
    return f"""# A model trained by `cxr {record["stage"]}`

From {code_span(record["model"])}, {record["rows"]:,} rows, {record["steps"]:,} steps.
It answers questions on chest X-rays and gives its reasoning.
**For research. It makes no diagnosis and must not be used for one.**

```sh
{record["command"]}
cxr infer cases.jsonl -m .
```

`training.json` has all settings and versions, `history.jsonl` every log, `curves/` plots of them. The last log:

| | |
|---|---|
{metrics}

The method is that of Fan et al., ChestX-Reasoner, Communications Medicine 2026, doi 10.1038/s43856-026-01654-y.
"""

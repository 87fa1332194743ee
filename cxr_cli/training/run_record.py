"""OUT/run.json: what a training was begun with. `--resume` goes on with the same, or is refused."""

import json
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

from cxr_cli.engines.model_files import locate
from cxr_cli.engines.model_files.recorded_instruction import RECORD
from cxr_cli.errors import CxrError
from cxr_cli.images import films_of
from cxr_cli.rewards.reward_mix import RewardMix
from cxr_cli.rewards.reward_table import REWARDS
from cxr_cli.rows import note
from cxr_cli.scoring.text_metrics.own_function import code_digest
from cxr_cli.training.data.row_store import sample_of
from cxr_cli.training.data.training_rows import TrainingData
from cxr_cli.training.processes import distributed
from cxr_cli.training.settings.job import Job
from cxr_cli.training.settings.requirements import read_preset
from cxr_cli.version import __version__

RunRecord = dict[str, Any]
COMPLETE_RECORD = "training.json"  # what a training that has come to its end was made of

LENGTH = ("max_steps", "num_train_epochs")
MAY_CHANGE = (  # from one run to the next: how long a training is, and what it writes on its way
    *LENGTH,
    *("save_strategy", "save_steps", "save_total_limit", "logging_strategy", "logging_steps", "logging_first_step"),
    *("eval_strategy", "eval_steps", "eval_cases", "eval_tokens", "report_to", "run_name", "dataloader_num_workers"),
    *("log_completions", "max_sampler_gap"),
)
_ELSEWHERE = ("model", "revision", "instruction", "deepspeed")  # settings that the record has in another form
_IMPLIED = {"films": ("rows", "order of rows"), "model files": ("model",)}  # a change that one of others brings about
BEST = "load_best_model_at_end"


def record_of(job: Job, stage: str, data: TrainingData, rewards: RewardMix | None = None, **more: Any) -> RunRecord:
    """All that decides what a training makes. stage: "sft" or "rl". more: how rewards read reports, and how many
    answers decide which prompts are left out."""
    record: RunRecord = {
        "stage": stage,
        "model": str(Path(job.model).resolve()) if Path(job.model).exists() else job.model,
        "model files": locate(job.model, job.settings.get("revision")).revision,
        "rows": " ".join(str(part.fingerprint) for part in data.rows.parts),
        "order of rows": " ".join(part.order for part in data.rows.parts),
        "films": _films_digest(data, job.root),
        "weights": list(job.weights or ()),
        "processes": distributed.process_count(job.gpus, job.nodes),
        "cxr": __version__,
        "instruction": job.instruction,
        "deepspeed": read_preset(job.settings.get("deepspeed")),
        "settings": {name: value for name, value in job.settings.items() if name not in _ELSEWHERE},
        **more,
    }
    if data.held_out is not None and job.settings.get("metric_for_best_model", job.settings.get(BEST)):
        record["held-out rows"] = str(data.held_out.fingerprint)  # they choose the model that is kept
    if rewards is not None:
        record["settings"]["rewards"] = dict(zip(rewards.functions, rewards.weights, strict=True))
        own = {name: function for name, function in rewards.functions.items() if name not in REWARDS}
        record["code of reward"] = {name: code_digest(function) for name, function in own.items()}
    return json.loads(json.dumps(record, default=str))  # type: ignore[no-any-return]


def _films_digest(data: TrainingData, root: Path | None) -> str:
    """8 hex digits of what the films of a sample of the rows hold; others may have come to lie under their names."""
    digest = blake2b(digest_size=4)
    for row in sample_of(data.rows):
        for path in map(Path(root or "").joinpath, films_of(row)):
            digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()


def write_record(out: Path, record: RunRecord) -> None:
    """Raises CxrError for a disk that is full, .."""
    part = out / f"{RECORD}.part"
    try:
        part.write_text(json.dumps(record, indent=2) + "\n", "utf-8")
        part.replace(out / RECORD)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise CxrError(f"{out / RECORD}: {error.strerror}") from error


def read_record(out: Path) -> RunRecord | None:
    """What the training in OUT was begun with; None where nothing says it. Raises CxrError."""
    path = out / RECORD
    if not path.is_file():
        return None
    try:
        record: RunRecord = json.loads(path.read_text("utf-8"))
        return record if isinstance(record["settings"], dict) else None
    except (ValueError, KeyError, TypeError) as error:
        raise CxrError(f"{path} is damaged: what this training was begun with is not known") from error


def is_begun(out: Path, record: RunRecord) -> bool:
    """Was the training that OUT holds begun with just this?"""
    try:
        return read_record(out) == record
    except CxrError:  # it is being written
        return False


def check_same(out: Path, record: RunRecord) -> None:
    """Raises CxrError if the training in OUT was begun with something else than `record`; reports what may change."""
    before = read_record(out)
    if (stage := (before or _object(out / COMPLETE_RECORD)).get("stage")) not in (None, record["stage"]):
        raise CxrError(f"{out} is a training of `cxr {stage}`: --resume goes on with that alone")
    if before is None:
        _report(f"WARNING: {out} has no {RECORD}: nobody knows whether it was begun with the same rows and settings")
        return
    changes = list(_changes(before, record))
    if refused := [text for name, text in changes if name not in MAY_CHANGE]:
        raise CxrError(f"{out} was begun differently: {'; '.join(refused)}: choose the same, or another -o")
    for _, text in changes:
        _report(f"this training goes on with other settings: {text}")


def _report(text: str) -> None:
    """A note of all processes, from the first."""
    if not distributed.rank():
        note(text)


def is_training(out: Path) -> bool:
    """Does OUT hold a training of `cxr sft` or `cxr rl`, by one of its two records?"""
    return any(_object(out / name).get("stage") in ("sft", "rl") for name in (RECORD, COMPLETE_RECORD))


def is_complete(out: Path) -> bool:
    """Has a training in OUT come to its end, of whatever length?"""
    return bool(_object(out / COMPLETE_RECORD))


def is_finished(out: Path, record: RunRecord) -> bool:
    """Has the training in OUT come to the end that `record` asks for? What it was begun with says less: with another
    length it may have been stopped on its way."""
    complete = _object(out / COMPLETE_RECORD)
    if not (complete and any(out.glob("*.safetensors"))):
        return False
    before, now = complete.get("settings", {}), record["settings"]
    before_steps, steps = before.get(LENGTH[0], -1), now.get(LENGTH[0], -1)
    if max(before_steps, steps) > 0:
        return bool(0 < steps <= complete.get("steps", 0))
    before_epochs, epochs = before.get(LENGTH[1]), now.get(LENGTH[1])
    return bool(epochs == before_epochs or (epochs and before_epochs and epochs < before_epochs))


def _object(path: Path) -> RunRecord:
    """The JSON object in a file; {} without the file, or where writing it was cut off."""
    try:
        content = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(name, "learning_rate (1e-06 before, 2e-06 now)") for all that differ."""
    first, second = dict(_flat(before)), dict(_flat(after))
    names = [name for name in sorted({*first, *second}) if first.get(name) != second.get(name)]
    for name in names:
        if not {*_IMPLIED.get(name, ())} & {*names}:
            yield name, f"{name} ({_display(first.get(name))} before, {_display(second.get(name))} now)"


def _flat(record: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        if isinstance(value, dict):
            yield from _flat(value, "" if name == "settings" else f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _display(value: Any) -> str:
    return "none" if value is None else str(value)

"""The stage `cxr sft`: trains a model on rows and fills its folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cxr_cli.errors import CxrError
from cxr_cli.extras import need
from cxr_cli.library.rules import Rules
from cxr_cli.records import Unmentioned
from cxr_cli.rewards.reward_mix import LEAST_WEIGHT, MOST_WEIGHT, weight_of_text
from cxr_cli.training import sft
from cxr_cli.training.check_and_train import check_and_train
from cxr_cli.training.data.dataset import check_teachable
from cxr_cli.training.plan.plan import plan_sft
from cxr_cli.training.processes.distributed import train_or_launch
from cxr_cli.training.run_record import record_of
from cxr_cli.training.settings.job import Job, TrainingOptions, make_job


@dataclass(frozen=True)
class SftOptions:
    """mix: FILE:WEIGHT, instead of the inputs. evaluation: a file of held-out rows. allow_overlap: they may share ids
    and patients with the rows to train on. unmentioned, lexicon: how the answers to held-out rows are scored."""

    training: TrainingOptions
    mix: Sequence[str] = ()
    evaluation: str | None = None
    allow_overlap: bool = False
    unmentioned: Unmentioned = "normal"
    lexicon: str | None = None


def run(options: SftOptions) -> None:
    """Trains, or prints the plan of a training. Raises CxrError."""
    training, mix = options.training, options.mix
    with need("train"):
        from trl import SFTConfig
    if bool(training.inputs) == bool(mix):
        raise CxrError("name the rows to train on: INPUT, or --mix FILE:WEIGHT ..")
    sources, weights = _parse_mix(mix) if mix else (training.inputs, None)
    job = make_job(
        training,
        SFTConfig,
        sources=sources,
        weights=weights,
        evaluation=options.evaluation,
        allow_overlap=options.allow_overlap,
        lexicon=options.lexicon,
    )
    train(job, Rules(options.lexicon, options.unmentioned), dry_run=training.dry_run)


def train(job: Job, rules: Rules, *, dry_run: bool = False) -> None:
    """Checks all that could stop the training, then fine-tunes the model and fills OUT. rules: how the answers to
    held-out rows are scored. dry_run: prints the plan instead. Raises CxrError."""
    check_and_train(
        job,
        check_row=check_teachable,
        plan=lambda data: plan_sft(job, data),
        record=lambda data: record_of(job, "sft", data),
        train=lambda data, _: train_or_launch(lambda: sft.train(job, data, rules.scorer()), job.gpus, job.nodes),
        dry_run=dry_run,
    )


def _parse_mix(texts: Sequence[str]) -> tuple[list[str], list[float]]:
    """["steps.jsonl:0.5", "qa.jsonl:1"] -> (["steps.jsonl", "qa.jsonl"], [0.5, 1.0]). Raises CxrError."""
    sources: list[str] = []
    weights: list[float] = []
    for text in texts:
        source, _, weight = text.rpartition(":")
        try:
            weights.append(weight_of_text(weight))
        except ValueError:
            weights.append(0.0)
        if not (source and LEAST_WEIGHT <= weights[-1] <= MOST_WEIGHT):
            raise CxrError(f"--mix {text}: not FILE:WEIGHT with a weight from {LEAST_WEIGHT:g} to {MOST_WEIGHT:,}")
        if Path(source).resolve() in map(Path.resolve, map(Path, sources)):
            raise CxrError(f"--mix {text}: this file is named twice; one weight says how often its rows come")
        sources.append(source)
    return sources, weights

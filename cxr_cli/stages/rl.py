"""The stage `cxr rl`: trains a model on rows and fills its folder, or audits the rewards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from cxr_cli.errors import CxrError
from cxr_cli.extras import need
from cxr_cli.findings import Reader
from cxr_cli.library.rules import Rules
from cxr_cli.records import Unmentioned
from cxr_cli.rewards.audit import as_table, audit
from cxr_cli.rewards.functions import use_reader
from cxr_cli.rewards.reward_mix import RewardMix, select
from cxr_cli.rows import Row, note, write_text
from cxr_cli.sources import for_each_row
from cxr_cli.training import rl
from cxr_cli.training.check_and_train import check_and_train
from cxr_cli.training.data.dataset import check_payable
from cxr_cli.training.data.training_rows import TrainingData
from cxr_cli.training.out_folder import KEPT_PROMPTS
from cxr_cli.training.plan.plan import plan_rl
from cxr_cli.training.processes.distributed import train_or_launch
from cxr_cli.training.processes.once import once_for_all
from cxr_cli.training.run_record import RunRecord, is_begun, record_of
from cxr_cli.training.settings.config import read_settings
from cxr_cli.training.settings.job import Job, TrainingOptions, make_job
from cxr_cli.training.settings.values import reward_texts
from cxr_cli.training.variance_filter import filter_prompts, kept_prompts


@dataclass(frozen=True)
class RlOptions:
    """rewards: NAME[:WEIGHT]; they replace the rewards of the settings. audit: try the rewards and train nothing.
    samples: how many answers to each prompt `--filter-variance` compares, None to keep all prompts. rollouts: what
    generates completions; it replaces that of the settings. unmentioned, lexicon: how the rewards read reports."""

    training: TrainingOptions
    rewards: Sequence[str] = ()
    audit: bool = False
    samples: int | None = None
    rollouts: str | None = None
    unmentioned: Unmentioned = "normal"
    lexicon: str | None = None


def run(options: RlOptions) -> None:
    """Trains, prints the plan of a training, or the audit of its rewards. Raises CxrError."""
    if not options.training.inputs:
        raise CxrError("name the rows to train on: INPUT")
    reader = Rules(options.lexicon, options.unmentioned).reader
    with use_reader(reader, options.unmentioned):
        if options.audit:
            _run_audit(options, reader)
        else:
            _run_training(options, reader)


def _run_training(options: RlOptions, reader: Reader) -> None:
    training = options.training
    if options.rollouts:
        training = replace(training, sets=(*training.sets, f"rollouts={options.rollouts}"))
    with need("train"):
        from trl import GRPOConfig
    job = make_job(training, GRPOConfig, sources=training.inputs, lexicon=options.lexicon)
    rewards = select(options.rewards or job.settings.get("rewards") or ())
    reading = {"lexicon": reader.lexicon.digest, "unmentioned": options.unmentioned}
    train(job, rewards, samples=options.samples, dry_run=training.dry_run, reading=reading)


def train(
    job: Job,
    rewards: RewardMix,
    *,
    samples: int | None = None,
    dry_run: bool = False,
    reading: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Checks all that could stop the training, then trains the model by its rewards and fills OUT.

    samples: of `--filter-variance`. dry_run: prints the plan instead. reading: how the rewards read reports, for the
    record of the run. Raises CxrError.
    """

    def train_on(data: TrainingData, record: RunRecord) -> None:
        if samples is not None:
            kept_file = job.out / KEPT_PROMPTS
            once_for_all(
                lambda: filter_prompts(job, data, rewards, samples),
                lambda: is_begun(job.out, record) and kept_file.is_file(),
                sign=kept_file.with_suffix(".working"),
            )
        prompts = kept_prompts(job, data, samples)
        train_or_launch(lambda: rl.train(job, prompts, rewards), job.gpus, job.nodes)

    check_and_train(
        job,
        check_row=check_payable,
        plan=lambda data: plan_rl(job, kept_prompts(job, data, samples) if job.resume else data, rewards),
        record=lambda data: record_of(job, "rl", data, rewards, filter_variance=samples, **reading),
        train=train_on,
        dry_run=dry_run,
    )


def _rewards_of_settings(options: TrainingOptions) -> list[str]:
    """The rewards that `--config` and `--set` name; [] where neither does. Raises CxrError."""
    if not (options.config or options.sets):
        return []
    setting = read_settings(options.config, options.sets).get("rewards")
    return reward_texts(setting.value, setting.where) if setting else []


def _run_audit(options: RlOptions, reader: Reader) -> None:
    """Prints what the rewards pay for the chains of the rows, and for cheats. CxrError: a cheat is paid as well."""
    rewards = select(options.rewards or _rewards_of_settings(options.training))
    rows: list[Row] = []
    for_each_row(options.training.inputs, rows.append, mapping=options.training.mapping, limit=options.training.limit)
    result = audit(rows, rewards, reader)
    write_text(as_table(result))
    if result.failed:
        raise CxrError(f"these cheats earn as much as the honest chains: {', '.join(result.failed)}")
    note("no cheat earns as much as the honest chains")

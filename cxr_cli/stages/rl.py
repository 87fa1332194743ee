"""The stage `cxr rl`: rows in, a model's folder out; or the audit of its rewards."""

import sys
from collections.abc import Mapping, Sequence

from cxr_cli.errors import CxrError
from cxr_cli.extras import need
from cxr_cli.findings import Lexicon, reader
from cxr_cli.findings.agreement import Unmentioned
from cxr_cli.rewards.audit import as_table
from cxr_cli.rewards.audit import audit as audit_rewards
from cxr_cli.rewards.functions import use_lexicon
from cxr_cli.rewards.selection import select
from cxr_cli.rows import Row, for_each_row, note, write_text
from cxr_cli.training import distributed, rl
from cxr_cli.training.logs.libraries import quiet_libraries
from cxr_cli.training.out_folder import make_out_folder
from cxr_cli.training.plan.plan import plan_rl
from cxr_cli.training.settings.job import TrainingOptions, make_job
from cxr_cli.training.variance_filter import filter_prompts


def run(
    options: TrainingOptions,
    *,
    rewards: Sequence[str] = (),
    samples: int | None = None,
    unmentioned: Unmentioned = "normal",
    lexicon: str | None = None,
) -> None:
    """Trains, or prints the plan with `options.dry_run`. Raises CxrError.

    rewards: NAME[:WEIGHT], before those of the settings. samples: answers of each prompt by which `--filter-variance`
    chooses prompts, None to keep all. unmentioned, lexicon: how the rewards read reports.
    """
    _check_inputs(options.inputs)
    use_lexicon(Lexicon.load(lexicon), unmentioned)
    with need("train"):
        from trl import GRPOConfig
    quiet_libraries()
    job = make_job(options, GRPOConfig, sources=options.inputs)
    selected = select(rewards or job.settings.get("rewards") or ())
    if options.dry_run:
        write_text(plan_rl(job, selected, options.gpus, options.nodes))
        return
    make_out_folder(job)
    if samples is not None:
        filter_prompts(job, selected, samples)
    if distributed.needs_launch(options.gpus, options.nodes):
        distributed.launch(sys.argv[1:], options.gpus, options.nodes)
    else:
        rl.train(job, selected)


def audit(
    inputs: Sequence[str],
    *,
    rewards: Sequence[str] = (),
    unmentioned: Unmentioned = "normal",
    lexicon: str | None = None,
    mapping: Mapping[str, Sequence[str]] | None = None,
    limit: int | None = None,
) -> None:
    """Prints what the rewards pay for the chains of the rows, and for cheats. CxrError: a cheat is paid as well."""
    _check_inputs(inputs)
    loaded = Lexicon.load(lexicon)
    use_lexicon(loaded, unmentioned)
    selected = select(rewards)
    rows: list[Row] = []

    for_each_row(inputs, rows.append, mapping=mapping, limit=limit)
    result = audit_rewards(rows, selected, reader(loaded))
    write_text(as_table(result))
    if result.failed:
        raise CxrError(f"{len(result.failed)} cheats are paid as well as the honest chains: {', '.join(result.failed)}")
    note("no cheat is paid as well as the honest chains")


def _check_inputs(inputs: Sequence[str]) -> None:
    if not inputs:
        raise CxrError("name the rows to train on: INPUT")

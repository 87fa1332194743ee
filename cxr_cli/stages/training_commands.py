"""From what was typed to a training: settings read and checked, processes started, the stage run."""

import sys
from collections.abc import Sequence
from typing import Any

from cxr_cli.errors import CxrError
from cxr_cli.extras import need
from cxr_cli.findings import Lexicon, reader
from cxr_cli.findings.agreement import Unmentioned
from cxr_cli.rewards import using
from cxr_cli.rewards.audit import as_table
from cxr_cli.rewards.audit import audit as pay
from cxr_cli.rewards.selection import Selected, select
from cxr_cli.rows import Row, for_each_row, note, write_text
from cxr_cli.training import config, distributed, run
from cxr_cli.training.run import Job


def sft(
    inputs: Sequence[str],
    mix: Sequence[str],
    evaluation: str | None,
    given: dict[str, Any],
    *,
    config: str | None,
    sets: Sequence[str],
    gpus: int,
    nodes: int,
    dry_run: bool,
) -> None:
    """`cxr sft`."""
    with need("train"):
        from trl import SFTConfig
    if bool(inputs) == bool(mix):
        raise CxrError("name the rows to train on: INPUT, or --mix FILE:WEIGHT ..")
    sources, weights = _mixed(mix) if mix else (inputs, None)
    job = _job(given, config, sets, SFTConfig, sources=sources, weights=weights, evaluation=evaluation)
    if dry_run:
        from cxr_cli.training.plan.plan import plan_sft

        write_text(plan_sft(job, gpus, nodes))
    elif _started(job, gpus, nodes):
        from cxr_cli.training import sft

        sft.train(job)


def rl(
    inputs: Sequence[str],
    rewards: Sequence[str],
    audit: bool,
    given: dict[str, Any],
    *,
    samples: int | None,
    unmentioned: Unmentioned,
    lexicon: str | None,
    config: str | None,
    sets: Sequence[str],
    gpus: int,
    nodes: int,
    dry_run: bool,
) -> None:
    """`cxr rl`."""
    if not inputs:
        raise CxrError("name the rows to train on: INPUT")
    known = Lexicon.load(lexicon)
    using(known, unmentioned)
    if audit:
        _audit(inputs, select(rewards), known, given)
        return
    with need("train"):
        from trl import GRPOConfig
    job = _job(given, config, sets, GRPOConfig, sources=inputs)
    chosen = select(rewards or job.settings.get("rewards") or ())
    if dry_run:
        from cxr_cli.training.plan.plan import plan_rl

        write_text(plan_rl(job, chosen, gpus, nodes))
        return
    if samples is not None:
        from cxr_cli.training.variance_filter import find_varied

        run.claim(job)
        find_varied(job, chosen, samples)
    if _started(job, gpus, nodes):
        from cxr_cli.training import rl

        rl.train(job, chosen)


def _job(given: dict[str, Any], path: str | None, sets: Sequence[str], kind: type, **more: Any) -> Job:
    run.quieten()
    settings = config.check(config.read(path, sets), kind, path or "--set")
    model = given.pop("model") or settings.get("model")
    if not model:
        raise CxrError("name the model to train: -m MODEL, or `model:` in the recipe")
    if not given["out"]:
        raise CxrError("name the folder of the trained model: -o OUT")
    return Job(model=model, settings=settings, **given, **more)


def _mixed(texts: Sequence[str]) -> tuple[list[str], list[float]]:
    sources, weights = [], []
    for text in texts:
        source, colon, weight = text.rpartition(":")
        try:
            weights.append(float(weight))
        except ValueError:
            colon = ""
        if not (colon and source and weights[-1] > 0):
            raise CxrError(f"--mix {text}: not FILE:WEIGHT with a weight above 0")
        sources.append(source)
    return sources, weights


def _started(job: Job, gpus: int, nodes: int) -> bool:
    """True in a process that is to train; several are started first if they are asked for, and not there yet."""
    run.claim(job)
    if gpus * nodes == 1 or distributed.under_launcher(nodes):
        return True
    code = distributed.start(sys.argv[1:], gpus, nodes)
    if code:
        sys.exit(code)
    return False


def _audit(inputs: Sequence[str], chosen: Selected, lexicon: Lexicon, given: dict[str, Any]) -> None:
    rows: list[Row] = []
    for_each_row(inputs, rows.append, mapping=given["mapping"], limit=given["limit"])
    done = pay(rows, chosen, reader(lexicon))
    write_text(as_table(done))
    if done.failed:
        raise CxrError(f"{len(done.failed)} cheats are paid as well as the honest chains: {', '.join(done.failed)}")
    note("no cheat is paid as well as the honest chains")

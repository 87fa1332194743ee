"""The stage `cxr mine`: studies in, cases out, their steps by rules or by a model."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from cxr_cli.engines.spec import Spec
from cxr_cli.mining.cases import Miner, mine_rows
from cxr_cli.mining.near_duplicates import without_near_duplicates
from cxr_cli.mining.selection import sample_per_finding, with_films, without_patients_of
from cxr_cli.rows import Flow, Row, note


def run(flow: Flow, miner: Miner, spec: Spec | None, *, count: int | None, balance: bool, **passed: Any) -> None:
    """spec: the model that writes the steps, None for rules. count, balance: as `sample_per_finding` has them. passed:
    which studies are passed on, as `_passed` has it."""
    ask = partial(sample_per_finding, miner, count, balance=balance) if count else partial(mine_rows, miner)

    def cases(rows: Iterable[Row]) -> Iterator[Row]:
        return ask(_passed(rows, **passed), reject=flow.reject)

    if spec is None:
        flow.pipe(cases)
    else:
        from cxr_cli.engines.prompts.structured import open_model
        from cxr_cli.mining.llm import write_steps

        with open_model(spec, miner.seed) as model:
            flow.pipe(lambda rows: write_steps(cases(rows), model, miner))
    if miner.silent:
        note(f"{miner.silent} studies gave no question")


def _passed(rows: Iterable[Row], *, films: bool, others: Sequence[str], dedupe: bool) -> Iterable[Row]:
    """films: only studies that have one. others: files whose patients are left out. dedupe: only the first study of
    those with nearly the same report."""
    rows = with_films(rows) if films else rows
    rows = without_patients_of(others, rows) if others else rows
    return without_near_duplicates(rows) if dedupe else rows

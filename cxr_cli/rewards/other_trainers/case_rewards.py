"""The rewards of one response, as trainers need them that score one at a time."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from cxr_cli.errors import CxrError
from cxr_cli.rewards.functions import is_case_column
from cxr_cli.rewards.reward_mix import RewardMix
from cxr_cli.rewards.reward_table import DEFAULT_WEIGHTS, REWARDS


class CaseRewards(NamedTuple):
    """total: the weighted sum. by_name: every reward of the table, whatever its weight, so that all responses have the
    same names; NaN where a reward does not apply to the case, which adds nothing to the sum."""

    total: float
    by_name: dict[str, float]


def case_rewards(response: str, case: str | Mapping[str, Any] | None) -> CaseRewards:
    """case: a row as an object, whose lists may be numpy arrays, or as JSON. Its `weights`, {"format": 1, ..}, stand
    for the defaults of `cxr rl`. Raises CxrError for anything else."""
    row = _as_row(case)
    weights = row.get("weights") or DEFAULT_WEIGHTS
    columns = {name: value for name, value in row.items() if is_case_column(name)}
    text = json.dumps(columns, default=lambda array: array.tolist())
    functions = {name: REWARDS.load(name) for name in [*REWARDS, *weights]}
    mix = RewardMix(functions, [weights.get(name, 0.0) for name in functions])
    values = mix.pay([response], {"case": [text]})
    return CaseRewards(float(mix.total(values)[0]), {name: float(array[0]) for name, array in values.items()})


def _as_row(case: str | Mapping[str, Any] | None) -> dict[str, Any]:
    try:
        row = json.loads(case) if isinstance(case, str) else case
    except ValueError:  # such as a label that is the answer alone
        row = None
    if not isinstance(row, Mapping):
        raise CxrError("rewards need the case of a response: a whole row of `cxr mine`, as an object or as JSON")
    return dict(row)

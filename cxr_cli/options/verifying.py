"""What `cxr verify` checks, and what it drops."""

from collections.abc import Sequence
from typing import get_args

import click

from cxr_cli.engines import Spec
from cxr_cli.options.judge import check_judges
from cxr_cli.options.values import FiniteRange
from cxr_cli.records import Chains
from cxr_cli.verifying.filtering import Keep
from cxr_cli.verifying.judges.step_judge_table import STEP_JUDGES


def check_flags(judges: Sequence[str], engine: Spec | None, human: str | None) -> None:
    """UsageError for flags that do not go together."""
    check_judges(judges, STEP_JUDGES, engine)
    if human and len(judges) > 1:
        one = " or ".join(f"--judge {name}" for name in STEP_JUDGES)
        raise click.UsageError(f"--human goes with one judge: give {one}.")


step_flags = (
    click.option(
        "--keep",
        type=click.Choice(get_args(Keep)),
        default="steps",
        show_default=True,
        help="Drop bad steps, drop cases that have any, or drop nothing and only annotate.",
    ),
    click.option(
        "--min-support",
        type=FiniteRange(0, 1),
        metavar="X",
        help="Drop cases (or predictions) whose support is below X.",
    ),
    click.option(
        "--on",
        type=click.Choice(get_args(Chains)),
        default="steps",
        show_default=True,
        help="Check the steps of the case, or a model's reasoning in its predictions.",
    ),
    click.option(
        "--human",
        type=click.Path(exists=True, dir_okay=False),
        metavar="FILE",
        help="Marks from a page of `cxr view`: they override the judge, whose verdict is kept as `second`.",
    ),
)
explain = click.option("--explain", is_flag=True, help="Print each step with its verdict and the reason on stderr.")

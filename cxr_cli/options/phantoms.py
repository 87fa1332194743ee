"""What `cxr phantom` draws."""

from collections.abc import Sequence

import click

from cxr_cli.findings import Lexicon
from cxr_cli.findings.name_lists import parse_findings
from cxr_cli.options.bundle import Bundle
from cxr_cli.options.values import FiniteRange
from cxr_cli.phantoms import PHANTOM_FINDINGS
from cxr_cli.phantoms.film.styles import STYLES

PROBABILITY = FiniteRange(0, 1)


def _parsed_findings(context: click.Context, parameter: click.Parameter, text: str | None) -> Sequence[str]:
    names = parse_findings(text, Lexicon.load()) if text else [*PHANTOM_FINDINGS]
    if undrawn := [name for name in names if name not in PHANTOM_FINDINGS]:
        raise click.UsageError(f"--findings {undrawn[0]}: cannot be drawn; there are {', '.join(PHANTOM_FINDINGS)}.")
    return tuple(names)


recipe = Bundle(
    "recipe",
    "cxr_cli.phantoms:Recipe",
    click.option(
        "--seed", type=click.IntRange(0), default=0, show_default=True, help="The same seed gives the same studies."
    ),
    click.option(
        "--priors", type=PROBABILITY, default=0.2, show_default=True, help="Share of studies with a prior film."
    ),
    click.option(
        "--prevalence", type=PROBABILITY, default=0.5, show_default=True, help="Share of films with 1 to 4 findings."
    ),
    click.option(
        "--each", type=PROBABILITY, metavar="P", help="Instead of --prevalence: draw each finding with probability P."
    ),
    click.option(
        "--findings",
        metavar="LIST",
        callback=_parsed_findings,
        help="Draw only these: `edema,nodule`.  [default: all that can be drawn]",
    ),
    click.option(
        "--look",
        "style",
        type=click.Choice(["mixed", *STYLES]),
        default="mixed",
        show_default=True,
        help="The style of the films: that of one imaginary hospital, or mixed.",
    ),
)
